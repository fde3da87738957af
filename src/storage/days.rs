//! What happened on each day, counted in the transaction of its cause.

use rusqlite::{Connection, params};

use crate::domain::analytics::{DAYS, Day, rounded_ms};
use crate::domain::id::AccountId;
use crate::domain::time::{DAY_MS, Time};
use crate::storage::Result;

const COUNT_CONVERSATIONS: &str = "
    INSERT INTO days (account, day, conversations)
    VALUES (?1, ?2, ?3)
    ON CONFLICT (account, day) DO UPDATE SET conversations = days.conversations + excluded.conversations";

const COUNT_LEADS: &str = "
    INSERT INTO days (account, day, leads)
    VALUES (?1, ?2, ?3)
    ON CONFLICT (account, day) DO UPDATE SET leads = days.leads + excluded.leads";

const COUNT_ANSWER: &str = "
    INSERT INTO answer_times (account, day, rounded_ms, answers, unanswered, total_ms)
    VALUES (?1, ?2, ?3, 1, ?4, ?5)
    ON CONFLICT (account, day, rounded_ms) DO UPDATE
    SET answers = answer_times.answers + 1,
        unanswered = answer_times.unanswered + excluded.unanswered,
        total_ms = answer_times.total_ms + excluded.total_ms";

const SINCE: &str = "
    SELECT coalesce(CAST(sum(conversations) AS INTEGER), 0), coalesce(CAST(sum(leads) AS INTEGER), 0)
    FROM days
    WHERE account = ?1 AND ?2 <= day";

const BY_DAY: &str = "
    SELECT day, conversations, leads
    FROM days
    WHERE account = ?1 AND ?2 <= day";

const ANSWERS_BY_DAY: &str = "
    SELECT day, rounded_ms, answers, unanswered, total_ms
    FROM answer_times
    WHERE account = ?1 AND ?2 <= day
    ORDER BY day, rounded_ms";

/// One more that began at this time, or one less.
pub fn count_conversation(db: &Connection, account: &AccountId, started_at: Time, change: i64) -> Result<()> {
    db.prepare_cached(COUNT_CONVERSATIONS)?.execute(params![account, started_at.day_start(), change])?;
    Ok(())
}

/// One more that was captured at this time, or one less.
pub fn count_lead(db: &Connection, account: &AccountId, captured_at: Time, change: i64) -> Result<()> {
    db.prepare_cached(COUNT_LEADS)?.execute(params![account, captured_at.day_start(), change])?;
    Ok(())
}

pub fn count_answer(db: &Connection, account: &AccountId, at: Time, response_ms: i64, unanswered: bool) -> Result<()> {
    let values = params![account, at.day_start(), rounded_ms(response_ms), unanswered, response_ms];
    db.prepare_cached(COUNT_ANSWER)?.execute(values)?;
    Ok(())
}

/// Conversations that began and leads that were captured since the start of a day.
pub fn since(db: &Connection, account: &AccountId, day: Time) -> Result<(i64, i64)> {
    Ok(db.prepare_cached(SINCE)?.query_row(params![account, day], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// The last days up to today; what a wrong clock put ahead of today is left out.
pub fn last(db: &Connection, account: &AccountId, today: Time) -> Result<Vec<Day>> {
    let first = today.day_start().plus_ms(-(DAYS - 1) * DAY_MS);
    let mut days: Vec<Day> = (0..DAYS).map(|number| Day::new(first.plus_ms(number * DAY_MS))).collect();
    let place = |day: Time| usize::try_from(day.since(first) / DAY_MS).unwrap_or(usize::MAX);
    let mut find = db.prepare_cached(BY_DAY)?;
    let mut rows = find.query(params![account, first])?;
    while let Some(row) = rows.next()? {
        if let Some(day) = days.get_mut(place(row.get(0)?)) {
            (day.conversations, day.leads) = (row.get(1)?, row.get(2)?);
        }
    }
    let mut find = db.prepare_cached(ANSWERS_BY_DAY)?;
    let mut rows = find.query(params![account, first])?;
    while let Some(row) = rows.next()? {
        if let Some(day) = days.get_mut(place(row.get(0)?)) {
            day.answers.rounded.push((row.get(1)?, row.get(2)?));
            day.answers.unanswered += row.get::<_, i64>(3)?;
            day.answers.total_ms += row.get::<_, i64>(4)?;
        }
    }
    Ok(days)
}
