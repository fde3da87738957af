//! The account's webhooks: how each stands, and a new one.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::domain::agent::Agent;
use crate::domain::id::AgentId;
use crate::domain::webhook::{EventType, NewWebhook, WEBHOOKS_MAX, Webhook};
use crate::storage::Keep;
use crate::web::App;
use crate::web::audit::{Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::proof::ProvenForm;
use crate::web::dashboard::session::SignedIn;
use crate::web::dashboard::webhook_form::{self, WebhookForm};
use crate::web::webhooks;

#[derive(Template)]
#[template(path = "webhooks.html")]
pub struct WebhooksPage {
    pub nav: Nav,
    pub webhooks: Vec<WebhookRow>,
    pub webhooks_max: usize,
    pub form: WebhookForm,
    /// The webhook that was registered a moment ago: the only time its secret is shown.
    pub created: Option<CreatedWebhook>,
}

impl WebhooksPage {
    pub fn is_full(&self) -> bool {
        self.webhooks_max <= self.webhooks.len()
    }
}

pub struct WebhookRow {
    pub id: String,
    pub url: String,
    /// None hears of every agent.
    pub agent: Option<String>,
    pub events: Vec<&'static str>,
    pub state: WebhookState,
    pub success: Option<String>,
    pub last_triggered: Option<When>,
}

/// How a webhook stands, in the words and the colour of its badge.
pub struct WebhookState {
    pub label: &'static str,
    pub badge: &'static str,
    /// What made it so; empty where all is well.
    pub why: &'static str,
    pub since: Option<When>,
}

pub struct CreatedWebhook {
    pub id: String,
    pub url: String,
    pub secret: String,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let agents = webhook_form::agents(&app, &member).await?;
    let mut page = page(&app, &member, &agents, WebhookForm::fresh(&agents), None).await?;
    let deleted = query.get("done").map(String::as_str) == Some("deleted");
    page.nav.flash = deleted.then(|| "Webhook deleted. No more events are sent to it.".to_owned());
    Ok(Page(page).into_response())
}

/// Answered with the page itself, not with a redirect: the secret is in this answer alone.
pub async fn create(State(app): State<App>, ProvenForm { member, fields }: ProvenForm) -> Result<Response> {
    let agents = webhook_form::agents(&app, &member).await?;
    let errors = match NewWebhook::parse(&webhook_form::object(&fields), app.courier.url_policy()) {
        Ok(new) => match webhooks::register(&app, member.0.account.id.clone(), new, |_| Keep::nothing()).await {
            Ok((webhook, secret)) => {
                let (id, secret) = (webhook.id.to_string(), secret.as_str().to_owned());
                let created = CreatedWebhook { id, url: webhook.url, secret };
                let told = Told::of(&created.id, "");
                let page = page(&app, &member, &agents, WebhookForm::fresh(&agents), Some(created)).await?;
                return Ok(tell(Page(page).into_response(), told));
            }
            Err(error) => webhook_form::shown(error)?,
        },
        Err(rejection) => webhook_form::refused(rejection.failures),
    };
    let form = WebhookForm::sent(&fields, &agents, errors);
    let page = page(&app, &member, &agents, form, None).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

async fn page(
    app: &App,
    member: &SignedIn,
    agents: &[Agent],
    form: WebhookForm,
    created: Option<CreatedWebhook>,
) -> Result<WebhooksPage> {
    let webhooks = app.store.webhooks(member.0.account.id.clone()).await?;
    let webhooks = webhooks.into_iter().map(|webhook| WebhookRow::new(webhook, agents)).collect();
    Ok(WebhooksPage { nav: member.nav(Section::Webhooks), webhooks, webhooks_max: WEBHOOKS_MAX, form, created })
}

impl WebhookRow {
    pub fn new(webhook: Webhook, agents: &[Agent]) -> Self {
        Self {
            state: WebhookState::of(&webhook),
            success: webhook.success_rate.map(|rate| format!("{:.0} %", rate * 100.0)),
            id: webhook.id.to_string(),
            agent: webhook.agent.map(|id| name_of(&id, agents)),
            events: webhook.events.into_iter().map(EventType::as_str).collect(),
            url: webhook.url,
            last_triggered: webhook.last_triggered_at.map(When::new),
        }
    }
}

fn name_of(id: &AgentId, agents: &[Agent]) -> String {
    agents.iter().find(|agent| agent.id == *id).map_or_else(|| id.to_string(), |agent| agent.name.clone())
}

impl WebhookState {
    fn of(webhook: &Webhook) -> Self {
        let since = webhook.disabled_at.map(When::new);
        let disabled = |why| Self { label: "Disabled", badge: "badge-bad", why, since };
        match (webhook.status.as_str(), webhook.disabled_reason.as_deref()) {
            ("active", _) => match webhook.failing_since {
                None => Self { label: "Active", badge: "badge-good", why: "", since: None },
                Some(since) => {
                    Self { label: "Failing", badge: "badge-warn", why: "Every attempt has failed", since: Some(When::new(since)) }
                }
            },
            (_, Some("gone")) => disabled("The address answered 410 Gone"),
            (_, Some("failing")) => disabled("Every attempt failed for five days"),
            _ => Self { badge: "", ..disabled("Disabled manually") },
        }
    }
}
