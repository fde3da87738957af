//! What is forgotten after a while, a little at a time, so that no writer waits for it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::id::{AccountId, AgentId, ConversationId, LeadId};
use crate::domain::retention::{Chosen, Forgettable, Limits};
use crate::domain::time::{DAY_MS, Time};
use crate::storage::{Error, Result, Store, erasure, idempotency};

/// Stripe sends an event again for 30 days at most; whoever pays is linked to an account long before.
const STRIPE_AGE_MS: i64 = 90 * DAY_MS;
/// What is counted by day is shown for 30 days, and compared with the year before.
const DAYS_AGE_MS: i64 = 400 * DAY_MS;
/// Rows that one statement deletes.
const ROWS_MAX: i64 = 500;
/// Conversations that one transaction deletes, each with its messages and their words.
const CONVERSATIONS_MAX: i64 = 40;
/// Where a count of old rows ends.
pub const FORGETTABLE_MAX: i64 = 10_000;

const REQUESTS: &str = "
    DELETE FROM api_requests
    WHERE id IN (
        SELECT id FROM api_requests INDEXED BY api_requests_by_account
        WHERE account = ?3 AND created_at < ?1
        LIMIT ?2)";

/// Found by their event, which is older still.
const ATTEMPTS: &str = "
    DELETE FROM delivery_attempts
    WHERE (delivery, number) IN (
        SELECT a.delivery, a.number
        FROM events e
        CROSS JOIN deliveries d
        CROSS JOIN delivery_attempts a
        WHERE e.account = ?3 AND e.created_at < ?1 AND d.event = e.id AND a.delivery = d.seq AND a.started_at < ?1
        LIMIT ?2)";

/// Those whose tries are all forgotten.
const DELIVERIES: &str = "
    DELETE FROM deliveries
    WHERE seq IN (
        SELECT d.seq
        FROM events e
        CROSS JOIN deliveries d
        WHERE e.account = ?3 AND e.created_at < ?1 AND d.event = e.id AND d.finished_at < ?1
          AND NOT EXISTS (SELECT 1 FROM delivery_attempts a WHERE a.delivery = d.seq)
        LIMIT ?2)";

/// Those that no delivery needs any more.
const EVENTS: &str = "
    DELETE FROM events
    WHERE id IN (
        SELECT id FROM events e
        WHERE account = ?3 AND created_at < ?1 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.id)
        LIMIT ?2)";

const OLD_CONVERSATIONS: &str = "
    SELECT id
    FROM conversations
    WHERE account = ?1 AND started_at < ?2 AND ended_at < ?2
    ORDER BY started_at
    LIMIT ?3";

const COUNT_CONVERSATION: &str = "
    UPDATE agents
    SET conversations_count = conversations_count - 1, conversations_forgotten = conversations_forgotten + 1
    WHERE account = ?1 AND id = ?2";

const OLD_LEADS: &str = "
    SELECT id, agent, conversation, trial
    FROM leads
    WHERE account = ?1 AND captured_at < ?2
    ORDER BY captured_at
    LIMIT ?3";

const LEAVE_CONVERSATION: &str = "
    UPDATE conversations
    SET lead = NULL
    WHERE account = ?1 AND id = ?2";

const COUNT_LEAD: &str = "
    UPDATE agents
    SET leads_count = leads_count - 1, leads_forgotten = leads_forgotten + 1
    WHERE account = ?1 AND id = ?2";

const CHOSEN: &str = "
    SELECT conversations_days, events_days, requests_days, leads_too
    FROM retention
    WHERE account = ?1";

const EVERYBODY: &str = "
    SELECT conversations_days, events_days, requests_days, coalesce(leads_too, 0), a.id
    FROM accounts a
    LEFT JOIN retention r ON r.account = a.id";

const CHOOSE: &str = "
    INSERT INTO retention (account, conversations_days, events_days, requests_days, leads_too)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (account) DO UPDATE
    SET conversations_days = excluded.conversations_days, events_days = excluded.events_days,
        requests_days = excluded.requests_days, leads_too = excluded.leads_too";

const COUNT_OLD_CONVERSATIONS: &str = "
    SELECT count(*)
    FROM (SELECT 1 FROM conversations WHERE account = ?1 AND started_at < ?2 AND ended_at < ?2 LIMIT ?3)";

const COUNT_OLD_LEADS: &str = "
    SELECT count(*)
    FROM (SELECT 1 FROM leads WHERE account = ?1 AND captured_at < ?2 LIMIT ?3)";

const COUNT_OLD_EVENTS: &str = "
    SELECT count(*)
    FROM (SELECT 1 FROM events WHERE account = ?1 AND created_at < ?2 LIMIT ?3)";

const COUNT_OLD_REQUESTS: &str = "
    SELECT count(*)
    FROM (SELECT 1 FROM api_requests INDEXED BY api_requests_by_account WHERE account = ?1 AND created_at < ?2 LIMIT ?3)";

const KEYS: &str = "
    DELETE FROM idempotency_keys
    WHERE (account, api_key, key) IN (SELECT account, api_key, key FROM idempotency_keys WHERE created_at < ?1 LIMIT ?2)";

const WEBHOOK_DAYS: &str = "
    DELETE FROM webhook_days
    WHERE (account, webhook, day) IN (SELECT account, webhook, day FROM webhook_days WHERE account = ?3 AND day < ?1 LIMIT ?2)";

const MODEL_USE: &str = "
    DELETE FROM model_use
    WHERE (account, day, agent) IN (SELECT account, day, agent FROM model_use WHERE account = ?3 AND day < ?1 LIMIT ?2)";

const STRIPE_EVENTS: &str = "
    DELETE FROM stripe_events
    WHERE id IN (SELECT id FROM stripe_events WHERE received_at < ?1 LIMIT ?2)";

const STRIPE_UNCLAIMED: &str = "
    DELETE FROM stripe_unclaimed
    WHERE number IN (SELECT number FROM stripe_unclaimed WHERE received_at < ?1 LIMIT ?2)";

impl Store {
    pub async fn retention(&self, account: AccountId) -> Result<Chosen> {
        self.read(move |db| {
            let chosen = db.prepare_cached(CHOSEN)?.query_row([account], chosen_of).optional()?;
            Ok(chosen.unwrap_or_default())
        })
        .await
    }

    pub async fn set_retention(&self, account: AccountId, chosen: Chosen) -> Result<()> {
        self.write(move |db| {
            let Chosen { conversations_days, events_days, requests_days, leads_too } = chosen;
            let values = params![account, conversations_days, events_days, requests_days, leads_too];
            db.prepare_cached(CHOOSE)?.execute(values)?;
            Ok(())
        })
        .await
    }

    /// How many rows are older than the limits, counted up to one more than `FORGETTABLE_MAX`.
    pub async fn forgettable(&self, account: AccountId, limits: Limits) -> Result<Forgettable> {
        self.read_heavy(move |db| {
            let count = |count: &str, before: Option<Time>| match before {
                Some(before) => {
                    let counted = params![account, before, FORGETTABLE_MAX + 1];
                    Ok(db.prepare_cached(count)?.query_row(counted, |row| row.get(0))?)
                }
                None => Ok::<i64, Error>(0),
            };
            Ok(Forgettable {
                conversations: count(COUNT_OLD_CONVERSATIONS, limits.conversations)?,
                leads: count(COUNT_OLD_LEADS, limits.leads)?,
                events: count(COUNT_OLD_EVENTS, Some(limits.events))?,
                requests: count(COUNT_OLD_REQUESTS, Some(limits.requests))?,
            })
        })
        .await
    }

    /// What holds for each account.
    pub async fn limits(&self, default: Chosen, now: Time) -> Result<Vec<(AccountId, Limits)>> {
        self.read_heavy(move |db| {
            let mut list = db.prepare_cached(EVERYBODY)?;
            let rows = list.query_map([], |row| Ok((row.get(4)?, chosen_of(row)?.limits(default, now))))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Forgets some of what an account's limits let go: how many rows, none when nothing is left. Counts, and what the first page draws,
    /// stay as they are.
    pub async fn forget_old(&self, account: AccountId, limits: Limits) -> Result<usize> {
        let days = self.world().now().plus_ms(-DAYS_AGE_MS);
        self.write(move |db| {
            let mut rows = 0;
            for (delete, before) in [
                (REQUESTS, limits.requests),
                (ATTEMPTS, limits.events),
                (DELIVERIES, limits.events),
                (EVENTS, limits.events),
                (WEBHOOK_DAYS, days),
                (MODEL_USE, days),
            ] {
                rows += db.prepare_cached(delete)?.execute(params![before, ROWS_MAX, account])?;
            }
            if let Some(before) = limits.leads {
                rows += forget_leads(db, &account, before)?;
            }
            if let Some(before) = limits.conversations {
                rows += forget_conversations(db, &account, before)?;
            }
            Ok(rows)
        })
        .await
    }

    /// Nothing deleted is left in the write-ahead log either.
    pub async fn fold(&self) {
        self.shared.writer.fold().await;
    }

    /// Forgets some of the answers that were kept for a day, and of what Stripe sent 90 days ago: how many rows.
    pub async fn forget_repeats(&self, now: Time) -> Result<usize> {
        self.write(move |db| {
            let mut rows = forget(db, KEYS, now.plus_ms(-idempotency::AGE_MS))?;
            for delete in [STRIPE_EVENTS, STRIPE_UNCLAIMED] {
                rows += forget(db, delete, now.plus_ms(-STRIPE_AGE_MS))?;
            }
            Ok(rows)
        })
        .await
    }
}

fn forget_conversations(db: &Connection, account: &AccountId, before: Time) -> Result<usize> {
    let mut find = db.prepare_cached(OLD_CONVERSATIONS)?;
    let old = find.query_map(params![account, before, CONVERSATIONS_MAX], |row| row.get(0))?;
    let old: Vec<ConversationId> = old.collect::<rusqlite::Result<_>>()?;
    for id in &old {
        let removed = erasure::remove(db, account, id)?;
        if !removed.trial {
            db.prepare_cached(COUNT_CONVERSATION)?.execute(params![account, removed.agent])?;
        }
    }
    Ok(old.len())
}

fn forget_leads(db: &Connection, account: &AccountId, before: Time) -> Result<usize> {
    let mut find = db.prepare_cached(OLD_LEADS)?;
    let old =
        find.query_map(params![account, before, ROWS_MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let old: Vec<(LeadId, AgentId, Option<ConversationId>, bool)> = old.collect::<rusqlite::Result<_>>()?;
    for (id, agent, conversation, trial) in &old {
        db.prepare_cached(LEAVE_CONVERSATION)?.execute(params![account, conversation])?;
        db.prepare_cached("DELETE FROM leads WHERE account = ?1 AND id = ?2")?.execute(params![account, id])?;
        if !trial {
            db.prepare_cached(COUNT_LEAD)?.execute(params![account, agent])?;
        }
    }
    Ok(old.len())
}

fn chosen_of(row: &Row) -> rusqlite::Result<Chosen> {
    Ok(Chosen { conversations_days: row.get(0)?, events_days: row.get(1)?, requests_days: row.get(2)?, leads_too: row.get(3)? })
}

fn forget(db: &Connection, delete: &str, before: Time) -> Result<usize> {
    Ok(db.prepare_cached(delete)?.execute(params![before, ROWS_MAX])?)
}
