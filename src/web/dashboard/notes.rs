//! Notes among the team, on a conversation or a lead.

use axum::extract::{RawPathParams, State};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::id::{ConversationId, LeadId, NoteId};
use crate::domain::inbox::{NOTE, Note, NoteOn};
use crate::domain::input::text_of_form;
use crate::web::App;
use crate::web::dashboard::display::When;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::session::SignedForm;
use crate::web::error::ApiError;
use crate::web::extract::path_id;

pub struct NoteRow {
    pub id: String,
    pub author: String,
    pub content: String,
    pub time: When,
}

impl NoteRow {
    pub fn new(note: Note) -> Self {
        Self { id: note.id.to_string(), author: note.author, content: note.content, time: When::new(note.created_at) }
    }
}

pub async fn create_on_conversation(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let id: ConversationId = path_id(&params, "conversation", ApiError::not_found)?;
    create(&app, form, &format!("/conversations/{id}"), NoteOn::Conversation(id)).await
}

pub async fn create_on_lead(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let id: LeadId = path_id(&params, "lead", ApiError::not_found)?;
    create(&app, form, &format!("/leads/{id}"), NoteOn::Lead(id)).await
}

pub async fn delete_on_conversation(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let id: ConversationId = path_id(&params, "conversation", ApiError::not_found)?;
    delete(&app, form, &params, &format!("/conversations/{id}")).await
}

pub async fn delete_on_lead(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let id: LeadId = path_id(&params, "lead", ApiError::not_found)?;
    delete(&app, form, &params, &format!("/leads/{id}")).await
}

async fn create(app: &App, SignedForm { member, fields }: SignedForm, page: &str, on: NoteOn) -> Result<Response> {
    let content = text_of_form(fields.text("note"), &NOTE);
    let content = content.map_err(|message| ApiError::bad_request(format!("The note {message}.")))?;
    app.store.add_note(member.0.user, on, content).await?;
    Ok(Redirect::to(&format!("{page}?done=noted#notes")).into_response())
}

async fn delete(app: &App, form: SignedForm, params: &RawPathParams, page: &str) -> Result<Response> {
    let note: NoteId = path_id(params, "note", ApiError::not_found)?;
    app.store.delete_note(form.member.0.account.id, note).await?;
    Ok(Redirect::to(&format!("{page}?done=note-deleted#notes")).into_response())
}
