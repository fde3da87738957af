//! Webhooks: listed, registered once their address has proved itself, deleted.

use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use serde::Serialize;

use crate::deliver;
use crate::deliver::challenge::Unproven;
use crate::deliver::sign::Secret;
use crate::domain::account::Permission;
use crate::domain::id::WebhookId;
use crate::domain::webhook::{EventType, NewWebhook, Webhook, WebhookChange};
use crate::storage::{self, Rotation};
use crate::web::App;
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Created, Deleted, Json, Object, path_id};
use crate::web::once::Once;

#[derive(Serialize)]
pub struct WebhookList {
    webhooks: Vec<WebhookView>,
    total: usize,
}

#[derive(Serialize)]
pub struct WebhookView {
    id: String,
    url: String,
    agent_id: Option<String>,
    events: Vec<&'static str>,
    status: String,
    created_at: String,
    last_triggered_at: Option<String>,
    success_rate: Option<f64>,
}

#[derive(Serialize)]
pub struct Rotated {
    id: String,
    secret: String,
    flip_at: String,
}

impl Rotated {
    fn new(rotation: &Rotation, secret: &Secret) -> Self {
        Self { id: rotation.webhook.to_string(), secret: secret.as_str().to_owned(), flip_at: rotation.flip_at.to_string() }
    }
}

/// The only answer that ever holds the first secret.
#[derive(Serialize)]
pub struct Registered {
    id: String,
    url: String,
    events: Vec<&'static str>,
    agent_id: Option<String>,
    status: String,
    secret: String,
    created_at: String,
}

pub async fn list(caller: ApiCaller, State(app): State<App>) -> Result<Json<WebhookList>> {
    caller.require(Permission::WebhooksManage)?;
    let webhooks = app.store.webhooks(caller.account_id()).await?;
    Ok(Json(WebhookList { total: webhooks.len(), webhooks: webhooks.into_iter().map(WebhookView::new).collect() }))
}

pub async fn show(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<WebhookView>> {
    caller.require(Permission::WebhooksManage)?;
    let id = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let webhook = app.store.webhook(caller.account_id(), id).await;
    webhook.map(|webhook| Json(WebhookView::new(webhook))).map_err(missing)
}

pub async fn create(caller: ApiCaller, State(app): State<App>, once: Once, Object(body): Object) -> Result<Created<Registered>> {
    caller.require(Permission::WebhooksManage)?;
    let new = NewWebhook::parse(&body, app.courier.url_policy())?;
    app.store.check_webhook(caller.account_id(), new.clone()).await.map_err(not_created)?;
    let id = app.store.draw_webhook();
    let secret = Secret::generate(&app.world);
    app.courier.prove(id.clone(), new.url.clone(), secret.clone()).await.map_err(unproven)?;
    let sealed = app.vault.seal(&app.world, secret.as_str(), &deliver::secret_place(&id));
    let seen = secret.clone();
    let keep = once.keep(move |webhook: &Webhook| Registered::created(webhook.clone(), &seen).parts());
    let webhook = app.store.create_webhook(caller.account_id(), id, new, sealed, keep).await.map_err(not_created)?;
    Ok(Registered::created(webhook, &secret))
}

pub async fn update(
    caller: ApiCaller,
    params: RawPathParams,
    State(app): State<App>,
    Object(body): Object,
) -> Result<Json<WebhookView>> {
    caller.require(Permission::WebhooksManage)?;
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let change = WebhookChange::parse(&body, app.courier.url_policy())?;
    let before = app.store.webhook(caller.account_id(), id.clone()).await.map_err(missing)?;
    let moved = change.url.clone().filter(|url| *url != before.url);
    if let Some(url) = moved.or_else(|| (change.enabled == Some(true) && before.status != "active").then(|| before.url.clone())) {
        let secret = app.store.webhook_secret(caller.account_id(), id.clone()).await.map_err(missing)?;
        let opened = app.vault.open(&secret, &deliver::secret_place(&id)).ok().and_then(|text| Secret::parse(&text));
        app.courier.prove(id.clone(), url, opened.ok_or_else(ApiError::internal)?).await.map_err(unproven)?;
    }
    let webhook = app.store.update_webhook(caller.account_id(), id, change).await.map_err(not_created)?;
    Ok(Json(WebhookView::new(webhook)))
}

/// The new secret is shown once; until `flip_at` both sign.
pub async fn rotate(caller: ApiCaller, params: RawPathParams, State(app): State<App>, once: Once) -> Result<Json<Rotated>> {
    caller.require(Permission::WebhooksManage)?;
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let secret = Secret::generate(&app.world);
    let sealed = app.vault.seal(&app.world, secret.as_str(), &deliver::secret_place(&id));
    let seen = secret.clone();
    let keep = once.keep(move |rotation: &Rotation| (StatusCode::OK, None, Rotated::new(rotation, &seen)));
    let rotation = app.store.rotate_secret(caller.account_id(), id, sealed, keep).await.map_err(missing)?;
    Ok(Json(Rotated::new(&rotation, &secret)))
}

pub async fn delete(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<Deleted>> {
    caller.require(Permission::WebhooksManage)?;
    let id: WebhookId = path_id(&params, "webhook", ApiError::webhook_not_found)?;
    let deleted = app.store.delete_webhook(caller.account_id(), id.clone()).await;
    deleted.map_err(missing)?;
    Ok(Json(Deleted::new(id)))
}

fn missing(error: storage::Error) -> ApiError {
    ApiError::or_missing(error, ApiError::webhook_not_found())
}

fn not_created(error: storage::Error) -> ApiError {
    match error {
        storage::Error::NotFound => ApiError::agent_not_found(),
        storage::Error::Conflict => ApiError::conflict("A webhook with this url, agent and events exists already."),
        other => other.into(),
    }
}

fn unproven(error: Unproven) -> ApiError {
    match error {
        Unproven::TooMany => ApiError::unavailable(),
        Unproven::Failed(seen) => ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "webhook_verification_failed",
            format!("The endpoint did not confirm the challenge: {seen}."),
        ),
    }
}

fn names(events: &[EventType]) -> Vec<&'static str> {
    events.iter().map(|event| event.as_str()).collect()
}

impl WebhookView {
    fn new(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            url: webhook.url,
            agent_id: webhook.agent.map(|id| id.to_string()),
            events: names(&webhook.events),
            status: webhook.status,
            created_at: webhook.created_at.to_string(),
            last_triggered_at: webhook.last_triggered_at.map(|at| at.to_string()),
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
            id: webhook.id.to_string(),
            url: webhook.url,
            events: names(&webhook.events),
            agent_id: webhook.agent.map(|id| id.to_string()),
            status: webhook.status,
            secret: secret.as_str().to_owned(),
            created_at: webhook.created_at.to_string(),
        }
    }
}
