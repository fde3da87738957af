//! Visitors: everything that one of them left, deleted for good.

use axum::extract::{RawPathParams, State};
use serde::Serialize;

use crate::domain::account::Permission;
use crate::domain::id::VisitorId;
use crate::web::App;
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};
use crate::web::extract::{Json, path_id};

#[derive(Serialize)]
pub struct ErasedView {
    id: String,
    deleted: bool,
    conversations: usize,
    leads: usize,
}

pub async fn delete(caller: ApiCaller, params: RawPathParams, State(app): State<App>) -> Result<Json<ErasedView>> {
    caller.require(Permission::AgentsWrite)?;
    let id: VisitorId = path_id(&params, "visitor", ApiError::not_found)?;
    let erased = app.store.delete_visitor(caller.account_id(), id.clone()).await?;
    Ok(Json(ErasedView { id: id.to_string(), deleted: true, conversations: erased.conversations, leads: erased.leads }))
}
