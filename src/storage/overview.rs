//! What the dashboard's first page shows: a month day by day, how much was answered, and what most often was not.

use rusqlite::{Connection, params};

use crate::domain::analytics::{DAYS, Day, Overview, Unanswered};
use crate::domain::id::AccountId;
use crate::domain::time::{DAY_MS, Time};
use crate::storage::{Result, Store};

const CONVERSATIONS_BY_DAY: &str = "
    SELECT (started_at - ?2) / ?3, count(*)
    FROM conversations
    WHERE account = ?1 AND ?2 <= started_at
    GROUP BY 1";

const LEADS_BY_DAY: &str = "
    SELECT (captured_at - ?2) / ?3, count(*)
    FROM leads
    WHERE account = ?1 AND ?2 <= captured_at
    GROUP BY 1";

const ANSWERS: &str = "
    SELECT coalesce(CAST(sum(responses) AS INTEGER), 0), coalesce(CAST(sum(unanswered) AS INTEGER), 0)
    FROM response_times
    WHERE account = ?1 AND month = ?2";

const QUESTIONS: &str = "
    SELECT agent, text, asked_count
    FROM unanswered_questions
    WHERE account = ?1
    ORDER BY asked_count DESC, last_asked_at DESC
    LIMIT ?2";

const QUESTIONS_MAX: i64 = 5;

impl Store {
    pub async fn overview(&self, account: AccountId, now: Time) -> Result<Overview> {
        self.read_heavy(move |db| {
            let tx = db.unchecked_transaction()?;
            let first = now.day_start().plus_ms(-(DAYS as i64 - 1) * DAY_MS);
            let (conversations, leads) =
                (by_day(&tx, CONVERSATIONS_BY_DAY, &account, first)?, by_day(&tx, LEADS_BY_DAY, &account, first)?);
            let day = |(number, (conversations, leads))| Day { start: first.plus_ms(number * DAY_MS), conversations, leads };
            let (answers, unanswered) =
                tx.prepare_cached(ANSWERS)?.query_row(params![account, now.month()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut questions = tx.prepare_cached(QUESTIONS)?;
            let questions = questions.query_map(params![account, QUESTIONS_MAX], |row| {
                Ok(Unanswered { agent: row.get(0)?, text: row.get(1)?, asked_count: row.get(2)? })
            })?;
            Ok(Overview {
                days: (0..).zip(conversations.into_iter().zip(leads)).map(day).collect(),
                answers,
                unanswered,
                questions: questions.collect::<rusqlite::Result<_>>()?,
            })
        })
        .await
    }
}

/// How many fall on each day from `first`; what lies ahead of today is left out.
fn by_day(db: &Connection, query: &str, account: &AccountId, first: Time) -> Result<[i64; DAYS]> {
    let mut days = [0; DAYS];
    let mut find = db.prepare_cached(query)?;
    let rows = find.query_map(params![account, first, DAY_MS], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    for row in rows {
        let (number, rows) = row?;
        if let Some(day) = usize::try_from(number).ok().and_then(|number| days.get_mut(number)) {
            *day = rows;
        }
    }
    Ok(days)
}
