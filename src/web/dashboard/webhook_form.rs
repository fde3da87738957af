//! The fields of a webhook, as its two forms show them and as the API would have got them.

use serde_json::{Map, Value};

use crate::domain::Invalid;
use crate::domain::agent::Agent;
use crate::domain::webhook::{EventType, Webhook};
use crate::web::App;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::session::{Fields, SignedIn};
use crate::web::error::ApiError;
use crate::web::webhooks::UNPROVEN;

/// The values of `POST /webhooks` and `POST /webhooks/{id}`; ticked boxes arrive as repeated `event` fields.
pub struct WebhookForm {
    pub url: String,
    pub events: Vec<EventBox>,
    /// All of the account's agents; none chosen means all of them.
    pub agents: Vec<AgentChoice>,
    pub errors: Errors,
}

pub struct EventBox {
    pub value: &'static str,
    pub about: &'static str,
    pub checked: bool,
}

pub struct AgentChoice {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

impl WebhookForm {
    pub fn fresh(agents: &[Agent]) -> Self {
        Self::new("", |kind| kind == EventType::LeadCaptured, agents, None, Errors::default())
    }

    pub fn of(webhook: &Webhook, agents: &[Agent]) -> Self {
        let agent = webhook.agent.as_ref().map(|id| id.as_str());
        Self::new(&webhook.url, |kind| webhook.events.contains(&kind), agents, agent, Errors::default())
    }

    /// As it was sent.
    pub fn sent(fields: &Fields, agents: &[Agent], errors: Errors) -> Self {
        let ticked: Vec<&str> = fields.all("event").collect();
        Self::new(fields.text("url"), |kind| ticked.contains(&kind.as_str()), agents, Some(fields.text("agent")), errors)
    }

    fn new(url: &str, wanted: impl Fn(EventType) -> bool, agents: &[Agent], agent: Option<&str>, errors: Errors) -> Self {
        let events = EventType::ALL.map(|kind| EventBox { value: kind.as_str(), about: about(kind), checked: wanted(kind) });
        let choice =
            |one: &Agent| AgentChoice { id: one.id.to_string(), name: one.name.clone(), chosen: agent == Some(one.id.as_str()) };
        Self { url: url.to_owned(), events: events.into(), agents: agents.iter().map(choice).collect(), errors }
    }
}

/// The fields under the API's names.
pub fn object(fields: &Fields) -> Map<String, Value> {
    let mut body = fields.object(&[("url", "url")]);
    body.insert("events".into(), fields.all("event").collect::<Vec<_>>().into());
    let agent = Some(fields.text("agent")).filter(|id| !id.is_empty());
    body.insert("agent_id".into(), agent.into());
    body
}

/// The failures of the values, under the form's names.
pub fn refused(failures: Vec<Invalid>) -> Errors {
    let named = failures.into_iter().map(|failure| match failure.field.as_str() {
        "agent_id" => Invalid::new("agent", failure.message),
        "events" => Invalid::new("event", "choose at least one event"),
        events if events.starts_with("events[") => Invalid::new("event", failure.message),
        _ => failure,
    });
    Errors(named.collect())
}

/// What the form can say of a failure; the others have a page of their own.
pub fn shown(error: ApiError) -> std::result::Result<Errors, ApiError> {
    match error.code {
        UNPROVEN => Ok(Errors(vec![Invalid::new("url", error.message)])),
        "agent_not_found" => Ok(Errors(vec![Invalid::new("agent", "this agent does not exist")])),
        "conflict" | "rate_limited" => Ok(Errors::whole(error.message)),
        _ => Err(error),
    }
}

pub async fn agents(app: &App, member: &SignedIn) -> Result<Vec<Agent>> {
    Ok(app.store.agents(member.0.account.id.clone()).await?)
}

const fn about(kind: EventType) -> &'static str {
    match kind {
        EventType::LeadCaptured => "A visitor left contact details",
        EventType::ConversationCompleted => "A conversation ended",
        EventType::LimitReached => "An agent reached its monthly conversation limit",
        EventType::Installed => "The widget was loaded on a site for the first time",
        EventType::PaymentReceived => "A payment for this account arrived",
        EventType::Test => "Sent on request",
    }
}
