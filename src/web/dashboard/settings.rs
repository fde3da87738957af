//! A person's name, and their account's name, plan and payments.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::Invalid;
use crate::domain::account::{ACCOUNT_NAME, Role};
use crate::domain::input::text_of_form;
use crate::domain::operator::HAND_BACK_MINUTES_MAX;
use crate::domain::payment::Payment;
use crate::web::App;
use crate::web::audit::{Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::display::{PageUrl, When, amount};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{SignedForm, SignedIn};

#[derive(Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    pub nav: Nav,
    pub profile: ProfileForm,
    pub live: LiveForm,
    pub plan: PlanCard,
    pub payments: Vec<PaymentRow>,
    pub keeps_server: bool,
}

/// The values of `POST /settings` and of `POST /settings/account`.
pub struct ProfileForm {
    pub account: String,
    pub name: String,
    pub errors: Errors,
}

/// The value of `POST /settings/live`.
pub struct LiveForm {
    pub minutes: String,
    pub minutes_max: u32,
    pub errors: Errors,
}

pub struct PlanCard {
    pub name: String,
    pub agents: Option<u32>,
    pub conversations: Option<u32>,
    /// Where a plan is bought; none where the operator takes no payments.
    pub payment_link: Option<String>,
}

pub struct PaymentRow {
    pub amount: String,
    pub plan: String,
    pub paid: When,
    pub from: When,
    pub until: When,
    pub invoice: String,
    pub invoice_page: PageUrl,
}

pub async fn show(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let mut page = page(&app, &member).await?;
    page.nav.flash = (query.get("done").map(String::as_str) == Some("saved")).then(|| "Saved.".to_owned());
    Ok(Page(page).into_response())
}

pub async fn update(State(app): State<App>, form: SignedForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let failure = match text_of_form(fields.text("name"), &ACCOUNT_NAME) {
        Ok(name) => {
            let user = member.0.user;
            let told = Told::of(&user.id, &format!("{} to {name}", user.name));
            app.store.rename_user(user.account, user.id, name).await?;
            return Ok(tell(Redirect::to("/settings?done=saved").into_response(), told));
        }
        Err(message) => Invalid::new("name", message),
    };
    let mut page = page(&app, &member).await?;
    page.profile = ProfileForm { name: fields.text("name").into(), errors: Errors(vec![failure]), ..page.profile };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

pub async fn rename_account(State(app): State<App>, form: SignedForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let failure = match text_of_form(fields.text("account"), &ACCOUNT_NAME) {
        Ok(name) => {
            app.store.rename_account(member.0.account.id, name).await?;
            return Ok(Redirect::to("/settings?done=saved").into_response());
        }
        Err(message) => Invalid::new("account", message),
    };
    let mut page = page(&app, &member).await?;
    page.profile = ProfileForm { account: fields.text("account").into(), errors: Errors(vec![failure]), ..page.profile };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

/// After how many minutes without a reply conversations go back to their agents.
pub async fn set_live(State(app): State<App>, form: SignedForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let text = fields.text("minutes").trim();
    if let Some(minutes) = text.parse::<u32>().ok().filter(|minutes| *minutes <= HAND_BACK_MINUTES_MAX) {
        let account = member.0.account.id;
        app.store.set_hand_back_minutes(account.clone(), minutes).await?;
        return Ok(tell(Redirect::to("/settings?done=saved").into_response(), Told::of(&account, &format!("{minutes} minutes"))));
    }
    let message = format!("must be a whole number from 0 to {HAND_BACK_MINUTES_MAX}");
    let errors = Errors(vec![Invalid::new("minutes", message)]);
    let mut page = page(&app, &member).await?;
    page.live = LiveForm { minutes: text.to_owned(), errors, ..page.live };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

async fn page(app: &App, member: &SignedIn) -> Result<SettingsPage> {
    let (account, user) = (&member.0.account, &member.0.user);
    // What is paid is the owners' business.
    let is_owner = user.role == Role::Owner;
    let payments = if is_owner { app.store.payments(account.id.clone()).await? } else { Vec::new() };
    let plan = app.plan_of(account);
    Ok(SettingsPage {
        nav: member.nav(Section::Settings),
        profile: ProfileForm { account: account.name.clone(), name: user.name.clone(), errors: Errors::default() },
        live: LiveForm {
            minutes: app.store.hand_back_minutes(account.id.clone()).await?.to_string(),
            minutes_max: HAND_BACK_MINUTES_MAX,
            errors: Errors::default(),
        },
        plan: PlanCard {
            name: plan.name,
            agents: plan.agents_max,
            conversations: plan.conversations_max,
            payment_link: app.config.stripe.payment_link(account).filter(|_| is_owner),
        },
        payments: payments.into_iter().map(PaymentRow::new).collect(),
        keeps_server: app.store.keeps_server(user.id.clone()).await?,
    })
}

impl PaymentRow {
    fn new(payment: Payment) -> Self {
        Self {
            amount: amount(payment.amount_cents, &payment.currency),
            plan: payment.plan,
            paid: When::new(payment.paid_at),
            from: When::new(payment.period_start),
            until: When::new(payment.period_end),
            invoice: payment.invoice,
            invoice_page: PageUrl(payment.invoice_url.unwrap_or_default()),
        }
    }
}
