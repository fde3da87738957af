//! Webhooks: listed, registered once their address has proved itself, deleted.

use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::deliver::sign::Secret;
use crate::domain::id::{AgentId, WebhookId};
use crate::domain::time::Time;
use crate::domain::webhook::{EventType, NewWebhook, Webhook, WebhookChange};
use crate::storage::Rotation;
use crate::web::App;
use crate::web::api::schema::requests;
use crate::web::api::schema::values::{DisabledReason, WebhookStatus};
use crate::web::body::Object;
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Created, Deleted, Json, path_id};
use crate::web::once::Once;
use crate::web::webhooks::{self, missing};

#[derive(Serialize, ToSchema)]
pub struct WebhookList {
    webhooks: Vec<WebhookView>,
    total: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    id: WebhookId,
    url: String,
    /// Null for events of all agents.
    agent_id: Option<AgentId>,
    events: Vec<EventType>,
    #[schema(value_type = WebhookStatus)]
    status: String,
    /// `manual`: by a request. `gone`: it responded with 410. `failing`: every delivery failed for five days. Null if active.
    #[schema(value_type = Option<DisabledReason>)]
    disabled_reason: Option<String>,
    /// The time since which every attempt has failed. Null if the last attempt succeeded.
    failing_since: Option<Time>,
    created_at: Time,
    /// Null before the first delivery.
    last_triggered_at: Option<Time>,
    /// The share of successful deliveries among those that finished in the last 30 days. Null if none finished.
    #[schema(minimum = 0, maximum = 1)]
    success_rate: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RotatedSecret)]
pub struct Rotated {
    id: WebhookId,
    /// The new secret, shown only in this response.
    secret: String,
    /// When the old secret stops signing.
    flip_at: Time,
}

impl Rotated {
    fn new(rotation: &Rotation, secret: &Secret) -> Self {
        Self { id: rotation.webhook.clone(), secret: secret.as_str().to_owned(), flip_at: rotation.flip_at }
    }
}

/// The only answer that ever holds the first secret.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisteredWebhook)]
pub struct Registered {
    id: WebhookId,
    url: String,
    events: Vec<EventType>,
    /// Null for events of all agents.
    agent_id: Option<AgentId>,
    #[schema(value_type = WebhookStatus)]
    status: String,
    /// The secret that signs every delivery, shown only in this response.
    secret: String,
    created_at: Time,
}

/// List webhooks
#[utoipa::path(get, path = "/webhooks", operation_id = "listWebhooks", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])),
    responses((status = 200, body = WebhookList, description = "The account's webhooks")))]
pub async fn list(caller: ApiCaller, State(app): State<App>) -> Result<Json<WebhookList>> {
    let webhooks = app.store.webhooks(caller.account_id()).await?;
    Ok(Json(WebhookList { total: webhooks.len(), webhooks: webhooks.into_iter().map(WebhookView::new).collect() }))
}

/// Get a webhook
#[utoipa::path(get, path = "/webhooks/{webhook}", operation_id = "getWebhook", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])), responses((status = 200, body = WebhookView, description = "The webhook")))]
pub async fn show(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<WebhookView>> {
    let id = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let webhook = app.store.webhook(caller.account_id(), id).await;
    webhook.map(|webhook| Json(WebhookView::new(webhook))).map_err(missing)
}

/// Register a webhook
///
/// ChatForge sends a challenge to the URL immediately and stores the webhook only if the URL sends it back within ten seconds,
/// as plain text or as `{"challenge": "…"}`.
#[utoipa::path(post, path = "/webhooks", operation_id = "createWebhook", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])),
    request_body = requests::NewWebhook,
    responses((status = 201, body = Registered, description = "The webhook, with its secret",
        headers(("Location" = String, description = "The webhook's URL in this API")))))]
pub async fn create(caller: ApiCaller, State(app): State<App>, once: Once, Object(body): Object) -> Result<Created<Registered>> {
    let new = NewWebhook::parse(&body, app.courier.url_policy())?;
    let keep = |secret: &Secret| {
        let secret = secret.clone();
        once.keep(move |webhook: &Webhook| Registered::created(webhook.clone(), &secret).parts())
    };
    let (webhook, secret) = webhooks::register(&app, caller.account_id(), new, keep).await?;
    Ok(Registered::created(webhook, &secret))
}

/// Update a webhook
///
/// Updates only the fields you send.
#[utoipa::path(patch, path = "/webhooks/{webhook}", operation_id = "updateWebhook", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])), request_body = requests::WebhookChange,
    responses((status = 200, body = WebhookView, description = "The updated webhook")))]
pub async fn update(
    caller: ApiCaller,
    params: RawPathParams,
    State(app): State<App>,
    Object(body): Object,
) -> Result<Json<WebhookView>> {
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let change = WebhookChange::parse(&body, app.courier.url_policy())?;
    webhooks::change(&app, caller.account_id(), id.clone(), change).await?;
    let webhook = app.store.webhook(caller.account_id(), id).await.map_err(missing)?;
    Ok(Json(WebhookView::new(webhook)))
}

/// Rotate a webhook's secret
///
/// Generates a new secret. Both secrets sign deliveries until `flip_at`.
#[utoipa::path(post, path = "/webhooks/{webhook}/rotate", operation_id = "rotateSecret", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])), responses((status = 200, body = Rotated, description = "The new secret")))]
pub async fn rotate(caller: ApiCaller, params: RawPathParams, State(app): State<App>, once: Once) -> Result<Json<Rotated>> {
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let keep = |secret: &Secret| {
        let secret = secret.clone();
        once.keep(move |rotation: &Rotation| (StatusCode::OK, None, Rotated::new(rotation, &secret)))
    };
    let (rotation, secret) = webhooks::rotate(&app, caller.account_id(), id, keep).await?;
    Ok(Json(Rotated::new(&rotation, &secret)))
}

/// Delete a webhook
///
/// Permanently deletes the webhook. Nothing more is sent to it.
#[utoipa::path(delete, path = "/webhooks/{webhook}", operation_id = "deleteWebhook", tag = "Webhooks",
    security(("apiKey" = ["webhooks:manage"])), responses((status = 200, body = Deleted, description = "Deleted")))]
pub async fn delete(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<Deleted>> {
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let deleted = app.store.delete_webhook(caller.account_id(), id.clone()).await;
    deleted.map_err(missing)?;
    Ok(Json(Deleted::new(id)))
}

impl WebhookView {
    fn new(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            agent_id: webhook.agent,
            events: webhook.events,
            status: webhook.status,
            disabled_reason: webhook.disabled_reason,
            failing_since: webhook.failing_since,
            created_at: webhook.created_at,
            last_triggered_at: webhook.last_triggered_at,
            success_rate: webhook.success_rate,
        }
    }
}

impl Registered {
    fn created(webhook: Webhook, secret: &Secret) -> Created<Self> {
        Created { location: format!("/api/v1/webhooks/{}", webhook.id), body: Self::new(webhook, secret) }
    }

    fn new(webhook: Webhook, secret: &Secret) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events,
            agent_id: webhook.agent,
            status: webhook.status,
            secret: secret.as_str().to_owned(),
            created_at: webhook.created_at,
        }
    }
}
