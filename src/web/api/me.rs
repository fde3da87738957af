//! The key itself: whose it is, what it may do, how much of its quota is left.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::account::Permission;
use crate::domain::id::AccountId;
use crate::domain::time::Time;
use crate::web::caller::ApiCaller;
use crate::web::extract::Json;

#[derive(Serialize, ToSchema)]
pub struct Me {
    account_id: AccountId,
    email: String,
    plan: String,
    /// Beginning and end of the key, to tell it from others.
    key_prefix: String,
    key_name: String,
    /// Of the key.
    created_at: Time,
    permissions: Vec<Permission>,
    rate_limit: RateLimit,
}

#[derive(Serialize, ToSchema)]
struct RateLimit {
    requests_per_minute: u32,
    /// Requests that may follow within this minute.
    remaining: u32,
}

/// Show the key
///
/// Whose it is, what it may do, and how much of its quota is left. Every key may ask.
#[utoipa::path(get, path = "/me", operation_id = "getMe", tag = "Account", security(("apiKey" = [])),
    responses((status = 200, body = Me, description = "The key and its account")))]
pub async fn show(caller: ApiCaller) -> Json<Me> {
    Json(Me {
        account_id: caller.account.id,
        email: caller.account.email,
        plan: caller.account.plan,
        key_prefix: caller.key.prefix,
        key_name: caller.key.name,
        created_at: caller.key.created_at,
        permissions: caller.key.permissions,
        rate_limit: RateLimit { requests_per_minute: caller.plan.requests_per_minute, remaining: caller.verdict.remaining },
    })
}
