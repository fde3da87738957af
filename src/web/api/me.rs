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
    /// The start and end of the key, to tell it apart from other keys.
    key_prefix: String,
    key_name: String,
    /// When the key was created.
    created_at: Time,
    permissions: Vec<Permission>,
    rate_limit: RateLimit,
}

#[derive(Serialize, ToSchema)]
struct RateLimit {
    requests_per_minute: u32,
    /// The number of requests left in the current window.
    remaining: u32,
}

/// Get your key
///
/// Returns the key's account, permissions and remaining requests. It needs no permission.
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
