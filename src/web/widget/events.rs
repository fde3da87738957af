//! News for an open widget: that its agent has stopped answering, or that the server is going down.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::id::AgentId;
use crate::web::App;
use crate::web::client::ClientAddress;
use crate::web::error::{ApiError, Result};
use crate::web::gate::bearer;
use crate::web::stopped;
use crate::web::widget::limit_acts;
use crate::web::widget::session::{PING, Session, answering_agent, no_session};

const EVENTS_WAITING_MAX: usize = 16;

/// Browsers name no origin when they only read, so the page was judged when the session was opened.
pub async fn stream(State(app): State<App>, address: ClientAddress, headers: HeaderMap) -> Result<Response> {
    let session = bearer(&headers).and_then(|token| Session::open(&app, token)).ok_or_else(no_session)?;
    limit_acts(&app, &session.visitor, address)?;
    let agent = answering_agent(&app, session.agent).await?;
    if *app.stopping.borrow() {
        return Err(ApiError::unavailable());
    }
    let (events, stream) = channel(EVENTS_WAITING_MAX);
    tokio::spawn(feed(app, agent.id, events));
    let unbuffered = [(header::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(ReceiverStream::new(stream))).into_response())
}

/// Until the reader is gone, the agent stops answering, or the server stops.
async fn feed(app: App, agent: AgentId, events: Sender<std::result::Result<Event, Infallible>>) {
    let mut changes = app.live.changes();
    let mut stopping = app.stopping.clone();
    while events.send(Ok(Event::default().comment("ping"))).await.is_ok() {
        let concerns_agent = async {
            // A stream that fell behind looks, rather than miss a change.
            while changes.recv().await.is_ok_and(|changed| changed != agent) {}
        };
        tokio::select! {
            _ = timeout(PING, concerns_agent) => {}
            () = stopped(&mut stopping) => {
                let _ = events.send(Ok(Event::default().event("bye").data("{}"))).await;
                return;
            }
            () = events.closed() => return,
        }
        // Another process may have deactivated the agent, so it is read at every ping.
        if app.store.embedded_agent(agent.clone()).await.is_ok_and(|agent| !agent.is_active()) {
            let _ = events.send(Ok(Event::default().event("deactivated").data("{}"))).await;
            return;
        }
    }
}
