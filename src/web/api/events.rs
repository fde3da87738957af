//! Everything that happened in the account, with the payloads that webhooks received.

use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::Rejection;
use crate::domain::delivery::WrittenEvent;
use crate::domain::id::{AgentId, EventId};
use crate::domain::time::Time;
use crate::domain::webhook::EventType;
use crate::web::App;
use crate::web::api::schema::events::EventPayload;
use crate::web::api::schema::requests::PageQuery;
use crate::web::caller::ApiCaller;
use crate::web::error::Result;
use crate::web::extract::{Json, Paged, Statuses, next_after, unknown_cursor};

#[derive(Serialize, ToSchema)]
pub struct EventList {
    events: Vec<EventView>,
    total: i64,
    limit: i64,
    offset: i64,
    /// Send it as `after` to get the next page. Null on the last page.
    next_after: Option<EventId>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
struct EventView {
    id: EventId,
    /// One of the event types, or `webhook.test`.
    r#type: String,
    agent_id: Option<AgentId>,
    created_at: Time,
    /// The payload sent to webhooks.
    #[schema(value_type = EventPayload)]
    payload: Option<Box<RawValue>>,
}

/// Events have no status.
pub struct NoStatuses;

impl Statuses for NoStatuses {
    const ALL: &'static [&'static str] = &[];
}

/// List events
///
/// Returns all events of your account, newest first, with the payloads sent to webhooks.
#[utoipa::path(get, path = "/events", operation_id = "listEvents", tag = "Events", security(("apiKey" = ["webhooks:manage"])),
    params(PageQuery, ("type" = Option<EventType>, Query, description = "Only return events of this type.")),
    responses((status = 200, body = EventList, description = "A page of events")))]
pub async fn list(
    caller: ApiCaller,
    Paged(page, _): Paged<NoStatuses>,
    State(app): State<App>,
    uri: Uri,
) -> Result<Json<EventList>> {
    let kind = kind_of(uri.query().unwrap_or_default())?;
    let (limit, offset) = (page.limit, page.offset);
    let listed = app.store.events(caller.account_id(), kind, page).await.map_err(unknown_cursor)?;
    let events: Vec<_> = listed.rows.into_iter().map(EventView::new).collect();
    let next_after = next_after(&events, limit, |row| &row.id);
    Ok(Json(EventList { next_after, events, total: listed.total, limit, offset }))
}

fn kind_of(query: &str) -> Result<Option<EventType>> {
    let mut named = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "type");
    let kind = named.next().map(|(_, text)| EventType::parse(&text)).transpose();
    kind.map_err(|message| Rejection::one("type", message).into())
}

impl EventView {
    fn new(event: WrittenEvent) -> Self {
        Self {
            id: event.id,
            r#type: event.kind,
            agent_id: event.agent,
            created_at: event.created_at,
            payload: String::from_utf8(event.payload).ok().and_then(|text| RawValue::from_string(text).ok()),
        }
    }
}
