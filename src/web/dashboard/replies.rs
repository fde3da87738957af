//! The canned replies of an account: what operators write again and again.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawPathParams, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::Invalid;
use crate::domain::id::CannedReplyId;
use crate::domain::inbox::{CANNED_CONTENT, CANNED_REPLIES_MAX, CANNED_TITLE, CannedReply};
use crate::domain::input::text_of_form;
use crate::storage;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{SignedForm, SignedIn};
use crate::web::error::ApiError;
use crate::web::extract::path_id;

#[derive(Template)]
#[template(path = "replies.html")]
pub struct RepliesPage {
    pub nav: Nav,
    pub replies: Vec<CannedReply>,
    pub form: NewReplyForm,
}

/// The values of `POST /settings/replies`, shown again when they were refused.
#[derive(Default)]
pub struct NewReplyForm {
    pub title: String,
    pub content: String,
    pub errors: Errors,
}

pub async fn list(member: SignedIn, State(app): State<App>, Query(query): Query<HashMap<String, String>>) -> Result<Response> {
    let flash = match query.get("done").map(String::as_str) {
        Some("created") => Some("Reply saved.".to_owned()),
        Some("deleted") => Some("Reply deleted.".to_owned()),
        _ => None,
    };
    page(&app, &member, NewReplyForm::default(), flash).await
}

pub async fn create(State(app): State<App>, SignedForm { member, fields }: SignedForm) -> Result<Response> {
    let (title, content) =
        (text_of_form(fields.text("title"), &CANNED_TITLE), text_of_form(fields.text("content"), &CANNED_CONTENT));
    let errors = match (title, content) {
        (Ok(title), Ok(content)) => match app.store.add_canned_reply(member.0.account.id.clone(), title, content).await {
            Ok(()) => return Ok(Redirect::to("/settings/replies?done=created").into_response()),
            Err(storage::Error::Conflict) => vec![Invalid::new("title", "another reply has this name")],
            Err(storage::Error::LimitReached) => {
                vec![Invalid::new("", format!("You can save up to {CANNED_REPLIES_MAX} replies. Delete one first."))]
            }
            Err(error) => return Err(error.into()),
        },
        (title, content) => {
            let named = [("title", title.err()), ("content", content.err())];
            named.into_iter().filter_map(|(field, message)| Some(Invalid::new(field, message?))).collect()
        }
    };
    let text = |name| fields.text(name).to_owned();
    let form = NewReplyForm { title: text("title"), content: text("content"), errors: Errors(errors) };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &member, form, None).await?).into_response())
}

pub async fn delete(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let id: CannedReplyId = path_id(&params, "reply", ApiError::not_found)?;
    app.store.delete_canned_reply(form.member.0.account.id, id).await?;
    Ok(Redirect::to("/settings/replies?done=deleted").into_response())
}

async fn page(app: &App, member: &SignedIn, form: NewReplyForm, flash: Option<String>) -> Result<Response> {
    let replies = app.store.canned_replies(member.0.account.id.clone()).await?;
    let mut nav = member.nav(Section::Settings);
    nav.flash = flash;
    Ok(Page(RepliesPage { nav, replies, form }).into_response())
}
