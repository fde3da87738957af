//! Deleting for good: a conversation, or everything that a visitor left.

use rusqlite::{Connection, params};

use crate::domain::conversation::Conversation;
use crate::domain::id::{AccountId, AgentId, ConversationId, EventId, VisitorId};
use crate::domain::time::Time;
use crate::storage::conversations::conversation;
use crate::storage::{Error, Result, Store, days, questions, search};

/// What was deleted of a visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    pub conversations: usize,
    pub leads: usize,
}

const DELETE_CONVERSATION: &str = "
    DELETE FROM conversations
    WHERE account = ?1 AND id = ?2";

const DELETE_MESSAGES: &str = "
    DELETE FROM messages
    WHERE account = ?1 AND conversation = ?2";

/// A lead outlives its conversation: it is what the team works with.
const DETACH_LEAD: &str = "
    UPDATE leads
    SET conversation = NULL
    WHERE account = ?1 AND conversation = ?2";

const COUNT_DOWN: &str = "
    UPDATE agents
    SET conversations_count = conversations_count - 1
    WHERE account = ?1 AND id = ?2";

const DELETE_LEADS: &str = "
    DELETE FROM leads
    WHERE account = ?1 AND visitor = ?2
    RETURNING agent, captured_at, trial";

const COUNT_LEAD_DOWN: &str = "
    UPDATE agents
    SET leads_count = leads_count - 1
    WHERE account = ?1 AND id = ?2";

const VISITORS_CONVERSATIONS: &str = "SELECT id FROM conversations WHERE account = ?1 AND visitor = ?2";

const VISITORS_EVENTS: &str = "SELECT id FROM events WHERE account = ?1 AND visitor = ?2";

/// The plus keeps SQLite from looking through all deliveries of the account for the few of the event.
const ATTEMPTS_OF_EVENT: &str = "
    DELETE FROM delivery_attempts
    WHERE account = ?1 AND delivery IN (SELECT seq FROM deliveries WHERE event = ?2 AND +account = ?1)";

const DELIVERIES_OF_EVENT: &str = "
    DELETE FROM deliveries
    WHERE event = ?2 AND +account = ?1";

impl Store {
    pub async fn delete_conversation(&self, account: AccountId, id: ConversationId) -> Result<()> {
        self.write(move |db| delete(db, &account, &id)).await?;
        self.shared.writer.fold().await;
        Ok(())
    }

    /// Deletes conversations, leads, and the events and deliveries that tell of them; afterwards the file holds no trace.
    pub async fn delete_visitor(&self, account: AccountId, visitor: VisitorId) -> Result<Erased> {
        let bell = self.shared.bell.clone();
        let erased = self
            .write(move |db| {
                bell.withdraw();
                erase(db, &account, &visitor)
            })
            .await?;
        self.shared.writer.fold().await;
        Ok(erased)
    }
}

fn delete(db: &Connection, account: &AccountId, id: &ConversationId) -> Result<()> {
    let Conversation { agent, started_at, trial, .. } = remove(db, account, id)?;
    if trial {
        return Ok(());
    }
    db.prepare_cached(COUNT_DOWN)?.execute(params![account, agent])?;
    days::count_conversation(db, account, started_at, -1)
}

/// All that belongs to a conversation; what counted it is left to the caller.
pub fn remove(db: &Connection, account: &AccountId, id: &ConversationId) -> Result<Conversation> {
    let found = conversation(db, account, id)?;
    db.prepare_cached(DETACH_LEAD)?.execute(params![account, id])?;
    questions::forget_conversation(db, account, id)?;
    search::forget(db, account, id)?;
    db.prepare_cached(DELETE_MESSAGES)?.execute(params![account, id])?;
    db.prepare_cached(DELETE_CONVERSATION)?.execute(params![account, id])?;
    Ok(found)
}

fn erase(db: &Connection, account: &AccountId, visitor: &VisitorId) -> Result<Erased> {
    let mut find = db.prepare_cached(VISITORS_CONVERSATIONS)?;
    let conversations: Vec<ConversationId> =
        find.query_map(params![account, visitor], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for id in &conversations {
        delete(db, account, id)?;
    }
    let leads = delete_leads(db, account, visitor)?;
    let told = erase_events(db, account, visitor)?;
    if conversations.is_empty() && leads == 0 && told == 0 {
        return Err(Error::NotFound);
    }
    Ok(Erased { conversations: conversations.len(), leads })
}

fn delete_leads(db: &Connection, account: &AccountId, visitor: &VisitorId) -> Result<usize> {
    let mut delete = db.prepare_cached(DELETE_LEADS)?;
    let rows = delete.query_map(params![account, visitor], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let leads: Vec<(AgentId, Time, bool)> = rows.collect::<rusqlite::Result<_>>()?;
    for (agent, captured_at, _) in leads.iter().filter(|(_, _, trial)| !trial) {
        db.prepare_cached(COUNT_LEAD_DOWN)?.execute(params![account, agent])?;
        days::count_lead(db, account, *captured_at, -1)?;
    }
    Ok(leads.len())
}

fn erase_events(db: &Connection, account: &AccountId, visitor: &VisitorId) -> Result<usize> {
    let mut find = db.prepare_cached(VISITORS_EVENTS)?;
    let events: Vec<EventId> = find.query_map(params![account, visitor], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for event in &events {
        db.prepare_cached(ATTEMPTS_OF_EVENT)?.execute(params![account, event])?;
        db.prepare_cached(DELIVERIES_OF_EVENT)?.execute(params![account, event])?;
        db.prepare_cached("DELETE FROM events WHERE account = ?1 AND id = ?2")?.execute(params![account, event])?;
    }
    Ok(events.len())
}
