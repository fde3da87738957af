//! The first run: an agent with something to say, tried at once, and put on a website.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::answer::suggest;
use crate::domain::agent::portable::PortableAgent;
use crate::domain::agent::{COLOR_DEFAULT, GREETING_DEFAULT, NewAgent};
use crate::domain::knowledge::{KnowledgeType, NewKnowledge, Source};
use crate::domain::time::{DAY_MS, SECOND_MS};
use crate::domain::{Invalid, sample};
use crate::storage;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::agents::plan_is_full;
use crate::web::dashboard::cookie::SKIPPED;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::install::Install;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{Fields, OwnAgent, SignedForm, SignedIn};

const SKIPPED_AGE_S: i64 = 365 * DAY_MS / SECOND_MS;

#[derive(Template)]
#[template(path = "start.html")]
pub struct StartPage {
    pub nav: Nav,
    pub form: StartForm,
}

/// The values of `POST /start`.
pub struct StartForm {
    pub name: String,
    pub color: String,
    pub greeting: String,
    /// Whether the agent begins with the sample instead of what was pasted.
    pub sample: bool,
    pub knowledge: String,
    pub kind: String,
    pub file_name: String,
    pub errors: Errors,
}

#[derive(Template)]
#[template(path = "start_agent.html")]
pub struct StartAgentPage {
    pub nav: Nav,
    pub id: String,
    pub name: String,
    pub active: bool,
    /// What it may be asked first.
    pub questions: Vec<String>,
    pub install: Install,
}

pub async fn show(member: SignedIn) -> Response {
    let form = StartForm::new(member.0.account.name.clone());
    Page(StartPage { nav: member.nav(Section::Agents), form }).into_response()
}

pub async fn create(State(app): State<App>, SignedForm { member, fields }: SignedForm) -> Result<Response> {
    let plan = app.plan_of(&member.0.account);
    let errors = match agent_of(&fields) {
        Ok(new) => match app.store.import_agent(member.0.account.id.clone(), new, plan.agents_max).await {
            Ok(agent) => return Ok(Redirect::to(&format!("/start/{}", agent.id)).into_response()),
            Err(storage::Error::LimitReached) => Errors::whole(plan_is_full(&plan)),
            Err(error) => return Err(error.into()),
        },
        Err(errors) => errors,
    };
    let page = StartPage { nav: member.nav(Section::Agents), form: StartForm::sent(&fields, errors) };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

pub async fn show_agent(member: SignedIn, OwnAgent(agent): OwnAgent, State(app): State<App>) -> Result<Response> {
    let install = Install::of(&app, &agent).await?;
    Ok(Page(StartAgentPage {
        nav: member.nav(Section::Agents),
        id: agent.id.to_string(),
        active: agent.is_active(),
        name: agent.name,
        questions: agent.appearance.suggestions.into_iter().take(suggest::SUGGESTED).collect(),
        install,
    })
    .into_response())
}

/// This browser is not led here any more.
pub async fn skip(State(app): State<App>, _: SignedIn) -> Response {
    let kept = SKIPPED.write(&app, "skipped", Some(SKIPPED_AGE_S));
    ([(header::SET_COOKIE, kept)], Redirect::to("/")).into_response()
}

pub fn is_skipped(app: &App, headers: &HeaderMap) -> bool {
    SKIPPED.read(app, headers).is_some()
}

/// What was wrong with the agent and with its knowledge is told at once.
fn agent_of(fields: &Fields) -> std::result::Result<PortableAgent, Errors> {
    let agent = NewAgent::parse(&fields.object(&[("name", "name"), ("greeting", "greeting"), ("color", "color")]));
    match (agent, knowledge_of(fields)) {
        (Ok(mut agent), Ok(knowledge)) => {
            agent.appearance.suggestions = suggest::questions(&knowledge);
            Ok(PortableAgent { agent, knowledge: vec![knowledge], questions: Vec::new() })
        }
        (agent, knowledge) => {
            let mut failures = agent.err().map(|rejection| rejection.failures).unwrap_or_default();
            failures.extend(knowledge.err().unwrap_or_default());
            Err(Errors(failures).renamed("content", "knowledge"))
        }
    }
}

fn knowledge_of(fields: &Fields) -> std::result::Result<NewKnowledge, Vec<Invalid>> {
    if is_sample(fields) {
        return Ok(NewKnowledge::new(KnowledgeType::Faq, sample::FAQ, Source::Sample));
    }
    if fields.text("knowledge").trim().is_empty() {
        return Err(vec![Invalid::new("knowledge", "paste your text, or choose the sample content")]);
    }
    let parsed = NewKnowledge::parse(&fields.object(&[("content", "knowledge"), ("type", "type")]));
    let knowledge = parsed.map_err(|rejection| rejection.failures)?;
    Ok(NewKnowledge { source: Source::of_form(fields.text("file_name")), ..knowledge })
}

fn is_sample(fields: &Fields) -> bool {
    fields.text("from") == "sample"
}

impl StartForm {
    fn new(account: String) -> Self {
        Self {
            name: account,
            color: COLOR_DEFAULT.to_owned(),
            greeting: GREETING_DEFAULT.to_owned(),
            sample: false,
            knowledge: String::new(),
            kind: KnowledgeType::Text.as_str().to_owned(),
            file_name: String::new(),
            errors: Errors::default(),
        }
    }

    fn sent(fields: &Fields, errors: Errors) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            name: text("name"),
            color: text("color"),
            greeting: text("greeting"),
            sample: is_sample(fields),
            knowledge: text("knowledge"),
            kind: text("type"),
            file_name: text("file_name"),
            errors,
        }
    }
}
