//! One lead: the details, how far the team has come, its notes, and the conversation beside it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawPathParams, State};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::id::LeadId;
use crate::domain::inbox::NoteOn;
use crate::domain::lead::LEAD_STATUSES;
use crate::web::App;
use crate::web::audit::{Told, tell};
use crate::web::dashboard::Page;
use crate::web::dashboard::conversation::LeadCard;
use crate::web::dashboard::display::PageUrl;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::notes::NoteRow;
use crate::web::dashboard::session::{SignedForm, SignedIn};
use crate::web::dashboard::transcript::{MessageRow, rows};
use crate::web::error::ApiError;
use crate::web::extract::path_id;

#[derive(Template)]
#[template(path = "lead.html")]
pub struct LeadPage {
    pub nav: Nav,
    pub lead: LeadCard,
    pub page: PageUrl,
    pub agent_id: String,
    pub agent_name: String,
    pub agent_color: String,
    pub statuses: &'static [&'static str],
    pub notes: Vec<NoteRow>,
    /// None when the lead came after the month's last counted conversation, or the conversation was deleted.
    pub conversation_id: Option<String>,
    pub messages: Vec<MessageRow>,
}

pub async fn show(
    member: SignedIn,
    params: RawPathParams,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let id: LeadId = path_id(&params, "lead", ApiError::not_found)?;
    let account = member.0.account.id.clone();
    let lead = app.store.lead(account.clone(), id.clone()).await?;
    let agent = app.store.agent(account.clone(), lead.agent.clone()).await?;
    let notes = app.store.notes(account.clone(), NoteOn::Lead(id)).await?;
    let messages = match lead.conversation.clone() {
        Some(conversation) => rows(app.store.transcript(account, conversation).await?.messages, &[]),
        None => Vec::new(),
    };
    let mut nav = member.nav(Section::Leads);
    nav.flash = match query.get("done").map(String::as_str) {
        Some("status") => Some("Status changed.".to_owned()),
        Some("noted") => Some("Note added.".to_owned()),
        Some("note-deleted") => Some("Note deleted.".to_owned()),
        _ => None,
    };
    Ok(Page(LeadPage {
        nav,
        page: PageUrl(lead.page_url.clone().unwrap_or_default()),
        agent_id: agent.id.to_string(),
        agent_name: agent.name,
        agent_color: agent.color,
        statuses: LEAD_STATUSES,
        notes: notes.into_iter().map(NoteRow::new).collect(),
        conversation_id: lead.conversation.as_ref().map(ToString::to_string),
        messages,
        lead: LeadCard::new(lead),
    })
    .into_response())
}

pub async fn set_status(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let id: LeadId = path_id(&params, "lead", ApiError::not_found)?;
    let named = form.fields.text("status");
    let status = LEAD_STATUSES.iter().copied().find(|status| *status == named);
    let status = status.ok_or_else(|| ApiError::bad_request(format!("status must be one of {}.", LEAD_STATUSES.join(", "))))?;
    app.store.set_lead_status(form.member.0.account.id, id.clone(), status).await?;
    let told = Told::of(&id, status);
    Ok(tell(Redirect::to(&format!("/leads/{id}?done=status")).into_response(), told))
}
