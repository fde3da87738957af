//! What the dashboard's first page shows: a month day by day, how much was answered, and what most often was not.

use rusqlite::params;

use crate::domain::analytics::{Overview, Unanswered};
use crate::domain::id::AccountId;
use crate::domain::time::Time;
use crate::storage::{Result, Store, days};

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
            let (answers, unanswered) =
                tx.prepare_cached(ANSWERS)?.query_row(params![account, now.month()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut questions = tx.prepare_cached(QUESTIONS)?;
            let questions = questions.query_map(params![account, QUESTIONS_MAX], |row| {
                Ok(Unanswered { agent: row.get(0)?, text: row.get(1)?, asked_count: row.get(2)? })
            })?;
            Ok(Overview {
                days: days::last(&tx, &account, now)?,
                answers,
                unanswered,
                questions: questions.collect::<rusqlite::Result<_>>()?,
            })
        })
        .await
    }
}
