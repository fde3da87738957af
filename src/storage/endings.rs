//! How deliveries ended, counted for each webhook and day in the transaction of their end.

use rusqlite::{Connection, params};

use crate::domain::id::{AccountId, DeliveryId, WebhookId};
use crate::domain::time::{DAY_MS, Time};
use crate::storage::Result;

/// So far back a webhook's success rate looks; to the day.
const RATE_SPAN_MS: i64 = 30 * DAY_MS;

const COUNT: &str = "
    INSERT INTO webhook_days (account, webhook, day, delivered, ended)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (account, webhook, day) DO UPDATE
    SET delivered = webhook_days.delivered + excluded.delivered, ended = webhook_days.ended + excluded.ended";

const TAKE_BACK: &str = "
    UPDATE webhook_days
    SET delivered = delivered - (state = 'delivered'), ended = ended - 1
    FROM deliveries d
    WHERE d.account = ?1 AND d.id = ?2 AND d.state IN ('delivered', 'exhausted')
      AND webhook_days.account = d.account AND webhook_days.webhook = d.webhook
      AND webhook_days.day = d.finished_at - d.finished_at % 86400000";

const RATE: &str = "
    SELECT coalesce(sum(delivered), 0), coalesce(sum(ended), 0)
    FROM webhook_days
    WHERE account = ?1 AND webhook = ?2 AND ?3 <= day";

const FORGET: &str = "DELETE FROM webhook_days WHERE account = ?1 AND webhook = ?2";

/// Deliveries that ended now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Endings {
    delivered: u32,
    exhausted: u32,
}

impl Endings {
    /// One more that came to this state, which may be no end.
    pub fn with(mut self, state: &str) -> Self {
        match state {
            "delivered" => self.delivered += 1,
            "exhausted" => self.exhausted += 1,
            _ => {}
        }
        self
    }

    pub fn count(self, db: &Connection, account: &AccountId, webhook: &WebhookId, now: Time) -> Result<()> {
        let ended = self.delivered + self.exhausted;
        if ended > 0 {
            db.prepare_cached(COUNT)?.execute(params![account, webhook, now.day_start(), self.delivered, ended])?;
        }
        Ok(())
    }
}

/// Of a delivery that is about to be sent again: it ends once more.
pub fn take_back(db: &Connection, account: &AccountId, delivery: &DeliveryId) -> Result<()> {
    db.prepare_cached(TAKE_BACK)?.execute(params![account, delivery])?;
    Ok(())
}

/// Delivered ÷ ended of the last 30 days, to two places as in the documentation's 0.98; none if nothing has ended.
pub fn success_rate(db: &Connection, account: &AccountId, webhook: &WebhookId, now: Time) -> Result<Option<f64>> {
    let since = now.plus_ms(-RATE_SPAN_MS).day_start();
    let mut rate = db.prepare_cached(RATE)?;
    let (delivered, ended): (f64, f64) =
        rate.query_row(params![account, webhook, since], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((ended > 0.0).then(|| (delivered / ended * 100.0).round() / 100.0))
}

pub fn forget(db: &Connection, account: &AccountId, webhook: &WebhookId) -> Result<()> {
    db.prepare_cached(FORGET)?.execute(params![account, webhook])?;
    Ok(())
}
