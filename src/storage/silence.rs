//! What a person leaves lying goes back to the agent: after how long, what is due, and what the agent then owes an answer.

use rusqlite::{Row, params};

use crate::domain::account::User;
use crate::domain::id::{AccountId, ConversationId};
use crate::domain::operator::{Left, Owed, SIGNS_APART_MS};
use crate::domain::time::{MINUTE_MS, Time};
use crate::storage::{Result, Store};

/// Conversations that one look at what is due brings; the rest comes with the next.
const DUE_MAX: i64 = 100;

const SIGN: &str = "
    UPDATE conversations
    SET silent_since = ?4
    WHERE account = ?1 AND id = ?2 AND claimed_by = ?3 AND silent_since <= ?5";

/// Those that the index brings are few: people who were silent for the shortest time that can be chosen.
const SILENT: &str = "
    SELECT c.account, c.id, c.visitor, a.hand_back_minutes
    FROM conversations c INDEXED BY conversations_silent
    JOIN accounts a ON a.id = c.account
    WHERE c.silent_since <= ?1 AND 0 < a.hand_back_minutes AND c.silent_since <= ?2 - a.hand_back_minutes * ?3
    ORDER BY c.silent_since
    LIMIT ?4";

const HAND_BACK: &str = "
    UPDATE conversations
    SET handed_back_name = claimed_name, handed_back_minutes = ?3, claimed_by = NULL, claimed_name = NULL, claimed_at = NULL,
        waiting_since = NULL, silent_since = NULL, answer_owed = 1
    WHERE account = ?1 AND id = ?2 AND claimed_by IS NOT NULL AND silent_since <= ?4";

const OWED: &str = "
    SELECT c.account, c.agent, c.id, c.visitor, m.id, m.content
    FROM conversations c INDEXED BY conversations_owed
    JOIN messages m ON m.conversation = c.id AND m.account = c.account AND m.seq = c.messages_count - 1
    WHERE c.answer_owed = 1 AND ?1 < c.last_activity_at AND m.role = 'user'
    ORDER BY c.last_activity_at
    LIMIT ?2";

const MINUTES: &str = "
    SELECT hand_back_minutes
    FROM accounts
    WHERE id = ?1";

const SET_MINUTES: &str = "
    UPDATE accounts
    SET hand_back_minutes = ?2
    WHERE id = ?1";

impl Store {
    /// The person who has a conversation is there: what they type is a sign of it.
    pub async fn note_sign_of_life(&self, user: User, id: ConversationId) -> Result<()> {
        let now = self.world().now();
        self.write(move |db| {
            let before = now.plus_ms(-SIGNS_APART_MS);
            db.prepare_cached(SIGN)?.execute(params![user.account, id, user.id, now, before])?;
            Ok(())
        })
        .await
    }

    /// Gives back to their agents what people have left waiting for too long. Called until it is none.
    pub async fn hand_back_silent(&self) -> Result<Vec<Left>> {
        let now = self.world().now();
        let due = self
            .read(move |db| {
                let mut find = db.prepare_cached(SILENT)?;
                let rows = find.query_map(params![now.plus_ms(-MINUTE_MS), now, MINUTE_MS, DUE_MAX], due_of)?;
                Ok(rows.collect::<rusqlite::Result<Vec<(Left, i64)>>>()?)
            })
            .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        self.write(move |db| {
            let mut handed_back = Vec::new();
            for (left, minutes) in due {
                // The person may have come back since the read.
                let silent = now.plus_ms(-minutes * MINUTE_MS);
                let values = params![left.account, left.conversation, minutes, silent];
                if db.prepare_cached(HAND_BACK)?.execute(values)? == 1 {
                    handed_back.push(left);
                }
            }
            Ok(handed_back)
        })
        .await
    }

    /// What agents have to answer in the place of people who did not; nothing of conversations idle since `idle_before`.
    pub async fn owed_answers(&self, idle_before: Time) -> Result<Vec<Owed>> {
        self.read(move |db| {
            let mut find = db.prepare_cached(OWED)?;
            Ok(find.query_map(params![idle_before, DUE_MAX], owed_of)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    pub async fn hand_back_minutes(&self, account: AccountId) -> Result<u32> {
        self.read(move |db| Ok(db.prepare_cached(MINUTES)?.query_row([account], |row| row.get(0))?)).await
    }

    pub async fn set_hand_back_minutes(&self, account: AccountId, minutes: u32) -> Result<()> {
        self.write(move |db| {
            db.prepare_cached(SET_MINUTES)?.execute(params![account, minutes])?;
            Ok(())
        })
        .await
    }
}

fn due_of(row: &Row) -> rusqlite::Result<(Left, i64)> {
    Ok((Left { account: row.get(0)?, conversation: row.get(1)?, visitor: row.get(2)? }, row.get(3)?))
}

fn owed_of(row: &Row) -> rusqlite::Result<Owed> {
    Ok(Owed {
        account: row.get(0)?,
        agent: row.get(1)?,
        conversation: row.get(2)?,
        visitor: row.get(3)?,
        message: row.get(4)?,
        content: row.get(5)?,
    })
}
