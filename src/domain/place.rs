//! Where a sealed value stands. It is sealed for its place, and opens in no other: rows cannot be swapped.

use crate::domain::id::{AccountId, KeyId, UserId, WebhookId};

pub fn of_secret(webhook: &WebhookId) -> String {
    format!("webhooks/{webhook}/secret")
}

/// An answer kept under an `Idempotency-Key`, which may hold a new webhook's secret.
pub fn of_answer(account: &AccountId, api_key: &KeyId, key: &str) -> String {
    format!("idempotency_keys/{account}/{api_key}/{key}")
}

/// What a person's authenticator computes its codes from.
pub fn of_two_step(user: &UserId) -> String {
    format!("two_step/{user}/secret")
}

/// The same, while it is offered and not kept yet.
pub fn of_two_step_offer(user: &UserId) -> String {
    format!("two_step/{user}/offer")
}
