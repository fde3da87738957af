//! The second step of signing in: a person's secret for codes, and the recovery codes that are left.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::id::{AccountId, UserId};
use crate::domain::time::Time;
use crate::storage::sessions::{Renewal, renew_session};
use crate::storage::{Error, Result, Store};

/// Two-step sign-in as it is switched on.
#[derive(Clone, Debug)]
pub struct TwoStep {
    /// Sealed.
    pub secret: Vec<u8>,
    pub enabled_at: Time,
    pub codes_left: usize,
}

const FIND: &str = "
    SELECT t.secret, t.enabled_at,
           (SELECT count(*) FROM recovery_codes r WHERE r.user = t.user AND r.account = t.account)
    FROM two_step t
    WHERE t.account = ?1 AND t.user = ?2";

const ENABLE: &str = "
    INSERT INTO two_step (account, user, secret, last_step, enabled_at)
    VALUES (?1, ?2, ?3, ?4, ?5)";

/// Later steps only: of two who come with the same code one is too late.
const TAKE_STEP: &str = "
    UPDATE two_step
    SET last_step = ?3
    WHERE account = ?1 AND user = ?2 AND last_step < ?3";

const DISABLE: &str = "
    DELETE FROM two_step
    WHERE account = ?1 AND user = ?2";

const ADD_CODE: &str = "
    INSERT INTO recovery_codes (account, user, hash)
    VALUES (?1, ?2, ?3)";

const TAKE_CODE: &str = "
    DELETE FROM recovery_codes
    WHERE account = ?1 AND user = ?2 AND hash = ?3";

const FORGET_CODES: &str = "
    DELETE FROM recovery_codes
    WHERE account = ?1 AND user = ?2";

impl Store {
    pub async fn two_step(&self, account: AccountId, user: UserId) -> Result<Option<TwoStep>> {
        self.read(move |db| {
            let found = db.prepare_cached(FIND)?.query_row(params![account, user], |row| {
                let left: i64 = row.get(2)?;
                Ok(TwoStep {
                    secret: row.get(0)?,
                    enabled_at: row.get(1)?,
                    codes_left: usize::try_from(left).unwrap_or_default(),
                })
            });
            Ok(found.optional()?)
        })
        .await
    }

    /// Switches it on, which `step` has proved to work, and ends every other session. A conflict where it is on already.
    pub async fn enable_two_step(
        &self,
        account: AccountId,
        user: UserId,
        secret: Vec<u8>,
        step: i64,
        codes: Vec<[u8; 32]>,
        session: Renewal,
    ) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            db.prepare_cached(ENABLE)?.execute(params![account, user, secret, step, now])?;
            add_codes(db, &account, &user, &codes)?;
            renew_session(db, &account, &user, session)
        })
        .await
    }

    /// Switches it off and ends every other session.
    pub async fn disable_two_step(&self, account: AccountId, user: UserId, session: Renewal) -> Result<()> {
        self.write(move |db| {
            if db.prepare_cached(DISABLE)?.execute(params![account, user])? == 0 {
                return Err(Error::NotFound);
            }
            renew_session(db, &account, &user, session)
        })
        .await
    }

    /// For somebody who lost authenticator and codes; ends every session. False where it was off.
    pub async fn reset_two_step(&self, email: String) -> Result<bool> {
        self.write(move |db| {
            let find = "SELECT account, id FROM users WHERE email = ?1";
            let (account, user): (AccountId, UserId) = db.query_row(find, [email], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let was_on = db.prepare_cached(DISABLE)?.execute(params![account, user])? == 1;
            if was_on {
                db.execute("DELETE FROM sessions WHERE account = ?1 AND user = ?2", params![account, user])?;
            }
            Ok(was_on)
        })
        .await
    }

    /// Whether the code of this step is still good; from now on neither it nor one before it is.
    pub async fn take_step(&self, account: AccountId, user: UserId, step: i64) -> Result<bool> {
        self.write(move |db| Ok(db.prepare_cached(TAKE_STEP)?.execute(params![account, user, step])? == 1)).await
    }

    /// Whether there is such a code; from now on there is none.
    pub async fn take_recovery_code(&self, account: AccountId, user: UserId, code: [u8; 32]) -> Result<bool> {
        self.write(move |db| Ok(db.prepare_cached(TAKE_CODE)?.execute(params![account, user, code])? == 1)).await
    }

    /// New ones in the place of those that are left.
    pub async fn renew_recovery_codes(&self, account: AccountId, user: UserId, codes: Vec<[u8; 32]>) -> Result<()> {
        self.write(move |db| {
            let is_on = db.prepare_cached(FIND)?.exists(params![account, user])?;
            if !is_on {
                return Err(Error::NotFound);
            }
            db.prepare_cached(FORGET_CODES)?.execute(params![account, user])?;
            add_codes(db, &account, &user, &codes)
        })
        .await
    }
}

fn add_codes(db: &Connection, account: &AccountId, user: &UserId, codes: &[[u8; 32]]) -> Result<()> {
    let mut add = db.prepare_cached(ADD_CODE)?;
    for code in codes {
        add.execute(params![account, user, code])?;
    }
    Ok(())
}
