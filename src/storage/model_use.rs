//! What models have written, by agent and day: counted with each answer, read before the next.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::agent::Agent;
use crate::domain::id::{AccountId, AgentId};
use crate::domain::model_use::{DayUse, ModelUse};
use crate::domain::time::Time;
use crate::storage::{Result, Store};

const COUNT: &str = "
    INSERT INTO model_use (account, day, agent, answers, input_tokens, output_tokens, cost_micros)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (account, day, agent) DO UPDATE
    SET answers = model_use.answers + excluded.answers,
        input_tokens = model_use.input_tokens + excluded.input_tokens,
        output_tokens = model_use.output_tokens + excluded.output_tokens,
        cost_micros = model_use.cost_micros + excluded.cost_micros";

const COUNT_DAY: &str = "
    INSERT INTO model_days (day, answers, input_tokens, output_tokens, cost_micros)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (day) DO UPDATE
    SET answers = model_days.answers + excluded.answers,
        input_tokens = model_days.input_tokens + excluded.input_tokens,
        output_tokens = model_days.output_tokens + excluded.output_tokens,
        cost_micros = model_days.cost_micros + excluded.cost_micros";

const AGENTS_DAY: &str = "
    SELECT answers, input_tokens, output_tokens, cost_micros
    FROM model_use
    WHERE account = ?1 AND day = ?2 AND agent = ?3";

/// Over the rows of one day: one for each agent that a model wrote for.
const ACCOUNTS_DAY: &str = "
    SELECT coalesce(CAST(sum(answers) AS INTEGER), 0),
           coalesce(CAST(sum(input_tokens) AS INTEGER), 0),
           coalesce(CAST(sum(output_tokens) AS INTEGER), 0),
           coalesce(CAST(sum(cost_micros) AS INTEGER), 0)
    FROM model_use
    WHERE account = ?1 AND day = ?2";

const SERVERS_DAY: &str = "
    SELECT answers, input_tokens, output_tokens, cost_micros
    FROM model_days
    WHERE day = ?1";

impl Store {
    /// What models have written on the day of `now`.
    pub async fn model_use(&self, account: AccountId, agent: AgentId, now: Time) -> Result<DayUse> {
        self.read(move |db| {
            let day = now.day_start();
            let of_agent = db.prepare_cached(AGENTS_DAY)?.query_row(params![account, day, agent], use_of).optional()?;
            let of_server = db.prepare_cached(SERVERS_DAY)?.query_row([day], use_of).optional()?;
            Ok(DayUse {
                agent: of_agent.unwrap_or_default(),
                account: db.prepare_cached(ACCOUNTS_DAY)?.query_row(params![account, day], use_of)?,
                server: of_server.unwrap_or_default(),
            })
        })
        .await
    }
}

pub fn count(db: &Connection, agent: &Agent, now: Time, used: &ModelUse) -> Result<()> {
    if used.is_none() {
        return Ok(());
    }
    let day = now.day_start();
    let ModelUse { answers, input_tokens, output_tokens, cost_micros } = used;
    db.prepare_cached(COUNT)?.execute(params![
        agent.account,
        day,
        agent.id,
        answers,
        input_tokens,
        output_tokens,
        cost_micros
    ])?;
    db.prepare_cached(COUNT_DAY)?.execute(params![day, answers, input_tokens, output_tokens, cost_micros])?;
    Ok(())
}

fn use_of(row: &Row) -> rusqlite::Result<ModelUse> {
    Ok(ModelUse { answers: row.get(0)?, input_tokens: row.get(1)?, output_tokens: row.get(2)?, cost_micros: row.get(3)? })
}
