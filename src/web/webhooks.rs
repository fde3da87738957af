//! Webhooks as the API and the dashboard alike register them, change them, and have them send again.

use axum::http::StatusCode;
use url::Url;

use crate::deliver::challenge::Unproven;
use crate::deliver::sign::{Secret, Secrets};
use crate::domain::id::{AccountId, WebhookId};
use crate::domain::place;
use crate::domain::recovery::{Recovered, Recovery};
use crate::domain::time::{HOUR_MS, MINUTE_MS};
use crate::domain::webhook::url::is_usual_port;
use crate::domain::webhook::{NewWebhook, WEBHOOKS_MAX, Webhook, WebhookChange};
use crate::limits::Window;
use crate::storage::{self, Keep, Rotation};
use crate::web::App;
use crate::web::error::{ApiError, Result};

/// The code of the answer to an address that did not prove itself.
pub const UNPROVEN: &str = "webhook_verification_failed";

/// Keeps the webhook once its address has proved itself. What is kept of the answer may hold the secret.
pub async fn register(
    app: &App,
    account: AccountId,
    new: NewWebhook,
    keep: impl FnOnce(&Secret) -> Keep<Webhook>,
) -> Result<(Webhook, Secret)> {
    app.store.check_webhook(account.clone(), new.clone()).await.map_err(refused)?;
    let id = app.store.draw_webhook();
    let secret = Secret::generate(&app.world);
    prove(app, &account, &id, &new.url, Secrets::only(secret.clone())).await?;
    let (sealed, keep) = (seal(app, &id, &secret), keep(&secret));
    let webhook = app.store.create_webhook(account, id, new, sealed, keep).await.map_err(refused)?;
    Ok((webhook, secret))
}

/// Changes what is named. A new address has to prove itself, and so has the one of a webhook that is enabled again.
pub async fn change(app: &App, account: AccountId, id: WebhookId, change: WebhookChange) -> Result<()> {
    let before = app.store.webhook(account.clone(), id.clone()).await.map_err(missing)?;
    let moved = change.url.clone().filter(|url| *url != before.url);
    if let Some(url) = moved.or_else(|| (change.enabled == Some(true) && before.status != "active").then(|| before.url.clone())) {
        let (current, next) = app.store.webhook_secrets(account.clone(), id.clone()).await.map_err(missing)?;
        let secrets = Secrets::open(&app.vault, &id, &current, next.as_deref()).ok_or_else(ApiError::internal)?;
        prove(app, &account, &id, &url, secrets).await?;
    }
    app.store.update_webhook(account, id, change).await.map(|_| ()).map_err(refused)
}

pub async fn rotate(
    app: &App,
    account: AccountId,
    id: WebhookId,
    keep: impl FnOnce(&Secret) -> Keep<Rotation>,
) -> Result<(Rotation, Secret)> {
    let secret = Secret::generate(&app.world);
    let (sealed, keep) = (seal(app, &id, &secret), keep(&secret));
    let rotation = app.store.rotate_secret(account, id, sealed, keep).await.map_err(missing)?;
    Ok((rotation, secret))
}

/// It comes to its end also if whoever asked hangs up.
pub async fn recover(
    app: &App,
    account: AccountId,
    id: WebhookId,
    recovery: Recovery,
    keep: Keep<Recovered>,
) -> Result<Recovered> {
    let store = app.store.clone();
    let recovering = tokio::spawn(async move { store.recover(account, id, recovery, keep).await });
    recovering.await.map_err(|_| ApiError::internal())?.map_err(|error| match error {
        storage::Error::Conflict => ApiError::conflict("The webhook is disabled."),
        other => missing(other),
    })
}

pub fn missing(error: storage::Error) -> ApiError {
    ApiError::or_missing(error, ApiError::webhook_not_found())
}

/// Why a delivery was not sent again.
pub fn not_resent(error: storage::Error) -> ApiError {
    match error {
        storage::Error::Conflict => ApiError::conflict("The delivery is in flight, or its webhook is disabled."),
        other => other.into(),
    }
}

fn refused(error: storage::Error) -> ApiError {
    match error {
        storage::Error::NotFound => ApiError::agent_not_found(),
        storage::Error::LimitReached => ApiError::conflict(format!("An account can have at most {WEBHOOKS_MAX} webhooks.")),
        storage::Error::Conflict => ApiError::conflict("A webhook with this url, agent and events already exists."),
        other => other.into(),
    }
}

fn seal(app: &App, id: &WebhookId, secret: &Secret) -> Vec<u8> {
    app.vault.seal(&app.world, secret.as_str(), &place::of_secret(id))
}

/// Asks the address for the challenge, unless the account or the address has been part of many of late: else anyone with a
/// key could have us knock at a stranger's door.
async fn prove(app: &App, account: &AccountId, id: &WebhookId, url: &str, secrets: Secrets) -> Result<()> {
    let limits = &app.config.webhooks;
    let parsed = Url::parse(url).ok();
    let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default();
    let an_hour = Window { limit: limits.challenges_per_account_hour, span_ms: HOUR_MS };
    let a_minute = Window { limit: limits.challenges_per_host_minute, span_ms: MINUTE_MS };
    app.limit("challenges-of", account.as_str(), &[an_hour])?;
    app.limit("challenges-to", host, &[a_minute])?;
    parsed.as_ref().map_or(Ok(()), |url| admit_port(app, account, url))?;
    app.courier.prove(id.clone(), url.to_owned(), secrets).await.map_err(unproven)
}

/// Of one host, an account knocks at few different ports: more would be a search for what listens there.
fn admit_port(app: &App, account: &AccountId, url: &Url) -> Result<()> {
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
    // Receivers of test suites have a port each.
    if is_usual_port(port, url.scheme() == "http") || app.config.testing.allow_private_addresses {
        return Ok(());
    }
    let an_hour = |limit| [Window { limit, span_ms: HOUR_MS }];
    let (now, known) = (app.world.instant_ms(), format!("challenge-port:{account}:{host}:{port}"));
    if app.strangers.peek(&known, now, &an_hour(1)).allowed {
        app.limit("challenge-ports", &format!("{account}:{host}"), &an_hour(app.config.webhooks.challenge_ports_per_host_hour))?;
        app.strangers.admit(&known, now, &an_hour(1));
    }
    Ok(())
}

fn unproven(error: Unproven) -> ApiError {
    match error {
        Unproven::TooMany => ApiError::unavailable(),
        Unproven::Failed(seen) => {
            let message = format!("The URL did not confirm the challenge: {seen}.");
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, UNPROVEN, message)
        }
    }
}
