//! What was sent to a webhook and what came back; test events, and sending again.

use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::delivery::{Attempt, DELIVERY_STATES, Delivery};
use crate::domain::id::{DeliveryId, WebhookId};
use crate::storage;
use crate::web::App;
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Json, Paged, Statuses, next_after, path_id, unknown_cursor};
use crate::web::once::Once;

#[derive(Serialize)]
pub struct DeliveryList {
    deliveries: Vec<DeliveryView>,
    total: i64,
    limit: i64,
    offset: i64,
    /// To be sent as `after` for the rows that follow; null at the end.
    next_after: Option<String>,
}

#[derive(Serialize)]
struct DeliveryView {
    id: String,
    event_id: String,
    event_type: String,
    status: String,
    next_attempt_at: Option<String>,
    created_at: String,
    finished_at: Option<String>,
    attempts: Vec<AttemptView>,
}

#[derive(Serialize)]
struct AttemptView {
    number: i64,
    started_at: String,
    duration_ms: i64,
    response_status: Option<u16>,
    error: Option<String>,
    response_headers: String,
    response_body: String,
}

pub struct DeliveryStatuses;

impl Statuses for DeliveryStatuses {
    const ALL: &'static [&'static str] = DELIVERY_STATES;
}

pub async fn list(
    caller: ApiCaller,
    params: RawPathParams,
    Paged(page, _): Paged<DeliveryStatuses>,
    State(app): State<App>,
) -> Result<Json<DeliveryList>> {
    caller.require(Permission::WebhooksManage)?;
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    app.store.webhook(caller.account_id(), id.clone()).await.map_err(missing)?;
    let (limit, offset) = (page.limit, page.offset);
    let listed = app.store.deliveries(caller.account_id(), id, page).await.map_err(unknown_cursor)?;
    let deliveries: Vec<_> = listed.rows.into_iter().map(DeliveryView::new).collect();
    let next_after = next_after(&deliveries, limit, |row| &row.id);
    Ok(Json(DeliveryList { next_after, deliveries, total: listed.total, limit, offset }))
}

/// Accepted: it is on its way, and the list of deliveries tells how it went.
pub async fn test(caller: ApiCaller, params: RawPathParams, State(app): State<App>, once: Once) -> Result<Response> {
    caller.require(Permission::WebhooksManage)?;
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let queued = app.store.send_test(caller.account_id(), id, once.keep(accepted)).await.map_err(missing)?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(queued))).into_response())
}

pub async fn retry(caller: ApiCaller, params: RawPathParams, State(app): State<App>, once: Once) -> Result<Response> {
    caller.require(Permission::WebhooksManage)?;
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let chosen: DeliveryId = path_id(&params, "delivery", ApiError::not_found)?;
    let queued = app.store.resend(caller.account_id(), id, chosen, once.keep(accepted)).await.map_err(|error| match error {
        storage::Error::Conflict => ApiError::conflict("The delivery is under way at this moment, or its webhook is disabled."),
        other => other.into(),
    })?;
    Ok((StatusCode::ACCEPTED, Json(DeliveryView::new(queued))).into_response())
}

fn accepted(delivery: &Delivery) -> (StatusCode, Option<String>, DeliveryView) {
    (StatusCode::ACCEPTED, None, DeliveryView::new(delivery.clone()))
}

fn missing(error: storage::Error) -> ApiError {
    ApiError::or_missing(error, ApiError::webhook_not_found())
}

impl DeliveryView {
    fn new(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            event_id: delivery.event.to_string(),
            event_type: delivery.event_type,
            status: delivery.state,
            next_attempt_at: delivery.next_attempt_at.map(|at| at.to_string()),
            created_at: delivery.created_at.to_string(),
            finished_at: delivery.finished_at.map(|at| at.to_string()),
            attempts: delivery.attempts.into_iter().map(AttemptView::new).collect(),
        }
    }
}

impl AttemptView {
    fn new(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            started_at: attempt.started_at.to_string(),
            duration_ms: attempt.duration_ms,
            response_status: attempt.status,
            error: attempt.error,
            response_headers: attempt.response_headers,
            response_body: attempt.response_body,
        }
    }
}
