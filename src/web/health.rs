//! Whether the process lives, and whether it can do its work.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use crate::web::App;
use crate::web::extract::Json;

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    database: bool,
    disk: bool,
    webhooks: bool,
    /// Agents whose newest knowledge is found by its words only, until its meaning is learnt; never a reason to be unready.
    agents_learning: i64,
    stopping: bool,
    /// Each configured model: `ok`, or `resting` after failures. Answers do not depend on them, and neither does this one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    models: BTreeMap<String, &'static str>,
    version: &'static str,
}

pub fn router() -> Router<App> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> &'static str {
    "ok"
}

async fn ready(State(app): State<App>) -> Response {
    let floor = app.config.server.disk_free_min_mb.saturating_mul(1024 * 1024);
    let models = app.answerer.models().resting().into_iter();
    let checks = Ready {
        models: models.map(|(name, rests)| (name, if rests { "resting" } else { "ok" })).collect(),
        status: "ok",
        database: app.store.probe().await.is_ok(),
        disk: app.store.free_bytes().is_none_or(|free| free >= floor),
        webhooks: app.courier.is_alive(),
        agents_learning: app.answerer.agents_learning(&app.store).await,
        stopping: *app.stopping.borrow(),
        version: env!("CARGO_PKG_VERSION"),
    };
    if checks.database && checks.disk && checks.webhooks && !checks.stopping {
        return Json(checks).into_response();
    }
    let refused = Ready { status: "unavailable", ..checks };
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], Json(refused)).into_response()
}
