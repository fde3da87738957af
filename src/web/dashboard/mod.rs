//! The dashboard: pages for the people of an account, rendered here, working without JavaScript.

mod access;
mod activity;
mod agent;
mod agents;
mod answering;
mod api_keys;
mod appearance;
mod ask;
mod audit;
mod auth;
mod backups;
mod chart;
mod conversation;
mod conversations;
mod cookie;
mod delivery;
mod display;
mod error;
mod events;
mod export;
mod form;
mod guard;
mod home;
mod install;
mod join;
mod knowledge;
mod lead;
mod leads;
mod login_code;
mod nav;
mod news;
mod next;
mod notes;
mod notices;
mod operator;
mod portable;
mod preview;
mod proof;
mod qr;
mod questions;
mod replies;
mod retention;
mod search;
mod security;
mod session;
mod settings;
pub mod setup;
mod start;
mod team;
mod transcript;
mod trends;
mod tries;
mod two_step;
mod visitors;
mod webhook;
mod webhook_form;
mod webhooks;

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use crate::web::App;
use crate::web::dashboard::error::PageError;
use crate::web::error::ApiError;

pub fn router(app: &App) -> Router<App> {
    routes().route_layer(middleware::from_fn_with_state(app.clone(), guard::check))
}

/// What is no page has a rule in `access`.
fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home::show))
        .route("/setup", get(setup::show).post(setup::create))
        .route("/login", get(auth::show).post(auth::login))
        .route("/join", get(join::show).post(join::create))
        .route("/login/code", get(login_code::show).post(login_code::create))
        .route("/logout", post(auth::logout))
        .route("/start", get(start::show).post(start::create))
        .route("/start/skip", get(start::skip))
        .route("/start/{agent}", get(start::show_agent))
        .route("/confirm", get(proof::show).post(proof::create))
        .route("/agents", get(agents::list).post(agents::create))
        .route("/agents/import", get(portable::show_import).post(portable::import))
        .route("/conversations", get(conversations::list))
        .route("/conversations/{conversation}", get(conversation::show))
        .route("/conversations/events", get(news::stream))
        .route("/conversations/{conversation}/claim", post(operator::claim))
        .route("/conversations/{conversation}/reply", post(operator::reply))
        .route("/conversations/{conversation}/hand-back", post(operator::hand_back))
        .route("/conversations/{conversation}/typing", post(operator::typing))
        .route("/conversations/{conversation}/notes", post(notes::create_on_conversation))
        .route("/conversations/{conversation}/notes/{note}/delete", post(notes::delete_on_conversation))
        .route("/conversations/{conversation}/export", get(export::show))
        .route("/conversations/{conversation}/delete-visitor", post(visitors::delete))
        .route("/leads", get(leads::list))
        .route("/search", get(search::show))
        .merge(agent_routes())
        .merge(webhook_routes())
        .merge(team_routes())
        .route("/settings", get(settings::show).post(settings::update))
        .route("/settings/account", post(settings::rename_account))
        .route("/settings/live", post(settings::set_live))
        .merge(security_routes())
        .route("/leads/export", get(leads::export))
        .route("/leads/{lead}", get(lead::show))
        .route("/leads/{lead}/status", post(lead::set_status))
        .route("/leads/{lead}/notes", post(notes::create_on_lead))
        .route("/leads/{lead}/notes/{note}/delete", post(notes::delete_on_lead))
        .route("/settings/replies", get(replies::list).post(replies::create))
        .route("/settings/replies/{reply}/delete", post(replies::delete))
        .route("/settings/keys", get(api_keys::list).post(api_keys::create))
        .route("/settings/keys/{key}/revoke", post(api_keys::revoke))
        .route("/settings/activity", get(activity::list))
        .route("/settings/retention", get(retention::show).post(retention::update))
        .route("/settings/backups", get(backups::list).post(backups::create))
        .route("/settings/backups/{backup}", get(backups::download))
        .route("/settings/backups/{backup}/verify", post(backups::verify))
        .route("/preview/{agent}", get(preview::preview))
        .route("/demo/{agent}", get(preview::demo))
}

/// An agent's own page, and those behind it.
fn agent_routes() -> Router<App> {
    Router::new()
        .route("/agents/{agent}", get(agent::show).post(agent::update))
        .route("/agents/{agent}/appearance", post(appearance::update))
        .route("/agents/{agent}/deactivate", post(agent::deactivate))
        .route("/agents/{agent}/activate", post(agent::activate))
        .route("/agents/{agent}/install", get(install::show))
        .route("/agents/{agent}/install/remove", post(install::remove))
        .route("/agents/{agent}/duplicate", post(portable::duplicate))
        .route("/agents/{agent}/export", get(portable::export))
        .route("/agents/{agent}/knowledge", get(knowledge::list).post(knowledge::create))
        .route("/agents/{agent}/knowledge/{entry}", get(knowledge::show).post(knowledge::update))
        .route("/agents/{agent}/knowledge/{entry}/delete", post(knowledge::delete))
        .route("/agents/{agent}/questions", get(questions::list).post(questions::save))
        .route("/agents/{agent}/questions/dismiss", post(questions::dismiss))
        .route("/agents/{agent}/questions/{question}/forget", post(questions::forget))
        .route("/agents/{agent}/answering", get(answering::show).post(answering::update))
}

fn team_routes() -> Router<App> {
    Router::new()
        .route("/settings/team", get(team::list))
        .route("/settings/team/invites", post(team::invite))
        .route("/settings/team/invites/{invite}/revoke", post(team::revoke))
        .route("/settings/team/{user}/role", post(team::set_role))
        .route("/settings/team/{user}/remove", post(team::remove))
        .route("/settings/audit", get(audit::list))
        .route("/settings/audit/export", get(audit::export))
}

/// How the person who is signed in signs in.
fn security_routes() -> Router<App> {
    Router::new()
        .route("/settings/security", get(security::show))
        .route("/settings/security/email", post(security::change_email))
        .route("/settings/password", post(security::change_password))
        .route("/settings/sessions", post(security::end_sessions))
        .route("/settings/security/two-step", get(two_step::show).post(two_step::enable))
        .route("/settings/security/two-step/codes", post(two_step::renew_codes))
        .route("/settings/security/two-step/disable", post(two_step::disable))
}

fn webhook_routes() -> Router<App> {
    Router::new()
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{webhook}", get(webhook::show).post(webhook::update))
        .route("/webhooks/{webhook}/enable", post(webhook::enable))
        .route("/webhooks/{webhook}/disable", post(webhook::disable))
        .route("/webhooks/{webhook}/rotate", post(webhook::rotate))
        .route("/webhooks/{webhook}/test", post(webhook::test))
        .route("/webhooks/{webhook}/recover", post(webhook::recover))
        .route("/webhooks/{webhook}/delete", post(webhook::delete))
        .route("/webhooks/{webhook}/deliveries/{delivery}", get(delivery::show))
        .route("/webhooks/{webhook}/deliveries/{delivery}/resend", post(delivery::resend))
        .route("/events", get(events::list))
}

/// What answers an address that nothing else does: people get a page, programs get JSON.
pub async fn unknown_path(request: Request) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    if !is_api && wants_html(request.headers()) {
        return PageError::from(ApiError::not_found()).into_response();
    }
    ApiError::not_found().into_response()
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// A rendered template.
struct Page<T>(T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                ApiError::internal().into_response()
            }
        }
    }
}
