//! What was sent to a webhook and what came back; test events, and sending again.

use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::delivery::{Attempt, DELIVERY_STATES, Delivery};
use crate::domain::id::{DeliveryId, EventId, WebhookId};
use crate::domain::recovery::{Recovered, Recovery};
use crate::domain::time::Time;
use crate::web::App;
use crate::web::api::schema::requests::{self, PageQuery};
use crate::web::api::schema::values::DeliveryStatus;
use crate::web::body::Object;
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Json, Paged, Statuses, next_after, path_id, unknown_cursor};
use crate::web::once::Once;
use crate::web::webhooks::{self, missing, not_resent};

#[derive(Serialize, ToSchema)]
pub struct DeliveryList {
    deliveries: Vec<DeliveryView>,
    total: i64,
    limit: i64,
    offset: i64,
    /// Send it as `after` to get the next page. Null on the last page.
    next_after: Option<DeliveryId>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
struct DeliveryView {
    id: DeliveryId,
    event_id: EventId,
    /// One of the event types, or `webhook.test`.
    event_type: String,
    #[schema(value_type = DeliveryStatus)]
    status: String,
    /// Null if no further attempt is due.
    next_attempt_at: Option<Time>,
    created_at: Time,
    /// Null until the delivery has finished.
    finished_at: Option<Time>,
    /// The attempts, oldest first.
    attempts: Vec<AttemptView>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
struct AttemptView {
    /// The attempt's number, starting at 1.
    number: i64,
    started_at: Time,
    duration_ms: i64,
    /// Null if there was no response.
    response_status: Option<u16>,
    /// What went wrong, if anything.
    error: Option<String>,
    response_headers: String,
    /// The start of the response body.
    response_body: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Recovered)]
struct RecoveredView {
    webhook_id: WebhookId,
    since: Time,
    until: Time,
    /// The number of deliveries that were queued.
    queued: usize,
}

pub struct DeliveryStatuses;

impl Statuses for DeliveryStatuses {
    const ALL: &'static [&'static str] = DELIVERY_STATES;
}

/// List a webhook's deliveries
///
/// Returns deliveries, newest first, each with its attempts and the endpoint's responses.
#[utoipa::path(get, path = "/webhooks/{webhook}/deliveries", operation_id = "listDeliveries", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])),
    params(PageQuery, ("status" = Option<DeliveryStatus>, Query, description = "Only return deliveries with this status.")),
    responses((status = 200, body = DeliveryList, description = "A page of deliveries")))]
pub async fn list(
    caller: ApiCaller,
    params: RawPathParams,
    Paged(page, _): Paged<DeliveryStatuses>,
    State(app): State<App>,
) -> Result<Json<DeliveryList>> {
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    app.store.webhook(caller.account_id(), id.clone()).await.map_err(missing)?;
    let (limit, offset) = (page.limit, page.offset);
    let listed = app.store.deliveries(caller.account_id(), id, page).await.map_err(unknown_cursor)?;
    let deliveries: Vec<_> = listed.rows.into_iter().map(DeliveryView::new).collect();
    let next_after = next_after(&deliveries, limit, |row| &row.id);
    Ok(Json(DeliveryList { next_after, deliveries, total: listed.total, limit, offset }))
}

/// Send a test event
///
/// Queues the event and returns its delivery. The list of deliveries shows the result.
#[utoipa::path(post, path = "/webhooks/{webhook}/test", operation_id = "testWebhook", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])),
    responses((status = 202, body = DeliveryView, description = "The queued delivery")))]
pub async fn test(caller: ApiCaller, params: RawPathParams, State(app): State<App>, once: Once) -> Result<Response> {
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let queued = app.store.send_test(caller.account_id(), id, once.keep(accepted)).await.map_err(missing)?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(queued))).into_response())
}

/// Replay missed events
///
/// Resends every event of a time range that the webhook subscribes to and has not received. This includes events from while it
/// was disabled and deliveries that failed. Event ids stay the same. `include_delivered` also resends delivered events.
#[utoipa::path(post, path = "/webhooks/{webhook}/recover", operation_id = "recoverDeliveries", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])), request_body = requests::Recovery,
    responses((status = 202, body = RecoveredView, description = "The number of queued deliveries")))]
pub async fn recover(
    caller: ApiCaller,
    params: RawPathParams,
    State(app): State<App>,
    once: Once,
    Object(body): Object,
) -> Result<Response> {
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let recovery = Recovery::parse(&body, app.world.now())?;
    let webhook = id.clone();
    let keep = once.keep(move |done: &Recovered| (StatusCode::ACCEPTED, None, RecoveredView::new(webhook, done)));
    let recovered = webhooks::recover(&app, caller.account_id(), id.clone(), recovery, keep).await?;
    Ok((StatusCode::ACCEPTED, Json(RecoveredView::new(id, &recovered))).into_response())
}

/// Retry a delivery
///
/// Resends the same event with the same bytes, immediately and with its own attempts.
#[utoipa::path(post, path = "/webhooks/{webhook}/deliveries/{delivery}/retry", operation_id = "retryDelivery", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])),
    responses((status = 202, body = DeliveryView, description = "The queued delivery")))]
pub async fn retry(caller: ApiCaller, params: RawPathParams, State(app): State<App>, once: Once) -> Result<Response> {
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    app.store.webhook(caller.account_id(), id.clone()).await.map_err(missing)?;
    let chosen: DeliveryId = path_id(&params, "delivery", ApiError::not_found)?;
    let queued = app.store.resend(caller.account_id(), id, chosen, once.keep(accepted)).await.map_err(not_resent)?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(queued))).into_response())
}

fn accepted(delivery: &Delivery) -> (StatusCode, Option<String>, DeliveryView) {
    (StatusCode::ACCEPTED, None, DeliveryView::new(delivery.clone()))
}

impl RecoveredView {
    fn new(webhook_id: WebhookId, recovered: &Recovered) -> Self {
        let Recovery { since, until, .. } = recovered.recovery;
        Self { webhook_id, since, until, queued: recovered.queued }
    }
}

impl DeliveryView {
    fn new(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            event_id: delivery.event,
            event_type: delivery.event_type,
            status: delivery.state,
            next_attempt_at: delivery.next_attempt_at,
            created_at: delivery.created_at,
            finished_at: delivery.finished_at,
            attempts: delivery.attempts.into_iter().map(AttemptView::new).collect(),
        }
    }
}

impl AttemptView {
    fn new(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            started_at: attempt.started_at,
            duration_ms: attempt.duration_ms,
            response_status: attempt.status,
            error: attempt.error,
            response_headers: attempt.response_headers,
            response_body: attempt.response_body,
        }
    }
}
