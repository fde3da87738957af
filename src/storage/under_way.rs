//! What is under way at this moment, and how much more of it there may be.

use std::collections::HashMap;

use rusqlite::{Connection, Row};

use crate::domain::id::{AccountId, WebhookId};
use crate::domain::pace::Lane;
use crate::domain::time::Time;
use crate::storage::Result;
use crate::storage::columns::lane_of;

/// Deliveries of one account under way at once in a lane: together a quarter of the threads
/// that there are unless told otherwise, so that nobody takes all.
const fn of_account_max(lane: Lane) -> usize {
    match lane {
        Lane::Fast => 6,
        Lane::Slow => 2,
    }
}

/// Two at once for an endpoint of the fast lane whose last try went well, one for every other: what is new, failing or
/// slow has to show first that it answers.
const fn of_webhook_max(lane: Lane, proven: bool) -> usize {
    match lane {
        Lane::Fast if proven => 2,
        _ => 1,
    }
}

/// As many rows as there are claims, out of an index that holds no others.
const UNDER_WAY: &str = "
    SELECT d.lease_until, d.account, d.webhook, w.lane
    FROM deliveries d
    JOIN webhooks w ON w.id = d.webhook AND w.account = d.account
    WHERE d.state = 'inflight'";

/// Counted anew for each transaction that claims: so nothing has to be told of what a deletion has freed.
#[derive(Default)]
pub struct UnderWay {
    of_webhooks: HashMap<WebhookId, usize>,
    of_accounts: HashMap<(AccountId, Lane), usize>,
    /// When the first of the leases ends.
    pub lease_until: Option<Time>,
}

impl UnderWay {
    pub fn count(db: &Connection) -> Result<Self> {
        let mut list = db.prepare_cached(UNDER_WAY)?;
        let mut rows = list.query([])?;
        let mut under_way = Self::default();
        while let Some(row) = rows.next()? {
            under_way.add_row(row)?;
        }
        Ok(under_way)
    }

    fn add_row(&mut self, row: &Row) -> Result<()> {
        let lease_until: Time = row.get(0)?;
        self.lease_until = Some(self.lease_until.map_or(lease_until, |first| first.min(lease_until)));
        self.add(&row.get(1)?, &row.get(2)?, lane_of(&row.get::<_, String>(3)?)?, 1);
        Ok(())
    }

    pub fn add(&mut self, account: &AccountId, webhook: &WebhookId, lane: Lane, count: usize) {
        *self.of_webhooks.entry(webhook.clone()).or_default() += count;
        *self.of_accounts.entry((account.clone(), lane)).or_default() += count;
    }

    /// How many more deliveries of a webhook may be claimed.
    pub fn places(&self, account: &AccountId, webhook: &WebhookId, lane: Lane, proven: bool) -> usize {
        let of_webhook = self.of_webhooks.get(webhook).copied().unwrap_or_default();
        let of_account = self.of_accounts.get(&(account.clone(), lane)).copied().unwrap_or_default();
        let free = of_webhook_max(lane, proven).saturating_sub(of_webhook);
        free.min(of_account_max(lane).saturating_sub(of_account))
    }
}
