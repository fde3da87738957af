//! Whether the process lives, and whether it can do its work.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use crate::auth;
use crate::storage::damage::Remedy;
use crate::web::App;
use crate::web::client::is_from_here;
use crate::web::extract::Json;
use crate::web::gate::bearer;

const DAMAGED: &str = "the database is damaged and must be restored from a backup";

/// What everybody is told: whether it is ready, and what of the machine is in the way.
#[derive(Serialize)]
struct Ready {
    status: &'static str,
    database: bool,
    disk: bool,
    /// Why the database cannot be used for as long as this process lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    inner: Option<Inner>,
}

/// For this machine and for holders of a key.
#[derive(Serialize)]
struct Inner {
    webhooks: bool,
    /// Agents whose newest knowledge is found by its words only, until its meaning is learnt; never a reason to be unready.
    agents_learning: i64,
    stopping: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    damage: Option<Found>,
    /// Each configured model: `ok`, or `resting` after failures. Answers do not depend on them, and neither does this one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    models: BTreeMap<String, &'static str>,
    version: &'static str,
}

/// The damage of the database, and how to go back to the newest copy that is good.
#[derive(Serialize)]
struct Found {
    reason: String,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

pub fn router() -> Router<App> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> &'static str {
    "ok"
}

async fn ready(State(app): State<App>, parts: Parts) -> Response {
    let floor = app.config.server.disk_free_min_mb.saturating_mul(1024 * 1024);
    let database = app.store.probe().await.is_ok() && app.store.damage().is_none();
    let reason = app.store.damage().map(|_| DAMAGED);
    let disk = app.store.free_bytes().is_none_or(|free| free >= floor);
    let is_ready = database && disk && app.courier.is_alive() && !*app.stopping.borrow();
    let inner = if is_insider(&app, &parts).await { Some(Inner::of(&app).await) } else { None };
    let checks = Ready { status: if is_ready { "ok" } else { "unavailable" }, database, disk, reason, inner };
    if is_ready {
        return Json(checks).into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], Json(checks)).into_response()
}

async fn is_insider(app: &App, parts: &Parts) -> bool {
    if is_from_here(app, parts) {
        return true;
    }
    let Some(key) = bearer(&parts.headers).filter(|key| auth::key::well_formed(key)) else { return false };
    app.store.key_holder(auth::hash(key)).await.is_ok_and(|holder| holder.is_some())
}

impl Inner {
    async fn of(app: &App) -> Self {
        let models = app.answerer.models().resting().into_iter();
        Self {
            webhooks: app.courier.is_alive(),
            agents_learning: app.answerer.agents_learning(&app.store).await,
            stopping: *app.stopping.borrow(),
            damage: app.store.damage().map(|damage| Found {
                reason: damage.reason.clone(),
                since: damage.since.to_string(),
                remedy: app.store.remedy().map(Remedy::sentence),
            }),
            models: models.map(|(name, rests)| (name, if rests { "resting" } else { "ok" })).collect(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
