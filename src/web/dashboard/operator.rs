//! A person answers in the place of the agent: the forms of a conversation's page.

use axum::extract::{RawPathParams, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::Invalid;
use crate::domain::conversation::{CLIENT_ID_CHARS_MAX, Conversation, MESSAGE_CHARS_MAX};
use crate::domain::id::{ALPHABET, AccountId, ConversationId, Identifier, UserId, VisitorId};
use crate::domain::input::{line, lines, text_of_form};
use crate::storage::{HandedBack, Replied, TakenOver};
use crate::web::App;
use crate::web::dashboard::conversation::{Draft, page};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::session::{SignedForm, SignedIn};
use crate::web::error::ApiError;
use crate::web::extract::path_id;
use crate::web::live::{TeamNews, VisitorNews};

/// Takes the conversation over; the answer that an agent is writing is broken off.
pub async fn claim(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let (id, SignedForm { member, fields }) = (conversation_id(&params)?, form);
    let from = UserId::parse(fields.text("from"));
    match app.store.take_over(member.0.user.clone(), id.clone(), from).await? {
        TakenOver::Yours(visitor) => {
            app.answerer.interrupt(&visitor);
            tell(&app, &member.0.account.id, &id, &visitor);
            Ok(to(&id, "claimed"))
        }
        TakenOver::Taken(claimed) => refused(&app, &member, id, format!("{} has this conversation.", claimed.name)).await,
        TakenOver::Ended => refused(&app, &member, id, "This conversation has ended.".into()).await,
    }
}

pub async fn reply(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let (id, SignedForm { member, fields }) = (conversation_id(&params)?, form);
    let name = text_of_form(fields.text("once"), &line(1..=CLIENT_ID_CHARS_MAX)).unwrap_or_else(|_| once(&app));
    let text = fields.text("content").to_owned();
    let content = match text_of_form(&text, &lines(1..=MESSAGE_CHARS_MAX)) {
        Ok(content) if !content.trim().is_empty() => content,
        Ok(_) => return unsent(&app, &member, id, text, "Write a message first.".into()).await,
        Err(message) => return unsent(&app, &member, id, text, message).await,
    };
    match app.store.operator_reply(member.0.user.clone(), id.clone(), content, name).await? {
        Replied::Kept(_, visitor) => {
            tell(&app, &member.0.account.id, &id, &visitor);
            Ok(to(&id, "sent"))
        }
        Replied::NotYours(now) => unsent(&app, &member, id, text, not_yours(&now)).await,
    }
}

pub async fn hand_back(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let (id, SignedForm { member, fields }) = (conversation_id(&params)?, form);
    let seen = fields.text("seen").parse().unwrap_or_default();
    match app.store.hand_back(member.0.user.clone(), id.clone(), seen).await? {
        HandedBack::ToAgent(visitor) => {
            tell(&app, &member.0.account.id, &id, &visitor);
            Ok(to(&id, "handed-back"))
        }
        HandedBack::Unseen => {
            let message = "The visitor has written again. Answer them, or hand back once more.";
            refused(&app, &member, id, message.into()).await
        }
        HandedBack::NotYours => refused(&app, &member, id, "This conversation is no longer yours.".into()).await,
    }
}

/// Sent by the script while the operator writes; shown to the visitor. That somebody is there is noted while a visitor waits.
pub async fn typing(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<StatusCode> {
    let (id, user) = (conversation_id(&params)?, form.member.0.user);
    let found = app.store.conversation(user.account.clone(), id.clone()).await?;
    if let Some(claimed) = found.claimed.filter(|claimed| claimed.by == user.id) {
        if found.waiting_since.is_some() {
            app.store.note_sign_of_life(user, id).await?;
        }
        app.live.tell_visitor(&found.visitor, VisitorNews::Typing(claimed.name));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn conversation_id(params: &RawPathParams) -> Result<ConversationId> {
    Ok(path_id(params, "conversation", ApiError::not_found)?)
}

/// Names a form, so that sending it twice sends one message.
pub fn once(app: &App) -> String {
    app.world.pick(ALPHABET, 32)
}

fn tell(app: &App, account: &AccountId, id: &ConversationId, visitor: &VisitorId) {
    app.live.tell_visitor(visitor, VisitorNews::Changed);
    app.live.tell_team(account, TeamNews::Changed(id.clone()));
}

/// The field itself, so that the next letter goes into it.
fn to(id: &ConversationId, done: &str) -> Response {
    let place = if done == "handed-back" { "end" } else { "content" };
    Redirect::to(&format!("/conversations/{id}?done={done}#{place}")).into_response()
}

async fn refused(app: &App, member: &SignedIn, id: ConversationId, message: String) -> Result<Response> {
    let draft = Draft { errors: Errors::whole(message), ..Draft::default() };
    Ok((StatusCode::CONFLICT, page(app, member, id, draft).await?).into_response())
}

/// What was written is not lost: it stands in the form again.
async fn unsent(app: &App, member: &SignedIn, id: ConversationId, text: String, message: String) -> Result<Response> {
    let errors = Errors(vec![Invalid::new("content", message)]);
    let draft = Draft { text, errors, flash: None };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(app, member, id, draft).await?).into_response())
}

fn not_yours(now: &Conversation) -> String {
    match &now.claimed {
        Some(claimed) => format!("Not sent. {} has taken this conversation over.", claimed.name),
        None if now.ended_at.is_some() => "Not sent. This conversation has ended.".to_owned(),
        None => "Not sent. The agent is answering. Take over first.".to_owned(),
    }
}
