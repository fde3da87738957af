//! The audit log: written to, read, and forgotten after a year. The database itself refuses anything else.

use rusqlite::{Connection, Row, params};

use crate::domain::account::User;
use crate::domain::audit::{AUDIT_AGE_MS, Actor, AuditFilter, Entry, Origin, Recorded, SIGN_IN_REFUSED, subject};
use crate::domain::id::{AccountId, UserId};
use crate::domain::time::{MINUTE_MS, Time};
use crate::storage::{Result, Store};

/// People and keys that the list can be narrowed to.
const ACTORS_MAX: i64 = 200;
/// Rows that one statement deletes.
const FORGOTTEN_MAX: i64 = 500;

const ADD: &str = "
    INSERT INTO audit_log
        (account, created_at, actor, actor_name, subject, action, target, detail, times, address, user_agent, request_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

const ALL: &str = "
    SELECT id, created_at, actor, actor_name, action, target, detail, times, address, user_agent, request_id
    FROM audit_log
    WHERE account = ?1 AND id < ?2
    ORDER BY id DESC
    LIMIT ?3";

const OF_ACTOR: &str = "
    SELECT id, created_at, actor, actor_name, action, target, detail, times, address, user_agent, request_id
    FROM audit_log
    WHERE account = ?1 AND id < ?2 AND actor = ?4 AND (?5 IS NULL OR subject = ?5)
    ORDER BY id DESC
    LIMIT ?3";

const OF_SUBJECT: &str = "
    SELECT id, created_at, actor, actor_name, action, target, detail, times, address, user_agent, request_id
    FROM audit_log
    WHERE account = ?1 AND id < ?2 AND subject = ?4
    ORDER BY id DESC
    LIMIT ?3";

/// Steps from one actor to the next, instead of reading every entry.
const ACTORS: &str = "
    WITH RECURSIVE found (actor) AS (
        SELECT min(actor) FROM audit_log WHERE account = ?1
        UNION ALL
        SELECT (SELECT min(l.actor) FROM audit_log l WHERE l.account = ?1 AND f.actor < l.actor) FROM found f WHERE f.actor IS NOT NULL
    )
    SELECT f.actor, (SELECT l.actor_name FROM audit_log l WHERE l.account = ?1 AND l.actor = f.actor ORDER BY l.id DESC LIMIT 1)
    FROM found f
    WHERE f.actor IS NOT NULL
    LIMIT ?2";

const LAST_REFUSAL: &str = "
    SELECT refused_at, refused_count
    FROM users
    WHERE account = ?1 AND id = ?2";

const COUNT_REFUSAL: &str = "
    UPDATE users
    SET refused_count = refused_count + 1
    WHERE account = ?1 AND id = ?2";

const NOTE_REFUSAL: &str = "
    UPDATE users
    SET refused_at = ?3, refused_count = 0
    WHERE account = ?1 AND id = ?2";

const UNTOLD: &str = "
    SELECT account, id, name, refused_count
    FROM users
    WHERE refused_count > 0 AND refused_at <= ?1
    LIMIT 100";

const MOVE_HORIZON: &str = "
    UPDATE audit_horizon
    SET before = ?1
    WHERE one = 1 AND before < ?1";

const FORGET: &str = "
    DELETE FROM audit_log
    WHERE id IN (SELECT id FROM audit_log WHERE created_at < ?1 LIMIT ?2)";

impl Store {
    /// On the disk when it returns.
    pub async fn record(&self, entry: Entry) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| add(db, &entry, now)).await
    }

    /// With the next commit; where too much waits for that, at once.
    pub async fn record_soon(&self, entry: Entry) -> Result<()> {
        let (now, kept) = (self.world().now(), entry.clone());
        if self.shared.writer.queue_later(move |db| add(db, &kept, now)) { Ok(()) } else { self.record(entry).await }
    }

    /// A sign-in that was refused. A guesser makes one entry a minute, which says how many there were.
    pub fn note_refused_sign_in(&self, user: User, origin: Origin) {
        let now = self.world().now();
        self.shared.writer.run_later(move |db| {
            let key = params![user.account, user.id];
            let last: Option<(Option<Time>, i64)> =
                db.prepare_cached(LAST_REFUSAL)?.query_map(key, |row| Ok((row.get(0)?, row.get(1)?)))?.next().transpose()?;
            let Some((noted_at, untold)) = last else { return Ok(()) };
            if noted_at.is_some_and(|at| (0..MINUTE_MS).contains(&now.since(at))) {
                db.prepare_cached(COUNT_REFUSAL)?.execute(key)?;
                return Ok(());
            }
            add(db, &refusal(user.account.clone(), &user.id, &user.name, untold + 1, origin), now)?;
            db.prepare_cached(NOTE_REFUSAL)?.execute(params![user.account, user.id, now])?;
            Ok(())
        });
    }

    /// Writes down the refused sign-ins that came after an entry and that no later one has told of.
    pub async fn tell_refused_sign_ins(&self) -> Result<()> {
        let now = self.world().now();
        let before = now.plus_ms(-MINUTE_MS);
        let due = self.read(move |db| Ok(db.prepare_cached(UNTOLD)?.exists([before])?)).await?;
        if !due {
            return Ok(());
        }
        self.write(move |db| {
            let mut find = db.prepare_cached(UNTOLD)?;
            let found = find.query_map([before], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            let found: Vec<(AccountId, UserId, String, i64)> = found.collect::<rusqlite::Result<_>>()?;
            for (account, user, name, untold) in found {
                db.prepare_cached(NOTE_REFUSAL)?.execute(params![account, user, now])?;
                add(db, &refusal(account, &user, &name, untold, Origin::default()), now)?;
            }
            Ok(())
        })
        .await
    }

    /// Newest first, those before the entry `before`.
    pub async fn audit(&self, account: AccountId, filter: AuditFilter, before: Option<i64>, limit: i64) -> Result<Vec<Recorded>> {
        let before = before.unwrap_or(i64::MAX);
        self.read_heavy(move |db| {
            let AuditFilter { actor, subject } = &filter;
            let (list, narrowed) = match (actor, subject) {
                (Some(_), _) => (OF_ACTOR, 5),
                (None, Some(_)) => (OF_SUBJECT, 4),
                (None, None) => (ALL, 3),
            };
            let first: &dyn rusqlite::ToSql = if actor.is_some() { actor } else { subject };
            let values: [&dyn rusqlite::ToSql; 5] = [&account, &before, &limit, first, subject];
            let mut list = db.prepare_cached(list)?;
            let rows = list.query_map(values.get(..narrowed).unwrap_or(&values), recorded)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Whoever is in the log: id, and the name they had last.
    pub async fn audit_actors(&self, account: AccountId) -> Result<Vec<(String, String)>> {
        self.read_heavy(move |db| {
            let mut list = db.prepare_cached(ACTORS)?;
            let rows = list.query_map(params![account, ACTORS_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Forgets some of what is older than a year; false when nothing is left to forget.
    pub async fn forget_audit(&self, now: Time) -> Result<bool> {
        let before = now.plus_ms(-AUDIT_AGE_MS);
        self.write(move |db| {
            db.prepare_cached(MOVE_HORIZON)?.execute([before])?;
            let forgotten = db.prepare_cached(FORGET)?.execute(params![before, FORGOTTEN_MAX])?;
            Ok(i64::try_from(forgotten).is_ok_and(|forgotten| forgotten == FORGOTTEN_MAX))
        })
        .await
    }
}

fn refusal(account: AccountId, user: &UserId, name: &str, times: i64, origin: Origin) -> Entry {
    let (target, detail) = (user.to_string(), name.to_owned());
    Entry { account, actor: Actor::Stranger, action: SIGN_IN_REFUSED, target, detail, times, origin }
}

fn add(db: &Connection, entry: &Entry, now: Time) -> Result<()> {
    db.prepare_cached(ADD)?.execute(params![
        entry.account,
        now,
        entry.actor.id(),
        entry.actor.name(),
        subject(entry.action),
        entry.action,
        entry.target,
        entry.detail,
        entry.times,
        entry.origin.address,
        entry.origin.user_agent,
        entry.origin.request_id
    ])?;
    Ok(())
}

fn recorded(row: &Row) -> rusqlite::Result<Recorded> {
    Ok(Recorded {
        id: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        actor_name: row.get(3)?,
        action: row.get(4)?,
        target: row.get(5)?,
        detail: row.get(6)?,
        times: row.get(7)?,
        origin: Origin { address: row.get(8)?, user_agent: row.get(9)?, request_id: row.get(10)? },
    })
}
