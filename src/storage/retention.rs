//! What is forgotten after a while, a little at a time, so that no writer waits for it.

use rusqlite::{Connection, params};

use crate::domain::time::{DAY_MS, Time};
use crate::storage::idempotency;
use crate::storage::{Result, Store};

pub const LOG_AGE_MS: i64 = 30 * DAY_MS;
/// Stripe sends an event again for 30 days at most; whoever pays is linked to an account long before.
const STRIPE_AGE_MS: i64 = 90 * DAY_MS;
/// Rows that one statement deletes.
const ROWS_MAX: usize = 500;

const REQUESTS: &str = "
    DELETE FROM api_requests
    WHERE id IN (SELECT id FROM api_requests WHERE created_at < ?1 LIMIT ?2)";

/// Found by their event, which is older still.
const ATTEMPTS: &str = "
    DELETE FROM delivery_attempts
    WHERE (delivery, number) IN (
        SELECT a.delivery, a.number
        FROM events e
        CROSS JOIN deliveries d
        CROSS JOIN delivery_attempts a
        WHERE e.created_at < ?1 AND d.event = e.id AND a.delivery = d.id AND a.started_at < ?1
        LIMIT ?2)";

/// Those whose tries are all forgotten.
const DELIVERIES: &str = "
    DELETE FROM deliveries
    WHERE id IN (
        SELECT d.id
        FROM events e
        CROSS JOIN deliveries d
        WHERE e.created_at < ?1 AND d.event = e.id AND d.finished_at < ?1
          AND NOT EXISTS (SELECT 1 FROM delivery_attempts a WHERE a.delivery = d.id)
        LIMIT ?2)";

/// Those that no delivery needs any more.
const EVENTS: &str = "
    DELETE FROM events
    WHERE id IN (
        SELECT id FROM events e
        WHERE created_at < ?1 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.id)
        LIMIT ?2)";

const KEYS: &str = "
    DELETE FROM idempotency_keys
    WHERE (account, key) IN (SELECT account, key FROM idempotency_keys WHERE created_at < ?1 LIMIT ?2)";

const STRIPE_EVENTS: &str = "
    DELETE FROM stripe_events
    WHERE id IN (SELECT id FROM stripe_events WHERE received_at < ?1 LIMIT ?2)";

const STRIPE_UNCLAIMED: &str = "
    DELETE FROM stripe_unclaimed
    WHERE number IN (SELECT number FROM stripe_unclaimed WHERE received_at < ?1 LIMIT ?2)";

impl Store {
    /// Forgets some of what is older than 30 days of the request log, of events and of their deliveries, and than 90
    /// days of what Stripe sent; false when nothing is left to forget.
    pub async fn forget_logs(&self, now: Time) -> Result<bool> {
        self.write(move |db| {
            let before = now.plus_ms(-LOG_AGE_MS);
            let mut full = forget(db, KEYS, now.plus_ms(-idempotency::AGE_MS))? == ROWS_MAX;
            for delete in [REQUESTS, ATTEMPTS, DELIVERIES, EVENTS] {
                full |= forget(db, delete, before)? == ROWS_MAX;
            }
            for delete in [STRIPE_EVENTS, STRIPE_UNCLAIMED] {
                full |= forget(db, delete, now.plus_ms(-STRIPE_AGE_MS))? == ROWS_MAX;
            }
            Ok(full)
        })
        .await
    }
}

fn forget(db: &Connection, delete: &str, before: Time) -> Result<usize> {
    let most = i64::try_from(ROWS_MAX).unwrap_or(i64::MAX);
    Ok(db.prepare_cached(delete)?.execute(params![before, most])?)
}
