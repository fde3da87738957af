//! The account's API keys: which exist, a new one, and revoking.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawPathParams, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::auth;
use crate::domain::Invalid;
use crate::domain::account::{ApiKey, KEY_NAME, KEYS_ACTIVE_MAX, Permission};
use crate::domain::id::KeyId;
use crate::domain::input::text_of_form;
use crate::storage::{self, NewKey};
use crate::web::App;
use crate::web::audit::{Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::proof::{ProvenForm, ProvenNow};
use crate::web::dashboard::session::{Fields, SignedForm, SignedIn};
use crate::web::error::ApiError;
use crate::web::extract::path_id;

#[derive(Template)]
#[template(path = "api_keys.html")]
pub struct ApiKeysPage {
    pub nav: Nav,
    pub keys: Vec<KeyRow>,
    pub keys_max: usize,
    pub form: NewKeyForm,
    /// The key that was created a moment ago: the only time it is shown.
    pub created: Option<CreatedKey>,
}

impl ApiKeysPage {
    pub fn is_full(&self) -> bool {
        self.keys_max <= self.keys.iter().filter(|key| key.revoked.is_none()).count()
    }
}

/// One key in the list.
pub struct KeyRow {
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub permissions: Vec<String>,
    pub created: When,
    pub last_used: Option<When>,
    pub revoked: Option<When>,
}

pub struct CreatedKey {
    pub id: KeyId,
    pub name: String,
    pub key: String,
    /// The server's public address, for the example call.
    pub base_url: String,
}

/// The values of `POST /settings/keys`; ticked boxes arrive as repeated `permission` fields.
pub struct NewKeyForm {
    pub name: String,
    pub permissions: Vec<PermissionBox>,
    pub errors: Errors,
}

pub struct PermissionBox {
    /// As the API names it: `agents:read`.
    pub value: &'static str,
    pub about: &'static str,
    pub checked: bool,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let mut page = page(&app, &member, NewKeyForm::fresh(), None).await?;
    page.nav.flash = (query.get("done").map(String::as_str) == Some("revoked")).then(|| "Key revoked.".to_owned());
    Ok(Page(page).into_response())
}

/// Answered with the page itself, not with a redirect: the key exists nowhere but in this answer.
pub async fn create(State(app): State<App>, ProvenNow(form): ProvenNow) -> Result<Response> {
    let ProvenForm { member, fields } = form;
    let name = text_of_form(fields.text("name"), &KEY_NAME).map_err(|message| Invalid::new("name", message));
    let permissions = fields.all("permission").map(Permission::parse).collect::<std::result::Result<Vec<_>, _>>();
    let permissions = permissions.ok().filter(|chosen| !chosen.is_empty());
    let permissions = permissions.ok_or_else(|| Invalid::new("permission", "choose at least one permission"));
    let errors = match (name, permissions) {
        (Ok(name), Ok(permissions)) => match issue(&app, &member, name, permissions).await? {
            Some(created) => {
                let told = Told::of(&created.id, &created.name);
                let page = page(&app, &member, NewKeyForm::fresh(), Some(created)).await?;
                return Ok(tell(Page(page).into_response(), told));
            }
            None => Errors::whole(format!("You have {KEYS_ACTIVE_MAX} active keys. Revoke one first.")),
        },
        (name, permissions) => Errors([name.err(), permissions.err()].into_iter().flatten().collect()),
    };
    let form = NewKeyForm::sent(&fields, errors);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page(&app, &member, form, None).await?)).into_response())
}

pub async fn revoke(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Redirect> {
    let id: KeyId = path_id(&params, "key", ApiError::not_found)?;
    app.store.revoke_key(form.member.0.account.id, id).await?;
    Ok(Redirect::to("/settings/keys?done=revoked"))
}

/// `None` where the account has as many keys as it may.
async fn issue(app: &App, member: &SignedIn, name: String, permissions: Vec<Permission>) -> Result<Option<CreatedKey>> {
    let key = auth::key::generate(&app.world);
    let (hash, prefix) = (auth::hash(&key), auth::key::prefix(&key));
    let new = NewKey { name: name.clone(), permissions, hash, prefix, created_by: Some(member.0.user.id.clone()) };
    match app.store.create_key(member.0.account.id.clone(), new).await {
        Ok(made) => Ok(Some(CreatedKey { id: made.id, name, key, base_url: app.config.public_url().to_owned() })),
        Err(storage::Error::LimitReached) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn page(app: &App, member: &SignedIn, form: NewKeyForm, created: Option<CreatedKey>) -> Result<ApiKeysPage> {
    let keys = app.store.keys(member.0.account.id.clone()).await?;
    let keys = keys.into_iter().map(KeyRow::new).collect();
    Ok(ApiKeysPage { nav: member.nav(Section::ApiKeys), keys, keys_max: KEYS_ACTIVE_MAX, form, created })
}

impl KeyRow {
    fn new(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            prefix: key.prefix,
            permissions: key.permissions.iter().map(|p| p.as_str().to_owned()).collect(),
            created: When::new(key.created_at),
            last_used: key.last_used_at.map(When::new),
            revoked: key.revoked_at.map(When::new),
        }
    }
}

impl NewKeyForm {
    fn fresh() -> Self {
        Self { name: String::new(), permissions: boxes(|_| true), errors: Errors::default() }
    }

    fn sent(fields: &Fields, errors: Errors) -> Self {
        let ticked: Vec<&str> = fields.all("permission").collect();
        Self { name: fields.text("name").to_owned(), permissions: boxes(|p| ticked.contains(&p.as_str())), errors }
    }
}

fn boxes(checked: impl Fn(Permission) -> bool) -> Vec<PermissionBox> {
    Permission::ALL.map(|p| PermissionBox { value: p.as_str(), about: about(p), checked: checked(p) }).into()
}

const fn about(permission: Permission) -> &'static str {
    match permission {
        Permission::AgentsRead => "View agents",
        Permission::AgentsWrite => "Create and change agents and their knowledge",
        Permission::ConversationsRead => "Read conversations",
        Permission::LeadsRead => "Read leads",
        Permission::AnalyticsRead => "Read analytics",
        Permission::WebhooksManage => "Register and delete webhooks",
    }
}
