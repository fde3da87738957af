//! The numbers of an account, from counters that were kept all along.

use rusqlite::{Connection, params};

use crate::domain::analytics::{Analytics, Counts, ResponseTime};
use crate::domain::id::AccountId;
use crate::domain::time::Time;
use crate::storage::{Result, Store, days};

const TOP_PAGES_MAX: i64 = 10;

const TOTALS: &str = "
    SELECT count(*) FILTER (WHERE deactivated_at IS NULL),
           coalesce(CAST(sum(conversations_count + conversations_forgotten) AS INTEGER), 0),
           coalesce(CAST(sum(leads_count + leads_forgotten) AS INTEGER), 0)
    FROM agents
    WHERE account = ?1";

const DURATIONS: &str = "
    SELECT response_ms, responses
    FROM response_times
    WHERE account = ?1 AND month = ?2
    ORDER BY response_ms";

const TOP_PAGES: &str = "
    SELECT page, conversations
    FROM page_usage
    WHERE account = ?1 AND month = ?2
    ORDER BY conversations DESC, page
    LIMIT ?3";

impl Store {
    pub async fn analytics(&self, account: AccountId, now: Time) -> Result<Analytics> {
        self.read_heavy(move |db| {
            let tx = db.unchecked_transaction()?;
            let month = now.month();
            let (agents_active, conversations, leads) =
                tx.prepare_cached(TOTALS)?.query_row([&account], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let month_so_far = days::since(&tx, &account, now.month_start())?;
            let today = days::since(&tx, &account, now.day_start())?;
            Ok(Analytics {
                agents_active,
                conversations: Counts { total: conversations, this_month: month_so_far.0, today: today.0 },
                leads: Counts { total: leads, this_month: month_so_far.1, today: today.1 },
                response_time: ResponseTime::of(&pairs(&tx, DURATIONS, params![account, month])?),
                top_pages: pairs(&tx, TOP_PAGES, params![account, month, TOP_PAGES_MAX])?,
            })
        })
        .await
    }
}

fn pairs<T: rusqlite::types::FromSql>(db: &Connection, query: &str, params: &[&dyn rusqlite::ToSql]) -> Result<Vec<(T, i64)>> {
    let mut find = db.prepare_cached(query)?;
    let rows = find.query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
