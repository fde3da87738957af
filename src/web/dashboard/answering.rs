//! How an agent answers: its tone and caution, what its owner wants of models, and which of them writes.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use crate::domain::Invalid;
use crate::domain::agent::{Agent, AgentChange};
use crate::domain::answering::{Answering, Caution, Tone};
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{Fields, OwnAgent, SignedForm, SignedIn};

#[derive(Template)]
#[template(path = "answering.html")]
pub struct AnsweringPage {
    pub nav: Nav,
    pub id: String,
    pub name: String,
    pub color: String,
    /// Whether the server has models at all; without one every answer is quoted.
    pub has_models: bool,
    pub form: AnsweringForm,
}

/// The values of `POST /agents/{id}/answering`.
pub struct AnsweringForm {
    pub instructions: String,
    pub tones: Vec<Choice>,
    pub cautions: Vec<Choice>,
    pub models: Vec<Choice>,
    pub ask_unmatched: bool,
    pub errors: Errors,
}

pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

pub async fn show(
    member: SignedIn,
    OwnAgent(agent): OwnAgent,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let form = AnsweringForm::of(&app, &agent.answering);
    let mut page = AnsweringPage::new(&app, &member, agent, form);
    let saved = query.get("done").map(String::as_str) == Some("saved");
    page.nav.flash = saved.then(|| "Saved.".to_owned());
    Ok(Page(page).into_response())
}

pub async fn update(
    OwnAgent(agent): OwnAgent,
    State(app): State<App>,
    SignedForm { member, fields }: SignedForm,
) -> Result<Response> {
    let errors = match AgentChange::parse(&object(&fields)) {
        Ok(change) => {
            let agent = app.store.update_agent(agent.account, agent.id, change).await?;
            return Ok(Redirect::to(&format!("/agents/{}/answering?done=saved", agent.id)).into_response());
        }
        Err(rejection) => Errors(rejection.failures.into_iter().map(short).collect()),
    };
    let form = AnsweringForm::sent(&app, &fields, errors);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(AnsweringPage::new(&app, &member, agent, form))).into_response())
}

/// The fields as the API would have got them. Browsers end lines of a text with two characters; one is meant.
fn object(fields: &Fields) -> Map<String, Value> {
    let mut answering = fields.object(&[("tone", "tone"), ("caution", "caution"), ("model", "model")]);
    answering.insert("instructions".into(), fields.text("instructions").replace("\r\n", "\n").into());
    answering.insert("ask_unmatched".into(), (fields.text("ask_unmatched") == "yes").into());
    Map::from_iter([("answering".to_owned(), Value::Object(answering))])
}

/// `answering.tone` is the form's field `tone`.
fn short(failure: Invalid) -> Invalid {
    let field = failure.field.strip_prefix("answering.").unwrap_or(&failure.field).to_owned();
    Invalid::new(field, failure.message)
}

impl AnsweringPage {
    fn new(app: &App, member: &SignedIn, agent: Agent, form: AnsweringForm) -> Self {
        Self {
            nav: member.nav(Section::Agents),
            id: agent.id.to_string(),
            has_models: !app.config.answers.models.is_empty(),
            name: agent.name,
            color: agent.color,
            form,
        }
    }
}

impl AnsweringForm {
    fn of(app: &App, answering: &Answering) -> Self {
        let Answering { instructions, tone, caution, model, ask_unmatched } = answering;
        let chosen = [tone.as_str(), caution.as_str(), model.as_str()];
        Self::new(app, instructions, chosen, *ask_unmatched, Errors::default())
    }

    fn sent(app: &App, fields: &Fields, errors: Errors) -> Self {
        let chosen = ["tone", "caution", "model"].map(|name| fields.text(name));
        Self::new(app, fields.text("instructions"), chosen, fields.text("ask_unmatched") == "yes", errors)
    }

    fn new(app: &App, instructions: &str, [tone, caution, model]: [&str; 3], ask_unmatched: bool, errors: Errors) -> Self {
        let choice = |value: &str, label: &str, chosen: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: value == chosen,
        };
        let mut models =
            vec![choice("on", "Written by a model from your content", model), choice("off", "Quoted from your content", model)];
        models
            .extend(app.config.answers.models.iter().map(|name| choice(name, &format!("{name} first, then the others"), model)));
        // One that is no longer configured stays chosen until its owner chooses another.
        if !models.iter().any(|one| one.chosen) {
            models.push(choice(model, &format!("{model} (not configured, skipped)"), model));
        }
        Self {
            instructions: instructions.to_owned(),
            tones: Tone::NAMES.iter().map(|name| choice(name, tone_label(name), tone)).collect(),
            cautions: Caution::NAMES.iter().map(|name| choice(name, caution_label(name), caution)).collect(),
            models,
            ask_unmatched,
            errors,
        }
    }
}

fn tone_label(name: &'static str) -> &'static str {
    match Tone::parse(name) {
        Ok(Tone::Neutral) => "Neutral",
        Ok(Tone::Friendly) => "Friendly",
        Ok(Tone::Formal) => "Formal",
        Ok(Tone::Brief) => "Brief",
        Err(_) => name,
    }
}

fn caution_label(name: &'static str) -> &'static str {
    match Caution::parse(name) {
        Ok(Caution::Low) => "Low: answers more, more mistakes",
        Ok(Caution::Normal) => "Normal",
        Ok(Caution::High) => "High: says “I don’t know” when in doubt",
        Err(_) => name,
    }
}
