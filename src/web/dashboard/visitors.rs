//! Deletes everything that a visitor left, for good.

use axum::extract::{RawPathParams, State};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::id::ConversationId;
use crate::web::App;
use crate::web::dashboard::error::Result;
use crate::web::dashboard::session::SignedForm;
use crate::web::error::ApiError;
use crate::web::extract::path_id;

pub async fn delete(State(app): State<App>, params: RawPathParams, form: SignedForm) -> Result<Response> {
    let id: ConversationId = path_id(&params, "conversation", ApiError::not_found)?;
    let account = form.member.0.account.id;
    let visitor = app.store.conversation(account.clone(), id).await?.visitor;
    app.store.delete_visitor(account, visitor).await?;
    Ok(Redirect::to("/conversations?done=visitor-deleted").into_response())
}
