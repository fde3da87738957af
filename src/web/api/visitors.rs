//! Visitors: everything that one of them left, deleted for good.

use axum::extract::{RawPathParams, State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::VisitorId;
use crate::web::App;
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Json, path_id};

#[derive(Serialize, ToSchema)]
#[schema(as = ErasedVisitor)]
pub struct ErasedView {
    id: VisitorId,
    deleted: bool,
    /// The number deleted.
    conversations: usize,
    /// The number deleted.
    leads: usize,
}

/// Erase a visitor
///
/// Permanently deletes the visitor's conversations, leads and their data in events.
#[utoipa::path(delete, path = "/visitors/{visitor}", operation_id = "eraseVisitor", tag = "Conversations",
    security(("apiKey" = ["agents:write"])), responses((status = 200, body = ErasedView, description = "What was deleted")))]
pub async fn delete(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<ErasedView>> {
    let id: VisitorId = path_id(&params, "visitor", ApiError::not_found)?;
    let erased = app.store.delete_visitor(caller.account_id(), id.clone()).await?;
    Ok(Json(ErasedView { id, deleted: true, conversations: erased.conversations, leads: erased.leads }))
}
