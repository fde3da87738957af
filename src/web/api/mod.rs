//! The REST API: every route on one screen.

mod agents;
mod analytics;
mod bulk;
mod conversations;
mod csv;
mod deliveries;
mod events;
mod knowledge;
mod leads;
mod me;
mod visitors;
mod webhooks;

use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post};

use crate::web::App;
use crate::web::conditional;
use crate::web::error;
use crate::web::gate;
use crate::web::once;

pub fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/me", get(me::show))
        .route("/agents", get(agents::list).post(agents::create))
        .route("/agents/bulk", post(bulk::create_agents))
        .route("/agents/{agent}", get(agents::show).put(agents::update).patch(agents::update).delete(agents::deactivate))
        .route("/agents/{agent}/activate", post(agents::activate))
        .route("/agents/{agent}/knowledge", get(knowledge::list).post(knowledge::create))
        .route("/agents/{agent}/knowledge/{entry}", delete(knowledge::delete))
        .route("/agents/{agent}/conversations", get(conversations::list))
        .route("/agents/{agent}/leads", get(leads::list))
        .route("/conversations/{conversation}", get(conversations::show).delete(conversations::delete))
        .route("/leads/{lead}", get(leads::show))
        .route("/visitors/{visitor}", delete(visitors::delete))
        .route("/knowledge/bulk", post(bulk::add_knowledge))
        .route("/analytics", get(analytics::show))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{webhook}", get(webhooks::show).patch(webhooks::update).delete(webhooks::delete))
        .route("/webhooks/{webhook}/rotate", post(webhooks::rotate))
        .route("/webhooks/{webhook}/test", post(deliveries::test))
        .route("/webhooks/{webhook}/deliveries", get(deliveries::list))
        .route("/webhooks/{webhook}/deliveries/{delivery}/retry", post(deliveries::retry))
        .route("/events", get(events::list))
        .route_layer(middleware::from_fn(conditional::tag))
        .route_layer(middleware::from_fn_with_state(app.clone(), once::guard))
        .route_layer(middleware::from_fn_with_state(app.clone(), gate::api))
        .fallback(error::unknown_path)
        .method_not_allowed_fallback(error::wrong_method)
}
