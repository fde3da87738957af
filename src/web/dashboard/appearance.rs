//! How an agent's widget looks and behaves: a form of the agent's page, followed by the preview beside it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use crate::domain::Invalid;
use crate::domain::agent::AgentChange;
use crate::domain::agent::appearance::{Appearance, AppearanceChange};
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::agent::{SettingsForm, of_whole_list, page};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::session::{Fields, OwnAgent, SignedForm};

/// The values of `POST /agents/{id}/appearance`, as they were typed.
pub struct AppearanceForm {
    pub position: String,
    pub offset_x: String,
    pub offset_y: String,
    pub theme: String,
    pub launcher_text: String,
    /// One a line.
    pub suggestions: String,
    pub disclosure: bool,
    pub proactive_after_seconds: String,
    /// One path a line.
    pub hide_on: String,
    /// One name a line.
    pub page_parameters: String,
    pub lead_fields: Vec<String>,
    pub lead_rule: String,
    pub lead_after_messages: String,
    pub consent_text: String,
    pub consent_url: String,
    /// One a line: `de.placeholder: Ihre Frage`.
    pub texts: String,
    pub errors: Errors,
}

/// What the form for contact details can ask: value and label.
pub const LEAD_FIELD_LABELS: [(&str, &str); 5] =
    [("name", "Name"), ("email", "E-mail"), ("phone", "Phone"), ("company", "Company"), ("message", "Message")];

pub const LEAD_RULE_LABELS: [(&str, &str); 3] = [
    ("when_needed", "When the agent can’t help"),
    ("before_first_message", "Before the first message"),
    ("after_messages", "After a number of messages"),
];

const PLAIN: [&str; 6] = ["position", "theme", "launcher_text", "lead_rule", "consent_text", "consent_url"];
const NUMBERS: [&str; 4] = ["offset_x", "offset_y", "proactive_after_seconds", "lead_after_messages"];
const LISTS: [&str; 3] = ["suggestions", "hide_on", "page_parameters"];

pub async fn update(
    OwnAgent(agent): OwnAgent,
    State(app): State<App>,
    SignedForm { member, fields }: SignedForm,
) -> Result<Response> {
    let failures = match change_of(&fields) {
        Ok(change) => {
            let change = AgentChange { appearance: Some(change), ..AgentChange::default() };
            let agent = app.store.update_agent(agent.account, agent.id, change).await?;
            app.live.agent_changed(&agent.id);
            return Ok(Redirect::to(&format!("/agents/{}?done=saved#appearance", agent.id)).into_response());
        }
        Err(failures) => failures,
    };
    let settings = SettingsForm::of(&agent, Errors::default());
    let mut page = page(&app, &member, agent, settings).await?;
    page.appearance = AppearanceForm::typed(&fields, failures);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

fn change_of(fields: &Fields) -> std::result::Result<AppearanceChange, Vec<Invalid>> {
    let mut body = fields.object(&PLAIN.map(|name| (name, name)));
    for name in NUMBERS.into_iter().filter(|name| fields.all(name).next().is_some()) {
        // What is no number is left a text, and refused as one.
        let text = fields.text(name).trim();
        body.insert(name.to_owned(), text.parse::<u64>().map_or_else(|_| text.into(), Value::from));
    }
    for name in LISTS {
        let lines: Vec<&str> = fields.text(name).lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        body.insert(name.to_owned(), lines.into());
    }
    body.insert("disclosure".to_owned(), (!fields.text("disclosure").is_empty()).into());
    body.insert("lead_fields".to_owned(), fields.all("lead_fields").collect::<Vec<_>>().into());
    body.insert("texts".to_owned(), texts_of(fields.text("texts")).map_err(|failure| vec![failure])?);
    AppearanceChange::parse(&body, "").map_err(|rejection| rejection.failures.into_iter().map(of_whole_field).collect())
}

fn texts_of(lines: &str) -> std::result::Result<Value, Invalid> {
    let mut locales = Map::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let parts = line.split_once(':').and_then(|(name, text)| Some((name.trim().split_once('.')?, text.trim())));
        let Some(((locale, name), text)) = parts else {
            return Err(Invalid::new(
                "texts",
                format!("must have a language, a name and a text on each line. This line does not: {line}"),
            ));
        };
        if let Value::Object(texts) = locales.entry(locale).or_insert_with(|| Value::Object(Map::new())) {
            texts.insert(name.to_owned(), text.into());
        }
    }
    Ok(Value::Object(locales))
}

/// The form has one field for all texts, so what is wrong with `texts.de.send` is said beside that field.
fn of_whole_field(failure: Invalid) -> Invalid {
    match failure.field.split_once('.') {
        Some((field, name)) => Invalid::new(field, format!("{name} {}", failure.message)),
        None => of_whole_list(failure),
    }
}

impl AppearanceForm {
    pub fn of(look: &Appearance) -> Self {
        let texts = look.texts.iter().flat_map(|(locale, texts)| {
            // One line a text: a line break in one becomes a space.
            texts.iter().map(move |(name, text)| format!("{locale}.{name}: {}", text.replace('\n', " ")))
        });
        Self {
            position: look.position.clone(),
            offset_x: look.offset_x.to_string(),
            offset_y: look.offset_y.to_string(),
            theme: look.theme.clone(),
            launcher_text: look.launcher_text.clone(),
            suggestions: look.suggestions.join("\n"),
            disclosure: look.disclosure,
            proactive_after_seconds: look.proactive_after_seconds.to_string(),
            hide_on: look.hide_on.join("\n"),
            page_parameters: look.page_parameters.join("\n"),
            lead_fields: look.lead_fields.clone(),
            lead_rule: look.lead_rule.clone(),
            lead_after_messages: look.lead_after_messages.to_string(),
            consent_text: look.consent_text.clone(),
            consent_url: look.consent_url.clone(),
            texts: texts.collect::<Vec<_>>().join("\n"),
            errors: Errors::default(),
        }
    }

    fn typed(fields: &Fields, failures: Vec<Invalid>) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self {
            position: text("position"),
            offset_x: text("offset_x"),
            offset_y: text("offset_y"),
            theme: text("theme"),
            launcher_text: text("launcher_text"),
            suggestions: text("suggestions"),
            disclosure: !fields.text("disclosure").is_empty(),
            proactive_after_seconds: text("proactive_after_seconds"),
            hide_on: text("hide_on"),
            page_parameters: text("page_parameters"),
            lead_fields: fields.all("lead_fields").map(str::to_owned).collect(),
            lead_rule: text("lead_rule"),
            lead_after_messages: text("lead_after_messages"),
            consent_text: text("consent_text"),
            consent_url: text("consent_url"),
            texts: text("texts"),
            errors: Errors(failures),
        }
    }

    pub fn asks(&self, field: &str) -> bool {
        self.lead_fields.iter().any(|asked| asked == field)
    }
}
