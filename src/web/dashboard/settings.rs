//! A person's own settings: name, password and sessions; and their account's plan and payments.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::auth::{hex, password};
use crate::domain::Invalid;
use crate::domain::account::{ACCOUNT_NAME, Role};
use crate::domain::input::text_of_form;
use crate::domain::payment::Payment;
use crate::storage::OpenSession;
use crate::web::App;
use crate::web::client::ClientAddress;
use crate::web::dashboard::Page;
use crate::web::dashboard::auth::hashed;
use crate::web::dashboard::display::{PageUrl, When, amount, browser};
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{self, SignedForm, SignedIn, own_hash};
use crate::web::dashboard::tries;
use crate::web::error::ApiError;

#[derive(Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    pub nav: Nav,
    pub profile: ProfileForm,
    pub password_errors: Errors,
    pub sessions: Vec<SessionRow>,
    pub plan: PlanCard,
    pub payments: Vec<PaymentRow>,
}

/// The values of `POST /settings` and of `POST /settings/account`.
pub struct ProfileForm {
    pub account: String,
    pub name: String,
    pub errors: Errors,
}

pub struct SessionRow {
    /// The hash of its token, which opens nothing.
    pub id: String,
    pub browser: String,
    pub address: String,
    pub opened: When,
    pub seen: When,
    /// This page was asked for in it.
    pub own: bool,
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

pub async fn show(
    member: SignedIn,
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let mut page = page(&app, &member, &headers).await?;
    page.nav.flash = query.get("done").and_then(|done| flash(done)).map(str::to_owned);
    Ok(Page(page).into_response())
}

pub async fn update(State(app): State<App>, headers: HeaderMap, form: SignedForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let failure = match text_of_form(fields.text("name"), &ACCOUNT_NAME) {
        Ok(name) => {
            app.store.rename_user(member.0.account.id, member.0.user.id, name).await?;
            return Ok(back("saved"));
        }
        Err(message) => Invalid::new("name", message),
    };
    let mut page = page(&app, &member, &headers).await?;
    page.profile = ProfileForm { name: fields.text("name").into(), errors: Errors(vec![failure]), ..page.profile };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

pub async fn rename_account(State(app): State<App>, headers: HeaderMap, form: SignedForm) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let failure = match text_of_form(fields.text("account"), &ACCOUNT_NAME) {
        Ok(name) => {
            app.store.rename_account(member.0.account.id, name).await?;
            return Ok(back("saved"));
        }
        Err(message) => Invalid::new("account", message),
    };
    let mut page = page(&app, &member, &headers).await?;
    page.profile = ProfileForm { account: fields.text("account").into(), errors: Errors(vec![failure]), ..page.profile };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

/// Ends every session and opens a new one here: whoever knew the old password is out.
pub async fn change_password(
    State(app): State<App>,
    address: ClientAddress,
    headers: HeaderMap,
    form: SignedForm,
) -> Result<Response> {
    let SignedForm { member, fields } = form;
    let new = fields.text("new_password");
    let user = member.0.user.clone();
    if let Err(message) = password::check(new) {
        let mut page = page(&app, &member, &headers).await?;
        page.password_errors = Errors::of_field("new_password", message);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
    }
    let who = tries::proving(&user.id);
    if let Err(refused) = tries::password(&app, &who, fields.text("password"), Some(&user.password_hash)).await? {
        let mut page = page(&app, &member, &headers).await?;
        page.password_errors = Errors::of_field("password", refused.message("is not your password"));
        return Ok(refused.answer(Page(page)));
    }
    let hash = hashed(&app, new.to_owned()).await?;
    app.store.set_password(user.email.clone(), hash).await?;
    let cookie = session::open(&app, user, address, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], back("password")).into_response())
}

/// Ends the session that the form names, or all but this one.
pub async fn end_sessions(State(app): State<App>, headers: HeaderMap, form: SignedForm) -> Result<Response> {
    let (account, user) = (form.member.0.account.id, form.member.0.user.id);
    let own = own_hash(&app, &headers).ok_or(PageError::SignIn)?;
    match form.fields.text("session") {
        "others" => app.store.end_other_sessions(account, user, own).await?,
        id => app.store.end_session(account, user, hash_of(id).ok_or_else(ApiError::not_found)?).await?,
    }
    Ok(back("ended"))
}

fn hash_of(id: &str) -> Option<[u8; 32]> {
    let pairs = (0..id.len()).step_by(2).map(|at| id.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    pairs.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

fn back(done: &str) -> Response {
    Redirect::to(&format!("/settings?done={done}")).into_response()
}

fn flash(done: &str) -> Option<&'static str> {
    Some(match done {
        "saved" => "Saved.",
        "password" => "The password is changed. Every other session has ended.",
        "ended" => "Signed out there.",
        _ => return None,
    })
}

async fn page(app: &App, member: &SignedIn, headers: &HeaderMap) -> Result<SettingsPage> {
    let (account, user) = (&member.0.account, &member.0.user);
    let own = own_hash(app, headers);
    let sessions = app.store.open_sessions(account.id.clone(), user.id.clone()).await?;
    // What is paid is the owners' business.
    let is_owner = user.role == Role::Owner;
    let payments = if is_owner { app.store.payments(account.id.clone()).await? } else { Vec::new() };
    let plan = app.plan_of(account);
    Ok(SettingsPage {
        nav: member.nav(Section::Settings),
        profile: ProfileForm { account: account.name.clone(), name: user.name.clone(), errors: Errors::default() },
        password_errors: Errors::default(),
        sessions: sessions.into_iter().map(|one| SessionRow::new(one, own)).collect(),
        plan: PlanCard {
            name: plan.name,
            agents: plan.agents_max,
            conversations: plan.conversations_max,
            payment_link: app.config.stripe.payment_link(account).filter(|_| is_owner),
        },
        payments: payments.into_iter().map(PaymentRow::new).collect(),
    })
}

impl SessionRow {
    fn new(session: OpenSession, own: Option<[u8; 32]>) -> Self {
        Self {
            id: hex(&session.token_hash),
            browser: browser(&session.user_agent),
            address: session.address,
            opened: When::new(session.created_at),
            seen: When::new(session.seen_at),
            own: own == Some(session.token_hash),
        }
    }
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
