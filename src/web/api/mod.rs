//! The REST API: every handler on one screen; its path and its documentation stand above the handler itself.

mod agents;
mod analytics;
mod bulk;
mod conversations;
mod deliveries;
mod events;
mod knowledge;
mod leads;
mod me;
pub mod schema;
mod trace;
mod visitors;
mod webhooks;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::middleware;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::App;
use crate::web::conditional;
use crate::web::error;
use crate::web::gate::{self, Gate};
use crate::web::once;
use crate::web::permissions::Permissions;

pub fn router(app: &App) -> Router<App> {
    let (routes, described) = routes().split_for_parts();
    let gate = Gate::new(app, Permissions::of(&described, "/api/v1"));
    let packed = schema::PackedText::default();
    let show = move |State(app): State<App>, headers: HeaderMap| schema::show(app, headers, packed);
    routes
        .route_layer(middleware::from_fn(conditional::tag))
        .route_layer(middleware::from_fn_with_state(app.clone(), once::guard))
        .route_layer(middleware::from_fn_with_state(gate, gate::api))
        .route("/openapi.json", get(show))
        .fallback(error::unknown_path)
        .method_not_allowed_fallback(error::wrong_method)
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(schema::frame())
        .routes(routes!(me::show))
        .routes(routes!(agents::list, agents::create))
        .routes(routes!(bulk::create_agents))
        .routes(routes!(agents::show, agents::update, agents::deactivate))
        .routes(routes!(agents::activate))
        .routes(routes!(knowledge::list, knowledge::create))
        .routes(routes!(knowledge::delete))
        .routes(routes!(bulk::add_knowledge))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::show, conversations::delete))
        .routes(routes!(visitors::delete))
        .routes(routes!(leads::list))
        .routes(routes!(leads::show))
        .routes(routes!(analytics::show))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::update, webhooks::delete))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(deliveries::test))
        .routes(routes!(deliveries::recover))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::retry))
        .routes(routes!(events::list))
}
