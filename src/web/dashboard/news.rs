//! News for the team's open pages: which conversations go on, how many want somebody, where a visitor is typing, which agent a
//! website has loaded.

use std::collections::HashMap;
use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{Duration, Instant, timeout};
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::id::{AccountId, ConversationId};
use crate::web::App;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::session::Listening;
use crate::web::error::ApiError;
use crate::web::live::{Subscription, TeamNews};
use crate::web::stopped;

const EVENTS_WAITING_MAX: usize = 16;
/// How often a stream looks whether its session goes on.
const PING: Duration = Duration::from_secs(15);

type Events = Sender<std::result::Result<Event, Infallible>>;

/// Says what to look at, and nothing of what stands there: pages load that as they always do.
pub async fn stream(
    State(app): State<App>,
    listening: Listening,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let news = app.live.of_team(&listening.account);
    let news = news.filter(|_| !*app.stopping.borrow()).ok_or_else(ApiError::unavailable)?;
    let (events, stream) = channel(EVENTS_WAITING_MAX);
    let count = query.contains_key("count").then(Count::default);
    tokio::spawn(feed(app, listening, news, count, events));
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, Sse::new(ReceiverStream::new(stream))).into_response())
}

/// Until the reader is gone, the session has ended, or the server stops.
async fn feed(
    app: App,
    listening: Listening,
    mut news: Subscription<AccountId, TeamNews>,
    mut count: Option<Count>,
    events: Events,
) {
    let mut stopping = app.stopping.clone();
    let mut looked = Instant::now();
    loop {
        if let Some(count) = &mut count
            && count.tell(&app, &listening.account, &events).await.is_none()
        {
            return;
        }
        let told = tokio::select! {
            told = timeout(PING, news.next()) => told,
            () = stopped(&mut stopping) => return,
            () = events.closed() => return,
        };
        // Also where news come so often that there is never a pause.
        if PING <= looked.elapsed() || matches!(told, Ok(None | Some(TeamNews::Sessions))) {
            if !listening.goes_on(&app).await {
                return;
            }
            looked = Instant::now();
        }
        let next = match told {
            Err(_) => Event::default().comment("ping"),
            Ok(Some(TeamNews::Changed(id))) => event("changed", Some(&id)),
            Ok(Some(TeamNews::Seen(id))) => event("seen", Some(&id)),
            Ok(Some(TeamNews::Typing(id))) => event("typing", Some(&id)),
            Ok(Some(TeamNews::Installed(agent))) => {
                Event::default().event("installed").data(json!({ "agent": agent.as_str() }).to_string())
            }
            Ok(Some(TeamNews::Sessions)) => continue,
            // Some were missed: whatever is shown may have changed.
            Ok(None) => event("changed", None),
        };
        if events.send(Ok(next)).await.is_err() {
            return;
        }
    }
}

/// How many conversations want somebody, for pages that asked for it.
#[derive(Default)]
struct Count {
    told: Option<i64>,
}

impl Count {
    /// Says the number where it is another one than was said last; none where the reader is gone.
    async fn tell(&mut self, app: &App, account: &AccountId, events: &Events) -> Option<()> {
        // A look that failed is made again after the next news.
        let Ok(now) = app.store.wanting_count(account.clone()).await else { return Some(()) };
        if self.told.replace(now) == Some(now) {
            return Some(());
        }
        let told = Event::default().event("count").data(json!({ "count": now }).to_string());
        events.send(Ok(told)).await.ok()
    }
}

fn event(name: &str, conversation: Option<&ConversationId>) -> Event {
    let id = conversation.map(ConversationId::as_str);
    Event::default().event(name).data(json!({ "conversation": id }).to_string())
}
