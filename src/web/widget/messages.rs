//! A visitor's message, and the answer: as a stream while it is written, or whole.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::answer::model::{Interrupt, Reason};
use crate::answer::{Finished, Progress, Refused, Watched};
use crate::domain::conversation::{CLIENT_ID_CHARS_MAX, MESSAGE_CHARS_MAX};
use crate::domain::id::AccountId;
use crate::domain::input::{Fields, line, lines};
use crate::domain::lead::LeadDetails;
use crate::domain::time::{DAY_MS, MINUTE_MS};
use crate::limits::Window;
use crate::limits::fair::{self, Room};
use crate::limits::network::widest;
use crate::storage::{VisitorMessage, Writers};
use crate::web::App;
use crate::web::error::{ApiError, Result};
use crate::web::extract::Json;
use crate::web::live::TeamNews;
use crate::web::trial::Trial;
use crate::web::widget::leads;
use crate::web::widget::session::{PING, Visit};
use crate::web::widget::view::{MessageView, sources};

#[derive(Serialize)]
struct Done {
    /// None where a person has taken over and will answer.
    message: Option<MessageView>,
    conversation_id: Option<String>,
    lead_form: bool,
    lead_captured: bool,
    suggestions: Vec<String>,
}

pub async fn create(State(app): State<App>, visit: Visit) -> Result<Response> {
    let writers = check_limits(&app, &visit)?;
    let whole = wants_json(&visit.headers);
    let message = message_of(&app, visit, writers).await?;
    let account = message.agent.account.clone();
    let mut watched = app.answerer.answer(message).map_err(|refused| match refused {
        Refused::StillAnswering => ApiError::conflict("Your last message is still being answered."),
        Refused::Full => ApiError::unavailable(),
    })?;
    watched.progress = told_to_team(&app, account, watched.progress);
    if whole { finish(watched.progress).await } else { Ok(stream(watched)) }
}

/// Passes on what happens, and tells the team of it, also where the visitor does not wait for the answer.
fn told_to_team(app: &App, account: AccountId, mut progress: UnboundedReceiver<Progress>) -> UnboundedReceiver<Progress> {
    let (pass_on, passed) = unbounded_channel();
    let live = app.live.clone();
    tokio::spawn(async move {
        while let Some(step) = progress.recv().await {
            if let Progress::Begun { conversation, .. } | Progress::Done(Finished { conversation, .. }) = &step
                && let Some(conversation) = conversation
            {
                live.tell_team(&account, TeamNews::Changed(conversation.clone()));
            }
            // An error means that nobody watches any more.
            let _ = pass_on.send(step);
        }
    });
    passed
}

/// Who may write the answer, if there is to be one.
fn check_limits(app: &App, visit: &Visit) -> Result<Writers> {
    if visit.session.trial == Some(Trial::Preview) {
        return Ok(Writers::ModelsToo);
    }
    let limits = &app.config.widget;
    let per = |limit, span_ms| Window { limit, span_ms };
    app.limit(
        "message",
        visit.session.visitor.as_str(),
        &[per(limits.messages_per_visitor_minute, MINUTE_MS), per(limits.messages_per_visitor_day, DAY_MS)],
    )?;
    app.limit_from("message", visit.address, &[per(limits.messages_per_address_10min, 10 * MINUTE_MS)])?;
    if !app.config.testing.public_limits {
        return Ok(Writers::ModelsToo);
    }
    let (common, network) = (format!("message:{}", visit.agent.id), widest(visit.address.0));
    let window = per(limits.messages_per_agent_minute, MINUTE_MS);
    let admitted = fair::admit(&app.strangers, &common, network, app.world.instant_ms(), window);
    let room = admitted.map_err(|verdict| ApiError::rate_limited(verdict.retry_after_seconds()))?;
    Ok(if room == Room::Within && has_models_left(app, visit) { Writers::ModelsToo } else { Writers::KnowledgeAlone })
}

/// A network that has used up its part of the day's answers by models leaves the others theirs.
fn has_models_left(app: &App, visit: &Visit) -> bool {
    let most = app.config.answers.model_answers_per_agent_day;
    let who = format!("{}:{}", visit.agent.id, widest(visit.address.0));
    let part = fair::part(most.max(fair::LITTLE));
    most == 0 || app.limit("model", &who, &[Window { limit: part, span_ms: DAY_MS }]).is_ok()
}

async fn message_of(app: &App, visit: Visit, writers: Writers) -> Result<VisitorMessage> {
    let mut fields = Fields::new(&visit.body);
    let content = fields.required_text("content", &lines(1..=MESSAGE_CHARS_MAX));
    let client_id = fields.text("client_id", &line(1..=CLIENT_ID_CHARS_MAX));
    fields.finish()?;
    let account = app.store.account(visit.agent.account.clone()).await?;
    let lead = lead_in(app, &visit, &content).await?;
    Ok(VisitorMessage {
        plan: app.plan_of(&account),
        agent: visit.agent,
        visitor: visit.session.visitor,
        opened_at: visit.session.opened_at,
        content,
        client_id,
        page_url: visit.session.page_url,
        referrer: visit.session.referrer,
        user_agent: visit.user_agent,
        locale: visit.session.locale,
        inactivity_ms: app.config.inactivity_ms(),
        writers,
        trial: visit.session.trial.is_some(),
        lead,
        kept: None,
    })
}

/// The contact details in a message. Past the limit of leads they are none: the message is kept and answered all the same.
async fn lead_in(app: &App, visit: &Visit, content: &str) -> Result<Option<LeadDetails>> {
    let Some(details) = LeadDetails::in_message(content) else { return Ok(None) };
    match leads::take_place(app, visit, &details).await {
        Ok(()) => Ok(Some(details)),
        Err(error) if error.status == StatusCode::TOO_MANY_REQUESTS => Ok(None),
        Err(error) => Err(error),
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/event-stream")
}

async fn finish(mut progress: UnboundedReceiver<Progress>) -> Result<Response> {
    while let Some(step) = progress.recv().await {
        match step {
            Progress::Done(finished) => return Ok(Json(Done::new(finished)).into_response()),
            Progress::Failed(error) => return Err(error.into()),
            _ => {}
        }
    }
    // The answering thread panicked; the question is kept and can be sent again.
    Err(ApiError::internal())
}

fn stream(Watched { progress, interrupt }: Watched) -> Response {
    let reader = Reader(interrupt);
    let events = UnboundedReceiverStream::new(progress).map(move |step| {
        let _still_there = &reader;
        Ok::<_, Infallible>(event(step))
    });
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    (StatusCode::OK, headers, Sse::new(events).keep_alive(KeepAlive::new().interval(PING))).into_response()
}

/// Goes with the connection: what a model writes for nobody costs money all the same. After the end it says nothing.
struct Reader(Interrupt);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.set(Reason::Left);
    }
}

fn event(step: Progress) -> Event {
    let (name, data) = match step {
        Progress::Begun { conversation, question } => {
            let conversation_id = conversation.map(|id| id.to_string());
            ("start", json!({ "conversation_id": conversation_id, "user_message": MessageView::new(question) }))
        }
        Progress::Delta(text) => ("delta", json!({ "text": text })),
        Progress::Sources(found) => ("sources", json!({ "sources": sources(found) })),
        Progress::Done(finished) => ("done", json!(Done::new(finished))),
        Progress::Failed(error) => ("error", json!({ "error": ApiError::from(error).inner() })),
    };
    Event::default().event(name).data(data.to_string())
}

impl Done {
    fn new(finished: Finished) -> Self {
        Self {
            message: finished.message.map(MessageView::new),
            conversation_id: finished.conversation.map(|id| id.to_string()),
            lead_form: finished.lead_form,
            lead_captured: finished.lead_captured,
            suggestions: finished.suggestions,
        }
    }
}
