//! The key itself: whose it is, what it may do, how much of its quota is left.

use serde::Serialize;

use crate::web::caller::ApiCaller;
use crate::web::extract::Json;

#[derive(Serialize)]
pub struct Me {
    account_id: String,
    email: String,
    plan: String,
    key_prefix: String,
    key_name: String,
    created_at: String,
    permissions: Vec<&'static str>,
    rate_limit: RateLimit,
}

#[derive(Serialize)]
struct RateLimit {
    requests_per_minute: u32,
    remaining: u32,
}

pub async fn show(caller: ApiCaller) -> Json<Me> {
    Json(Me {
        account_id: caller.account.id.to_string(),
        email: caller.account.email,
        plan: caller.account.plan,
        key_prefix: caller.key.prefix,
        key_name: caller.key.name,
        created_at: caller.key.created_at.to_string(),
        permissions: caller.key.permissions.iter().map(|p| p.as_str()).collect(),
        rate_limit: RateLimit { requests_per_minute: caller.plan.requests_per_minute, remaining: caller.verdict.remaining },
    })
}
