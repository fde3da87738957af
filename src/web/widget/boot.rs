//! The widget's first call: what the agent looks like, a session, and the conversation that goes on.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::agent::{Agent, GREETING_DEFAULT};
use crate::domain::conversation::Transcript;
use crate::domain::id::{AgentId, Identifier};
use crate::domain::input::{Fields, line};
use crate::domain::page::visited;
use crate::domain::time::MINUTE_MS;
use crate::limits::Window;
use crate::web::App;
use crate::web::body::object;
use crate::web::error::{ApiError, Result};
use crate::web::extract::Json;
use crate::web::trial::Trial;
use crate::web::widget::installations;
use crate::web::widget::session::{Sent, Session, active_agent};
use crate::web::widget::view::{MessageView, OperatorView};

const LOCALE_BYTES_MAX: usize = 35;

#[derive(Serialize)]
pub struct Booted {
    agent: AgentView,
    session: String,
    visitor_id: String,
    conversation_id: Option<String>,
    history: Vec<MessageView>,
    /// Who of the team has taken over, if anyone.
    operator: Option<OperatorView>,
}

#[derive(Serialize)]
struct AgentView {
    id: String,
    name: String,
    greeting: String,
    /// Nobody has changed the greeting, so that the widget says it in the visitor's language.
    default_greeting: bool,
    color: String,
    suggestions: Vec<String>,
    lead_form: LeadForm,
    disclosure: bool,
    position: String,
    offset_x: u64,
    offset_y: u64,
    theme: String,
    launcher_text: String,
    proactive_after_seconds: u64,
    hide_on: Vec<String>,
    /// Texts that are to be others than the widget's own, by locale and name.
    texts: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Serialize)]
struct LeadForm {
    fields: Vec<String>,
    rule: String,
    after_messages: u64,
    consent_text: String,
    consent_url: String,
}

pub async fn create(State(app): State<App>, sent: Sent) -> Result<Json<Booted>> {
    let most = app.config.widget.boots_per_address_10min;
    app.limit_from("boot", sent.address, &[Window { limit: most, span_ms: 10 * MINUTE_MS }])?;
    let body = object(&sent.body)?;
    let id = agent_id(&body)?;
    let agent = active_agent(&app, id, &sent.headers).await?;
    let before = body.get("session").and_then(Value::as_str).and_then(|token| Session::open(&app, token));
    let before = before.filter(|session| session.agent == agent.id);
    // Before the session is signed: it is readable, and what it names goes to conversations, events and exports.
    let seen = |name: &str| visited(body.get(name)?.as_str()?, &agent.appearance.page_parameters);
    let session = Session {
        agent: agent.id.clone(),
        visitor: before.map_or_else(|| app.world.fresh(), |session| session.visitor),
        opened_at: app.world.now(),
        page_url: seen("page_url"),
        referrer: seen("referrer"),
        locale: locale(&body),
        trial: body.get("trial").and_then(Value::as_str).and_then(|token| Trial::open(&app, token, &agent.id)),
    };
    if session.trial.is_none() {
        installations::note(&app, &agent, &sent, &session).await?;
    }
    let idle_before = app.world.now().plus_ms(-app.config.inactivity_ms());
    let open = app.store.open_conversation(agent.account.clone(), agent.id.clone(), session.visitor.clone(), idle_before).await?;
    Ok(Json(Booted::new(&app, agent, &session, open)))
}

/// As pages and browsers write it, `de` or `pt-BR`; what is none is left out, for a page may say anything.
fn locale(body: &Map<String, Value>) -> Option<String> {
    let locale = body.get("locale")?.as_str()?;
    let is_tag =
        locale.len() <= LOCALE_BYTES_MAX && locale.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_tag.then(|| locale.to_owned())
}

fn agent_id(body: &Map<String, Value>) -> Result<AgentId> {
    let mut fields = Fields::new(body);
    let text = fields.required_text("agent_id", &line(1..=100));
    fields.finish()?;
    AgentId::parse(&text).ok_or_else(ApiError::agent_not_found)
}

impl AgentView {
    fn new(agent: Agent) -> Self {
        let look = agent.appearance;
        Self {
            id: agent.id.to_string(),
            name: agent.name,
            default_greeting: agent.greeting == GREETING_DEFAULT,
            greeting: agent.greeting,
            color: agent.color,
            suggestions: look.suggestions,
            lead_form: LeadForm {
                fields: look.lead_fields,
                rule: look.lead_rule,
                after_messages: look.lead_after_messages,
                consent_text: look.consent_text,
                consent_url: look.consent_url,
            },
            disclosure: look.disclosure,
            position: look.position,
            offset_x: look.offset_x,
            offset_y: look.offset_y,
            theme: look.theme,
            launcher_text: look.launcher_text,
            proactive_after_seconds: look.proactive_after_seconds,
            hide_on: look.hide_on,
            texts: look.texts,
        }
    }
}

impl Booted {
    fn new(app: &App, agent: Agent, session: &Session, open: Option<Transcript>) -> Self {
        let conversation_id = open.as_ref().map(|t| t.conversation.id.to_string());
        let operator = open.as_ref().and_then(|t| t.conversation.claimed.clone());
        let messages = open.map(|t| t.messages).unwrap_or_default();
        Self {
            agent: AgentView::new(agent),
            session: session.token(app),
            visitor_id: session.visitor.to_string(),
            conversation_id,
            history: messages.into_iter().map(MessageView::new).collect(),
            operator: operator.map(|operator| OperatorView { name: operator.name }),
        }
    }
}
