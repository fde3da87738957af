//! One webhook: how it stands, what was sent to it, and everything that can be done about it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{FromRequestParts, Query, RawPathParams, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Map, Value};

use crate::domain::id::{DeliveryId, Identifier, WebhookId};
use crate::domain::page;
use crate::domain::recovery::Recovery;
use crate::domain::time::{DAY_MS, Time};
use crate::domain::webhook::{Webhook, WebhookChange};
use crate::storage::Keep;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::delivery::{DeliveryRow, StateChoice, state_of};
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Neighbours, ROWS, Section, last_of_more};
use crate::web::dashboard::proof::ProvenForm;
use crate::web::dashboard::session::{Fields, SignedForm, SignedIn};
use crate::web::dashboard::webhook_form::{self, WebhookForm};
use crate::web::dashboard::webhooks::WebhookRow;
use crate::web::docs::VERIFICATIONS;
use crate::web::error::ApiError;
use crate::web::extract::path_id;
use crate::web::webhooks::{self, missing};

#[derive(Template)]
#[template(path = "webhook.html")]
pub struct WebhookPage {
    pub nav: Nav,
    pub webhook: WebhookRow,
    pub active: bool,
    pub created: When,
    /// Until then the secret before the last one signs too.
    pub rotating_until: Option<When>,
    /// The secret that was drawn a moment ago: the only time it is shown.
    pub secret: Option<String>,
    pub form: WebhookForm,
    pub recovery: RecoveryForm,
    pub states: Vec<StateChoice>,
    pub deliveries: Vec<DeliveryRow>,
    pub newest: Option<String>,
    pub older: Option<String>,
    /// How a receiver checks a signature: key, language, source.
    pub verifications: &'static [(&'static str, &'static str, &'static str)],
}

impl WebhookPage {
    pub fn is_filtered(&self) -> bool {
        self.states.iter().any(|state| state.chosen)
    }
}

/// The values of `POST /webhooks/{id}/recover`: times as browsers write them, in UTC.
pub struct RecoveryForm {
    pub since: String,
    pub until: String,
    pub delivered_too: bool,
    pub errors: Errors,
}

/// The webhook id of the path.
pub struct WebhookPath(pub WebhookId);

impl FromRequestParts<App> for WebhookPath {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let params = RawPathParams::from_request_parts(parts, app).await.map_err(|_| ApiError::webhook_not_found())?;
        Ok(Self(path_id(&params, "webhook", ApiError::webhook_not_found)?))
    }
}

type Queried = HashMap<String, String>;

pub async fn show(
    member: SignedIn,
    WebhookPath(id): WebhookPath,
    State(app): State<App>,
    Query(query): Query<Queried>,
) -> Result<Response> {
    let mut page = page(&app, &member, id, &query).await?;
    page.nav.flash = flash(&query);
    Ok(Page(page).into_response())
}

pub async fn update(WebhookPath(id): WebhookPath, State(app): State<App>, form: SignedForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let errors = match WebhookChange::parse(&webhook_form::object(&fields), app.courier.url_policy()) {
        Ok(change) => match webhooks::change(&app, member.0.account.id.clone(), id.clone(), change).await {
            Ok(()) => return Ok(back(&id, "saved")),
            Err(error) => webhook_form::shown(error)?,
        },
        Err(rejection) => webhook_form::refused(rejection.failures),
    };
    let agents = webhook_form::agents(&app, &member).await?;
    let mut page = page(&app, &member, id, &Queried::new()).await?;
    page.form = WebhookForm::sent(&fields, &agents, errors);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

/// Asks the address for the challenge first, as at its registration; what was seen is shown with the form.
pub async fn enable(WebhookPath(id): WebhookPath, State(app): State<App>, form: SignedForm) -> Result<Response> {
    let change = WebhookChange { enabled: Some(true), ..WebhookChange::default() };
    let errors = match webhooks::change(&app, form.member.0.account.id.clone(), id.clone(), change).await {
        Ok(()) => return Ok(back(&id, "enabled")),
        Err(error) => webhook_form::shown(error)?,
    };
    let mut page = page(&app, &form.member, id, &Queried::new()).await?;
    page.form.errors = errors;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

pub async fn disable(WebhookPath(id): WebhookPath, State(app): State<App>, form: SignedForm) -> Result<Response> {
    let change = WebhookChange { enabled: Some(false), ..WebhookChange::default() };
    webhooks::change(&app, form.member.0.account.id, id.clone(), change).await?;
    Ok(back(&id, "disabled"))
}

/// Answered with the page itself, not with a redirect: the secret is in this answer alone.
pub async fn rotate(WebhookPath(id): WebhookPath, State(app): State<App>, form: ProvenForm) -> Result<Response> {
    let account = form.member.0.account.id.clone();
    let (_, secret) = webhooks::rotate(&app, account, id.clone(), |_| Keep::nothing()).await?;
    let mut page = page(&app, &form.member, id, &Queried::new()).await?;
    page.secret = Some(secret.as_str().to_owned());
    Ok(Page(page).into_response())
}

pub async fn test(WebhookPath(id): WebhookPath, State(app): State<App>, form: SignedForm) -> Result<Redirect> {
    let queued = app.store.send_test(form.member.0.account.id, id.clone(), Keep::nothing()).await.map_err(missing)?;
    Ok(Redirect::to(&format!("/webhooks/{id}/deliveries/{}?done=queued", queued.id)))
}

pub async fn recover(WebhookPath(id): WebhookPath, State(app): State<App>, form: SignedForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let errors = match Recovery::parse(&span(&fields), app.world.now()) {
        Ok(recovery) => match webhooks::recover(&app, member.0.account.id.clone(), id.clone(), recovery, Keep::nothing()).await {
            Ok(done) => return Ok(back(&id, &format!("recovered&queued={}", done.queued))),
            Err(error) => webhook_form::shown(error)?,
        },
        Err(rejection) => Errors(rejection.failures),
    };
    let mut page = page(&app, &member, id, &Queried::new()).await?;
    let text = |name| fields.text(name).to_owned();
    let delivered_too = fields.text("delivered_too") == "yes";
    page.recovery = RecoveryForm { since: text("since"), until: text("until"), delivered_too, errors };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

pub async fn delete(WebhookPath(id): WebhookPath, State(app): State<App>, form: SignedForm) -> Result<Redirect> {
    app.store.delete_webhook(form.member.0.account.id, id).await.map_err(missing)?;
    Ok(Redirect::to("/webhooks?done=deleted"))
}

fn back(id: &WebhookId, done: &str) -> Response {
    Redirect::to(&format!("/webhooks/{id}?done={done}")).into_response()
}

fn flash(query: &Queried) -> Option<String> {
    let queued = || query.get("queued").and_then(|text| text.parse::<u64>().ok());
    Some(match query.get("done")?.as_str() {
        "saved" => "Saved.".into(),
        "enabled" => "Webhook enabled.".into(),
        "disabled" => "Webhook disabled. No events are sent until you enable it.".into(),
        "recovered" => match queued()? {
            0 => "No events were missed in this time range.".into(),
            1 => "1 delivery queued.".into(),
            many => format!("{many} deliveries queued."),
        },
        _ => return None,
    })
}

/// The form's fields as the API would have got them.
fn span(fields: &Fields) -> Map<String, Value> {
    let mut body = Map::new();
    for name in ["since", "until"] {
        if let Some(text) = Some(fields.text(name)).filter(|text| !text.is_empty() || name == "since") {
            body.insert(name.into(), instant(text).into());
        }
    }
    body.insert("include_delivered".into(), (fields.text("delivered_too") == "yes").into());
    body
}

/// `2026-03-15T08:30`, with or without seconds, is in UTC; whatever else was sent is left to be refused.
fn instant(text: &str) -> String {
    match text.len() {
        16 => format!("{text}:00Z"),
        19 => format!("{text}Z"),
        _ => text.to_owned(),
    }
}

async fn page(app: &App, member: &SignedIn, id: WebhookId, query: &Queried) -> Result<WebhookPage> {
    let account = member.0.account.id.clone();
    let webhook = app.store.webhook(account.clone(), id.clone()).await.map_err(missing)?;
    let agents = webhook_form::agents(app, member).await?;
    let (state, after) = (state_of(query), query.get("after").filter(|id| DeliveryId::parse(id).is_some()).cloned());
    let mut rows = page::Page { after: after.clone(), counted: false, ..page::Page::first(ROWS + 1) };
    rows.filter.status = state;
    let mut deliveries = app.store.deliveries(account, id.clone(), rows).await?.rows;
    let last = last_of_more(&mut deliveries).map(|delivery| delivery.id.to_string());
    let filter = [("status", state.unwrap_or_default())];
    let Neighbours { newest, older } = Neighbours::new(&format!("/webhooks/{id}"), &filter, after.as_deref(), last.as_deref());
    Ok(WebhookPage {
        nav: member.nav(Section::Webhooks),
        active: webhook.status == "active",
        created: When::new(webhook.created_at),
        rotating_until: webhook.flip_at.map(When::new),
        secret: None,
        form: WebhookForm::of(&webhook, &agents),
        recovery: RecoveryForm::suggested(&webhook, app.world.now()),
        states: StateChoice::all(state),
        deliveries: deliveries.into_iter().map(DeliveryRow::new).collect(),
        newest,
        older,
        verifications: VERIFICATIONS,
        webhook: WebhookRow::new(webhook, &agents),
    })
}

impl RecoveryForm {
    /// Since it began to fail or was switched off; otherwise the last day.
    fn suggested(webhook: &Webhook, now: Time) -> Self {
        let since = webhook.failing_since.or(webhook.disabled_at).unwrap_or(now.plus_ms(-DAY_MS));
        let since = since.to_string().chars().take(16).collect();
        Self { since, until: String::new(), delivered_too: false, errors: Errors::default() }
    }
}
