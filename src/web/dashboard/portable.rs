//! An agent duplicated, written to a file, and read from one.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::agent::portable::PortableAgent;
use crate::storage;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::agents::plan_is_full;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{LargeForm, OwnAgent, SignedForm, SignedIn};
use crate::web::error::ApiError;

#[derive(Template)]
#[template(path = "import.html")]
pub struct ImportPage {
    pub nav: Nav,
    pub file: String,
    pub errors: Errors,
}

/// More of them help nobody to mend a file.
const FAILURES_SHOWN: usize = 10;

pub async fn duplicate(OwnAgent(agent): OwnAgent, State(app): State<App>, form: SignedForm) -> Result<Redirect> {
    let plan = app.plan_of(&form.member.0.account);
    let copied = app.store.duplicate_agent(agent.account, agent.id, plan.agents_max).await;
    let copy = copied.map_err(|error| match error {
        storage::Error::LimitReached => ApiError::plan_limit(plan_is_full(&plan)),
        other => other.into(),
    })?;
    Ok(Redirect::to(&format!("/agents/{}?done=duplicated", copy.id)))
}

pub async fn export(_: SignedIn, OwnAgent(agent): OwnAgent, State(app): State<App>) -> Result<Response> {
    let id = agent.id.clone();
    let file = app.store.export_agent(agent.account, agent.id).await?.to_json();
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.json\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file).into_response())
}

pub async fn show_import(member: SignedIn) -> Response {
    Page(ImportPage { nav: member.nav(Section::Agents), file: String::new(), errors: Errors::default() }).into_response()
}

pub async fn import(State(app): State<App>, LargeForm(form): LargeForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let plan = app.plan_of(&member.0.account);
    let errors = match PortableAgent::parse(fields.text("file")) {
        Ok(portable) => match app.store.import_agent(member.0.account.id.clone(), portable, plan.agents_max).await {
            Ok(agent) => return Ok(Redirect::to(&format!("/agents/{}?done=imported", agent.id)).into_response()),
            Err(storage::Error::LimitReached) => Errors::whole(plan_is_full(&plan)),
            Err(error) => return Err(error.into()),
        },
        Err(rejection) => Errors(rejection.failures),
    };
    let page = ImportPage { nav: member.nav(Section::Agents), file: fields.text("file").to_owned(), errors };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

impl ImportPage {
    /// Each in one line, and how many more there are.
    pub fn failures(&self) -> (Vec<String>, usize) {
        let named = self.errors.0.iter().filter(|failure| !failure.field.is_empty());
        let lines: Vec<_> = named.map(|failure| format!("{}: {}", failure.field, failure.message)).collect();
        let more = lines.len().saturating_sub(FAILURES_SHOWN);
        (lines.into_iter().take(FAILURES_SHOWN).collect(), more)
    }
}
