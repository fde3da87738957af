//! News for an open widget: what operators do in the conversation, that its agent has stopped answering, or that the
//! server is going down.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::agent::Agent;
use crate::domain::conversation::Author;
use crate::domain::id::{Identifier, MessageId};
use crate::domain::operator::Claimed;
use crate::domain::time::Time;
use crate::limits::held::Held;
use crate::web::App;
use crate::web::client::ClientAddress;
use crate::web::error::{ApiError, Result};
use crate::web::gate::bearer;
use crate::web::live::VisitorNews;
use crate::web::stopped;
use crate::web::widget::limit_acts;
use crate::web::widget::session::{PING, Session, answering_agent, no_session};
use crate::web::widget::view::{MessageView, OperatorView};

const EVENTS_WAITING_MAX: usize = 16;
/// When to ask again where a network holds as many streams as it may.
const FULL_RETRY_SECONDS: i64 = 60;

type Events = Sender<std::result::Result<Event, Infallible>>;

/// Browsers name no origin when they only read, so the page was judged when the session was opened.
pub async fn stream(State(app): State<App>, address: ClientAddress, headers: HeaderMap) -> Result<Response> {
    let session = bearer(&headers).and_then(|token| Session::open(&app, token)).ok_or_else(no_session)?;
    limit_acts(&app, &session.visitor, address)?;
    let agent = answering_agent(&app, session.agent.clone()).await?;
    if *app.stopping.borrow() {
        return Err(ApiError::unavailable());
    }
    let Some(place) = app.streams.take(address.0) else { return Err(ApiError::rate_limited(FULL_RETRY_SECONDS)) };
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(MessageId::parse);
    let (events, stream) = channel(EVENTS_WAITING_MAX);
    let (since, resumed) = (session.opened_at, after.is_some());
    tokio::spawn(feed(
        Feed { app, agent, session, after, since, resumed, operator: None, was_left: false, _place: place },
        events,
    ));
    let unbuffered = [(header::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(ReceiverStream::new(stream))).into_response())
}

/// What one open page has been told.
struct Feed {
    app: App,
    agent: Agent,
    session: Session,
    /// The message that the page knows of last; without one, it knows what was said when its session was opened.
    after: Option<MessageId>,
    since: Time,
    /// It listened before: the conversation may have been handed back while nobody did.
    resumed: bool,
    operator: Option<Claimed>,
    /// The person who had the conversation last did not reply.
    was_left: bool,
    _place: Held,
}

/// Until the reader is gone, the agent stops answering, or the server stops.
async fn feed(mut feed: Feed, events: Events) {
    let Some(mut news) = feed.app.live.of_visitor(&feed.session.visitor) else { return };
    let mut changes = feed.app.live.changes();
    let mut stopping = feed.app.stopping.clone();
    let agent = feed.agent.id.clone();
    loop {
        if events.send(Ok(Event::default().comment("ping"))).await.is_err() || feed.catch_up(&events).await.is_none() {
            return;
        }
        let concerns_agent = async {
            // A stream that fell behind looks, rather than miss a change.
            while changes.recv().await.is_ok_and(|changed| changed != agent) {}
        };
        tokio::select! {
            told = news.next() => {
                if let Some(VisitorNews::Typing(name)) = told {
                    let _ = events.send(Ok(event("typing", &json!({ "name": name })))).await;
                }
                continue;
            }
            _ = timeout(PING, concerns_agent) => {}
            () = stopped(&mut stopping) => {
                let _ = events.send(Ok(event("bye", &json!({})))).await;
                return;
            }
            () = events.closed() => return,
        }
        // Another process may have deactivated the agent, so it is read at every ping.
        if feed.app.store.embedded_agent(agent.clone()).await.is_ok_and(|agent| !agent.is_active()) {
            let _ = events.send(Ok(event("deactivated", &json!({})))).await;
            return;
        }
    }
}

impl Feed {
    /// Tells what has happened since the page was told last; none where it is gone.
    async fn catch_up(&mut self, events: &Events) -> Option<()> {
        loop {
            let (account, agent, visitor) = (self.agent.account.clone(), self.agent.id.clone(), self.session.visitor.clone());
            let looked = self.app.store.visitor_news(account, agent, visitor, self.after.clone(), self.since).await;
            // A look that failed is made again at the next ping.
            let Ok(news) = looked else { return Some(()) };
            if std::mem::take(&mut self.resumed) && news.operator.is_none() {
                self.tell_operator(events, None).await?;
            }
            if news.operator != self.operator && news.operator.is_some() {
                self.tell_operator(events, news.operator.clone()).await?;
            }
            self.was_left = news.was_left;
            let more = news.messages.last().is_some_and(|last| Some(&last.id) == news.latest.as_ref());
            for message in news.messages {
                let (id, is_agents) = (message.id.to_string(), message.author == Author::Agent);
                // The agent answers in the place of a person who has left.
                if is_agents && news.operator.is_none() && self.operator.is_some() {
                    self.tell_operator(events, None).await?;
                }
                let name = if is_agents { "agent_message" } else { "operator_message" };
                let told = event(name, &json!(MessageView::new(message))).id(id);
                events.send(Ok(told)).await.ok()?;
            }
            if news.operator.is_none() && self.operator.is_some() {
                self.tell_operator(events, None).await?;
            }
            self.after = news.latest.or_else(|| self.after.take());
            if !more {
                return Some(());
            }
        }
    }

    async fn tell_operator(&mut self, events: &Events, operator: Option<Claimed>) -> Option<()> {
        let view = |claimed: &Claimed| json!(OperatorView { name: claimed.name.clone() });
        let told = match (&operator, &self.operator) {
            (Some(now), _) => event("taken_over", &view(now)),
            (None, Some(before)) if self.was_left => event("handed_back", &json!({ "name": before.name, "away": true })),
            (None, Some(before)) => event("handed_back", &view(before)),
            (None, None) => event("handed_back", &json!({})),
        };
        self.operator = operator;
        let told = self.after.iter().fold(told, |told, id| told.id(id.to_string()));
        events.send(Ok(told)).await.ok()
    }
}

fn event(name: &str, data: &Value) -> Event {
    Event::default().event(name).data(data.to_string())
}
