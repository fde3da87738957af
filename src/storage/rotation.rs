//! New secrets for webhooks: for a day the old and the new one both sign, so that a receiver can change over at leisure.

use rusqlite::params;

use crate::domain::id::{AccountId, WebhookId};
use crate::domain::time::{DAY_MS, Time};
use crate::storage::{Error, Keep, Result, Store};

const OVERLAP_MS: i64 = DAY_MS;

/// A rotation that is under way.
#[derive(Clone, Debug)]
pub struct Rotation {
    pub webhook: WebhookId,
    /// From then on the new secret signs alone.
    pub flip_at: Time,
}

/// A rotation that had not ended yet ends at once: its new secret is the old one now.
const ROTATE: &str = "
    UPDATE webhooks
    SET secret = CASE WHEN next_secret IS NULL THEN secret ELSE next_secret END, next_secret = ?3, flip_at = ?4
    WHERE account = ?1 AND id = ?2";

const FLIP: &str = "
    UPDATE webhooks
    SET secret = next_secret, next_secret = NULL, flip_at = NULL
    WHERE flip_at <= ?1 AND next_secret IS NOT NULL";

impl Store {
    pub async fn rotate_secret(
        &self,
        account: AccountId,
        id: WebhookId,
        next: Vec<u8>,
        keep: Keep<Rotation>,
    ) -> Result<Rotation> {
        let flip_at = self.world().now().plus_ms(OVERLAP_MS);
        self.write_once(keep, move |db| match db.prepare_cached(ROTATE)?.execute(params![account, id, next, flip_at])? {
            0 => Err(Error::NotFound),
            _ => Ok(Rotation { webhook: id, flip_at }),
        })
        .await
    }

    /// Ends rotations whose day is over.
    pub async fn flip_secrets(&self) -> Result<()> {
        let now = self.world().now();
        let due = self
            .read(move |db| {
                let mut find = db.prepare_cached("SELECT 1 FROM webhooks WHERE flip_at <= ?1 LIMIT 1")?;
                Ok(find.exists([now])?)
            })
            .await?;
        if !due {
            return Ok(());
        }
        self.write(move |db| {
            db.execute(FLIP, [now])?;
            Ok(())
        })
        .await
    }
}
