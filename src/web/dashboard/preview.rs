//! Pages that carry the widget: the preview inside the dashboard, and the public demo.

use askama::Template;
use axum::extract::{RawPathParams, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::domain::id::AgentId;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::session::OwnAgent;
use crate::web::error::ApiError;
use crate::web::extract::path_id;
use crate::web::trial::Trial;

/// Shown in a frame of the agent's page, so its headers must let the dashboard frame it.
#[derive(Template)]
#[template(path = "preview.html")]
pub struct PreviewPage {
    pub agent_id: String,
    pub agent_name: String,
    pub trial: String,
}

/// A made-up business, for trying the widget where visitors meet it. Only `serve --demo` shows it.
#[derive(Template)]
#[template(path = "demo.html")]
pub struct DemoPage {
    pub agent_id: String,
    pub trial: String,
}

/// The dashboard frames this page; no other site may.
const FRAMED: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

pub async fn preview(State(app): State<App>, OwnAgent(agent): OwnAgent) -> Result<Response> {
    let trial = Trial::Preview.pass(&app, &agent.id);
    let page = PreviewPage { agent_id: agent.id.to_string(), agent_name: agent.name, trial };
    Ok(([(header::CONTENT_SECURITY_POLICY, FRAMED), (header::X_FRAME_OPTIONS, "SAMEORIGIN")], Page(page)).into_response())
}

pub async fn demo(State(app): State<App>, params: RawPathParams) -> Result<Response> {
    let id: AgentId = path_id(&params, "agent", ApiError::not_found)?;
    let agent = app.store.embedded_agent(id).await?;
    if !app.config.demo || !agent.is_active() {
        return Err(ApiError::not_found().into());
    }
    let trial = Trial::Demo.pass(&app, &agent.id);
    Ok(Page(DemoPage { agent_id: agent.id.to_string(), trial }).into_response())
}
