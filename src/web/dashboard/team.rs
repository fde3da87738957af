//! The people of an account: their roles, and the invites by which others come.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawPathParams, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::auth;
use crate::domain::Invalid;
use crate::domain::account::Role;
use crate::domain::id::{AccountId, ConversationId, InviteId, UserId, VisitorId};
use crate::domain::team::{Invite, NewInvite, Person, Refusal, may_change};
use crate::web::App;
use crate::web::audit::{Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::proof::ProvenForm;
use crate::web::dashboard::session::{Fields, SignedForm, SignedIn};
use crate::web::error::ApiError;
use crate::web::extract::path_id;
use crate::web::live::{TeamNews, VisitorNews};

#[derive(Template)]
#[template(path = "team.html")]
pub struct TeamPage {
    pub nav: Nav,
    pub people: Vec<PersonRow>,
    pub invites: Vec<InviteRow>,
    /// Those that can be given.
    pub roles: Vec<RoleOption>,
    pub form: InviteForm,
    /// The invite that was made a moment ago: the only time its link is shown.
    pub made: Option<MadeInvite>,
    /// Why a change of the list was refused.
    pub refused: Errors,
}

pub struct PersonRow {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub joined: When,
    pub seen: Option<When>,
    pub two_step: bool,
    pub is_you: bool,
    pub may_change: bool,
}

pub struct InviteRow {
    pub id: String,
    pub email: String,
    pub role: &'static str,
    pub by: String,
    pub expires: When,
}

pub struct RoleOption {
    pub role: Role,
    pub about: &'static str,
}

/// The values of `POST /settings/team/invites`.
#[derive(Default)]
pub struct InviteForm {
    pub email: String,
    pub role: String,
    pub errors: Errors,
}

pub struct MadeInvite {
    pub email: String,
    pub link: String,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let mut page = page(&app, &member).await?;
    page.nav.flash = query.get("done").and_then(|done| flash(done)).map(str::to_owned);
    Ok(Page(page).into_response())
}

/// Answered with the page itself, not with a redirect: the link is in this answer alone.
pub async fn invite(State(app): State<App>, ProvenForm { member, fields }: ProvenForm) -> Result<Response> {
    let new = match NewInvite::parse(fields.text("email"), fields.text("role")) {
        Ok(new) => new,
        Err(rejection) => return not_invited(&app, &member, &fields, StatusCode::UNPROCESSABLE_ENTITY, rejection.failures).await,
    };
    let token = auth::token::generate(&app.world);
    let (email, role) = (new.email.clone(), new.role);
    match app.store.invite(member.0.user.clone(), new, auth::hash(&token)).await? {
        Ok(id) => {
            let link = format!("{}/join?token={token}", app.config.public_url());
            let mut page = page(&app, &member).await?;
            let told = Told::of(id, &format!("{email}, {}", role.label()));
            page.made = Some(MadeInvite { email, link });
            Ok(tell(Page(page).into_response(), told))
        }
        Err(refusal) => {
            let (status, field) = match refusal {
                Refusal::AlreadyIn | Refusal::AlreadyInvited => (StatusCode::UNPROCESSABLE_ENTITY, "email"),
                other => (status_of(other), ""),
            };
            not_invited(&app, &member, &fields, status, vec![Invalid::new(field, refusal.message())]).await
        }
    }
}

pub async fn revoke(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let id: InviteId = path_id(&params, "invite", ApiError::not_found)?;
    let email = app.store.revoke_invite(form.member.0.account.id, id.clone()).await?;
    Ok(tell(back("revoked"), Told::of(id, &email)))
}

pub async fn set_role(State(app): State<App>, params: RawPathParams, form: ProvenForm) -> Result<Response> {
    let ProvenForm { member, fields } = form;
    let id: UserId = path_id(&params, "user", ApiError::not_found)?;
    let role = Role::parse(fields.text("role")).ok_or_else(|| ApiError::bad_request("This role doesn’t exist."))?;
    match app.store.set_role(member.0.user.clone(), id.clone(), role).await? {
        Ok(changed) => {
            pass_on(&app, &member.0.account.id, &changed.passed_on);
            let detail = format!("{}: {} to {}", changed.name, changed.role.label(), role.label());
            // Whoever gave up their own rights may not see this page any more.
            let is_out = id == member.0.user.id && role < Role::Admin;
            let to = if is_out { Redirect::to("/").into_response() } else { back("role") };
            Ok(tell(to, Told::of(id, &detail)))
        }
        Err(refusal) => refused(&app, &member, refusal).await,
    }
}

pub async fn remove(State(app): State<App>, params: RawPathParams, form: ProvenForm) -> Result<Response> {
    let member = form.member;
    let id: UserId = path_id(&params, "user", ApiError::not_found)?;
    match app.store.remove_person(member.0.user.clone(), id.clone()).await? {
        Ok(changed) => {
            pass_on(&app, &member.0.account.id, &changed.passed_on);
            let to = if id == member.0.user.id { Redirect::to("/login").into_response() } else { back("removed") };
            Ok(tell(to, Told::of(id, &changed.name)))
        }
        Err(refusal) => refused(&app, &member, refusal).await,
    }
}

/// Visitors see who answers them from now on, and the team's open pages whose turn it is.
fn pass_on(app: &App, account: &AccountId, conversations: &[(ConversationId, VisitorId)]) {
    for (conversation, visitor) in conversations {
        app.live.tell_visitor(visitor, VisitorNews::Changed);
        app.live.tell_team(account, TeamNews::Changed(conversation.clone()));
    }
}

fn status_of(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::AboveYou => StatusCode::FORBIDDEN,
        _ => StatusCode::CONFLICT,
    }
}

async fn not_invited(
    app: &App,
    member: &SignedIn,
    fields: &Fields,
    status: StatusCode,
    failures: Vec<Invalid>,
) -> Result<Response> {
    let mut page = page(app, member).await?;
    page.form =
        InviteForm { email: fields.text("email").to_owned(), role: fields.text("role").to_owned(), errors: Errors(failures) };
    Ok((status, Page(page)).into_response())
}

async fn refused(app: &App, member: &SignedIn, refusal: Refusal) -> Result<Response> {
    let mut page = page(app, member).await?;
    page.refused = Errors::whole(refusal.message());
    Ok((status_of(refusal), Page(page)).into_response())
}

fn back(done: &str) -> Response {
    Redirect::to(&format!("/settings/team?done={done}")).into_response()
}

fn flash(done: &str) -> Option<&'static str> {
    Some(match done {
        "role" => "Role changed.",
        "removed" => "Person removed. They are signed out everywhere and their API keys are revoked.",
        "revoked" => "Invite revoked.",
        _ => return None,
    })
}

async fn page(app: &App, member: &SignedIn) -> Result<TeamPage> {
    let (account, own) = (&member.0.account.id, &member.0.user);
    let people = app.store.people(account.clone()).await?;
    let invites = app.store.open_invites(account.clone()).await?;
    Ok(TeamPage {
        nav: member.nav(Section::Settings),
        people: people.into_iter().map(|person| PersonRow::new(person, &own.id, own.role)).collect(),
        invites: invites.into_iter().map(InviteRow::new).collect(),
        roles: Role::ALL.into_iter().filter(|role| *role <= own.role).map(RoleOption::new).collect(),
        form: InviteForm { role: Role::Member.as_str().into(), ..InviteForm::default() },
        made: None,
        refused: Errors::default(),
    })
}

impl PersonRow {
    fn new(person: Person, own: &UserId, role: Role) -> Self {
        Self {
            is_you: person.id == *own,
            may_change: may_change(role, person.role, Role::Viewer),
            id: person.id.to_string(),
            name: person.name,
            email: person.email,
            role: person.role,
            joined: When::new(person.joined_at),
            seen: person.seen_at.map(When::new),
            two_step: person.two_step,
        }
    }
}

impl InviteRow {
    fn new(invite: Invite) -> Self {
        Self {
            id: invite.id.to_string(),
            email: invite.email,
            role: invite.role.label(),
            by: invite.by,
            expires: When::new(invite.expires_at),
        }
    }
}

impl RoleOption {
    fn new(role: Role) -> Self {
        let about = match role {
            Role::Viewer => "Can view everything except API keys, team and audit log. Can’t change or export anything.",
            Role::Member => "Can answer visitors, manage leads and notes, edit agents’ knowledge and export.",
            Role::Admin => "Can also manage agents, webhooks, API keys and the team, and delete visitors.",
            Role::Owner => "Everything, including owners, account name, plan and billing.",
        };
        Self { role, about }
    }
}
