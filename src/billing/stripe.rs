//! Stripe's webhook: an event that is genuine, and of the right mode, takes effect once.

use crate::billing::signature;
use crate::config::Stripe;
use crate::domain::stripe::StripeEvent;
use crate::domain::time::Time;
use crate::storage::{self, Remark, Store};

/// Why an event was not taken. Nothing of it is stored.
#[derive(Debug)]
pub enum Refused {
    /// No secret is configured.
    Off,
    Forged,
    Unreadable,
    /// An event of a test, sent to a server of real payments, or the other way round.
    OtherMode,
    Failed(storage::Error),
}

/// Returns once the event's effect has reached the disk.
pub async fn receive(store: &Store, config: &Stripe, signature: &str, body: &[u8], now: Time) -> Result<(), Refused> {
    if !config.is_on() {
        return Err(Refused::Off);
    }
    if !signature::is_genuine(signature, body, config.secrets(), now) {
        return Err(Refused::Forged);
    }
    let event = StripeEvent::parse(body).ok_or(Refused::Unreadable)?;
    if event.is_live != config.is_live() {
        return Err(Refused::OtherMode);
    }
    let Some(notice) = event.notice else { return Ok(()) };
    let remarks = store.take_stripe_notice(event.id.clone(), notice, config.prices()).await.map_err(Refused::Failed)?;
    remarks.iter().for_each(|remark| note(&event.id, remark));
    Ok(())
}

fn note(event: &str, remark: &Remark) {
    match remark {
        Remark::Repeated => tracing::debug!(event, "stripe: {remark}"),
        Remark::Linked { .. } | Remark::OnPlan { .. } => tracing::info!(event, "stripe: {remark}"),
        _ => tracing::warn!(event, "stripe: {remark}"),
    }
}
