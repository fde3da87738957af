//! Unanswered questions, grouped as they come in, and the questions that an owner saved.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::id::{AccountId, AgentId, ConversationId, SavedQuestionId};
use crate::domain::question::{Gap, Given, SAVED_MAX, SavedQuestion, UNANSWERED_MAX, UnansweredQuestion};
use crate::domain::time::Time;
use crate::storage::{Error, Result, Store, draw};
use crate::world::World;

const RECORD: &str = "
    INSERT INTO unanswered_questions (agent, subject, account, text, zone, conversation, first_asked_at, last_asked_at)
    SELECT ?1, ?2, ?3, ?4, ?5, id, ?7, ?7
    FROM conversations
    WHERE id = ?6 AND account = ?3
    ON CONFLICT (agent, subject) DO UPDATE
    SET text = excluded.text, zone = excluded.zone, conversation = excluded.conversation,
        asked_count = asked_count + 1, last_asked_at = max(last_asked_at, excluded.last_asked_at)
    RETURNING asked_count";

const FORGET_OLDEST: &str = "
    DELETE FROM unanswered_questions
    WHERE agent = ?1 AND account = ?2 AND subject IN (
        SELECT subject FROM unanswered_questions WHERE agent = ?1 ORDER BY last_asked_at DESC LIMIT -1 OFFSET ?3)";

const LIST_UNANSWERED: &str = "
    SELECT subject, text, zone, conversation, asked_count, first_asked_at, last_asked_at
    FROM unanswered_questions
    WHERE account = ?1 AND agent = ?2
    ORDER BY asked_count DESC, last_asked_at DESC
    LIMIT ?3";

const DISMISS: &str = "
    DELETE FROM unanswered_questions
    WHERE account = ?1 AND agent = ?2 AND subject = ?3";

/// The plus keeps SQLite from looking through all questions of the account.
const FORGET_CONVERSATION: &str = "
    DELETE FROM unanswered_questions
    WHERE +account = ?1 AND conversation = ?2";

const SAVE: &str = "
    INSERT INTO saved_questions (id, account, agent, text, zone, answer, saved_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (account, agent, text) DO UPDATE
    SET zone = excluded.zone, answer = excluded.answer, saved_at = excluded.saved_at
    RETURNING id";

const COUNT_SAVED: &str = "
    SELECT count(*)
    FROM saved_questions
    WHERE account = ?1 AND agent = ?2 AND text <> ?3";

const LIST_SAVED: &str = "
    SELECT id, text, zone, answer, saved_at
    FROM saved_questions
    WHERE account = ?1 AND agent = ?2
    ORDER BY text";

const FORGET_SAVED: &str = "
    DELETE FROM saved_questions
    WHERE account = ?1 AND agent = ?2 AND id = ?3";

impl Store {
    /// Those asked most often first.
    pub async fn unanswered_questions(&self, account: AccountId, agent: AgentId, limit: u32) -> Result<Vec<UnansweredQuestion>> {
        self.read(move |db| {
            let mut list = db.prepare_cached(LIST_UNANSWERED)?;
            Ok(list.query_map(params![account, agent, limit], unanswered_of)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Until it is asked again.
    pub async fn dismiss_question(&self, account: AccountId, agent: AgentId, subject: String) -> Result<()> {
        self.write(move |db| match db.prepare_cached(DISMISS)?.execute(params![account, agent, subject])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        })
        .await
    }

    /// Saves a question with the answer that it should go on having; the same question again takes the new answer.
    pub async fn save_question(&self, account: AccountId, agent: AgentId, text: String, given: Given) -> Result<SavedQuestion> {
        let world = self.world().clone();
        self.write(move |db| {
            let others: i64 = db.prepare_cached(COUNT_SAVED)?.query_row(params![account, agent, text], |row| row.get(0))?;
            if others >= SAVED_MAX {
                return Err(Error::LimitReached);
            }
            save(db, &world, &account, &agent, text, given)
        })
        .await
    }

    pub async fn saved_questions(&self, account: AccountId, agent: AgentId) -> Result<Vec<SavedQuestion>> {
        self.read(move |db| saved(db, &account, &agent)).await
    }

    pub async fn forget_question(&self, account: AccountId, agent: AgentId, id: SavedQuestionId) -> Result<()> {
        self.write(move |db| match db.prepare_cached(FORGET_SAVED)?.execute(params![account, agent, id])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        })
        .await
    }
}

/// The caller has made sure that there is room.
pub fn save(
    db: &Connection,
    world: &World,
    account: &AccountId,
    agent: &AgentId,
    text: String,
    given: Given,
) -> Result<SavedQuestion> {
    let (id, saved_at): (SavedQuestionId, Time) = (draw(db, world, "saved_questions")?, world.now());
    let Given { zone, answer } = &given;
    let mut save = db.prepare_cached(SAVE)?;
    let id = save.query_row(params![id, account, agent, text, zone, answer, saved_at], |row| row.get(0))?;
    Ok(SavedQuestion { id, text, given, saved_at })
}

pub fn saved(db: &Connection, account: &AccountId, agent: &AgentId) -> Result<Vec<SavedQuestion>> {
    let mut list = db.prepare_cached(LIST_SAVED)?;
    Ok(list.query_map(params![account, agent], saved_of)?.collect::<rusqlite::Result<_>>()?)
}

/// In the transaction that keeps the answer. Of a conversation that was deleted meanwhile, nothing is kept.
pub fn record(
    db: &Connection,
    account: &AccountId,
    agent: &AgentId,
    conversation: &ConversationId,
    gap: &Gap,
    asked_at: Time,
) -> Result<()> {
    let Gap { subject, text, zone } = gap;
    let mut record = db.prepare_cached(RECORD)?;
    let asked: Option<i64> =
        record.query_row(params![agent, subject, account, text, zone, conversation, asked_at], |row| row.get(0)).optional()?;
    if asked == Some(1) {
        db.prepare_cached(FORGET_OLDEST)?.execute(params![agent, account, UNANSWERED_MAX])?;
    }
    Ok(())
}

/// With the conversation it was asked in, a question goes too.
pub fn forget_conversation(db: &Connection, account: &AccountId, conversation: &ConversationId) -> Result<()> {
    db.prepare_cached(FORGET_CONVERSATION)?.execute(params![account, conversation])?;
    Ok(())
}

fn unanswered_of(row: &Row) -> rusqlite::Result<UnansweredQuestion> {
    Ok(UnansweredQuestion {
        subject: row.get(0)?,
        text: row.get(1)?,
        zone: row.get(2)?,
        conversation: row.get(3)?,
        asked_count: row.get(4)?,
        first_asked_at: row.get(5)?,
        last_asked_at: row.get(6)?,
    })
}

fn saved_of(row: &Row) -> rusqlite::Result<SavedQuestion> {
    let given = Given { zone: row.get(2)?, answer: row.get(3)? };
    Ok(SavedQuestion { id: row.get(0)?, text: row.get(1)?, given, saved_at: row.get(4)? })
}
