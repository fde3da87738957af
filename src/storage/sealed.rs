//! All values that are sealed under the master key, for when it changes.

use rusqlite::{Connection, params};

use crate::domain::id::{AccountId, KeyId, UserId, WebhookId};
use crate::domain::place;
use crate::storage::{Result, Store};

const SOME_SECRETS: &str = "SELECT id, secret FROM webhooks LIMIT 100";

const SOME_ANSWERS: &str = "SELECT account, api_key, key, body FROM idempotency_keys LIMIT 100";

const SOME_STEPS: &str = "SELECT user, secret FROM two_step LIMIT 100";

const SECRETS: &str = "SELECT id, secret, next_secret, account FROM webhooks";

const ANSWERS: &str = "SELECT account, api_key, key, body FROM idempotency_keys";

const STEPS: &str = "SELECT account, user, secret FROM two_step";

const RESEAL_STEP: &str = "
    UPDATE two_step
    SET secret = ?3
    WHERE account = ?1 AND user = ?2";

const RESEAL_SECRET: &str = "
    UPDATE webhooks
    SET secret = ?3, next_secret = ?4
    WHERE account = ?1 AND id = ?2";

const RESEAL_ANSWER: &str = "
    UPDATE idempotency_keys
    SET body = ?4
    WHERE account = ?1 AND api_key = ?2 AND key = ?3";

impl Store {
    /// A few sealed values with their places, to see whether a key opens them. They are all sealed under the same one.
    pub async fn some_sealed(&self) -> Result<Vec<(String, Vec<u8>)>> {
        self.read(|db| {
            let mut secrets = db.prepare_cached(SOME_SECRETS)?;
            let secrets = secrets.query_map([], |row| Ok((place::of_secret(&row.get(0)?), row.get(1)?)))?;
            let mut found = secrets.collect::<rusqlite::Result<Vec<_>>>()?;
            let mut answers = db.prepare_cached(SOME_ANSWERS)?;
            let answers = answers.query_map([], |row| {
                Ok((place::of_answer(&row.get(0)?, &row.get(1)?, &row.get::<_, String>(2)?), row.get(3)?))
            })?;
            found.extend(answers.collect::<rusqlite::Result<Vec<_>>>()?);
            let mut steps = db.prepare_cached(SOME_STEPS)?;
            let steps = steps.query_map([], |row| Ok((place::of_two_step(&row.get(0)?), row.get(1)?)))?;
            found.extend(steps.collect::<rusqlite::Result<Vec<_>>>()?);
            Ok(found)
        })
        .await
    }

    /// Puts `again(place, sealed)` in place of every sealed value, all in one transaction; gives how many there were.
    pub async fn reseal<F>(&self, again: F) -> Result<usize>
    where
        F: Fn(&str, &[u8]) -> Result<Vec<u8>> + Send + 'static,
    {
        let resealed = self.write(move |db| Ok(secrets(db, &again)? + answers(db, &again)? + steps(db, &again)?)).await?;
        // What was sealed under the old key is not left in the log either.
        self.shared.writer.fold().await;
        Ok(resealed)
    }
}

fn secrets(db: &Connection, again: &impl Fn(&str, &[u8]) -> Result<Vec<u8>>) -> Result<usize> {
    let mut list = db.prepare(SECRETS)?;
    let rows = list.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    type Row = (WebhookId, Vec<u8>, Option<Vec<u8>>, AccountId);
    let rows = rows.collect::<rusqlite::Result<Vec<Row>>>()?;
    let mut count = 0;
    for (id, secret, next, account) in rows {
        let place = place::of_secret(&id);
        let next = next.map(|next| again(&place, &next)).transpose()?;
        count += 1 + usize::from(next.is_some());
        db.prepare_cached(RESEAL_SECRET)?.execute(params![account, id, again(&place, &secret)?, next])?;
    }
    Ok(count)
}

fn answers(db: &Connection, again: &impl Fn(&str, &[u8]) -> Result<Vec<u8>>) -> Result<usize> {
    let mut list = db.prepare(ANSWERS)?;
    let rows = list.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<(AccountId, KeyId, String, Vec<u8>)>>>()?;
    for (account, api_key, key, body) in &rows {
        let body = again(&place::of_answer(account, api_key, key), body)?;
        db.prepare_cached(RESEAL_ANSWER)?.execute(params![account, api_key, key, body])?;
    }
    Ok(rows.len())
}

fn steps(db: &Connection, again: &impl Fn(&str, &[u8]) -> Result<Vec<u8>>) -> Result<usize> {
    let mut list = db.prepare(STEPS)?;
    let rows = list.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<(AccountId, UserId, Vec<u8>)>>>()?;
    for (account, user, secret) in &rows {
        let secret = again(&place::of_two_step(user), secret)?;
        db.prepare_cached(RESEAL_STEP)?.execute(params![account, user, secret])?;
    }
    Ok(rows.len())
}
