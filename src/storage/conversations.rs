//! Conversations and their transcripts: how they are listed, and how they end.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use crate::domain::conversation::{Author, Conversation, ConversationSummary, Message, Role, Source, Transcript};
use crate::domain::event::Event;
use crate::domain::id::{AccountId, AgentId, ConversationId, Identifier, MessageId, VisitorId};
use crate::domain::operator::{Claimed, LeftBy};
use crate::domain::page::{Listed, Page};
use crate::domain::time::Time;
use crate::domain::webhook::EventType;
use crate::storage::columns::unreadable;
use crate::storage::events::Outbox;
use crate::storage::trace::trace_of;
use crate::storage::{Error, Result, Store, answers};

/// Idle conversations that one transaction ends.
const SWEEP_MAX: i64 = 100;

pub const COLUMNS: &str = "
    id, account, agent, visitor, page_url, referrer, user_agent, lead, messages_count, started_at, last_activity_at, ended_at,
    claimed_by, claimed_name, claimed_at, claims_count, waiting_since, seen_count < asked_count, handed_back_name,
    handed_back_minutes, trial";
pub const COLUMNS_COUNT: usize = 21;

pub const OPENING: &str = "
    (SELECT content FROM messages
     WHERE conversation = conversations.id AND messages.account = conversations.account AND role = 'user'
     ORDER BY seq LIMIT 1)";

/// The agent counts its conversations all along.
const COUNTED: &str = "SELECT conversations_count FROM agents WHERE account = ?1 AND id = ?2";

/// Out of the index alone, which a status is not in.
const COUNT_SINCE: &str = "
    SELECT count(*)
    FROM conversations
    WHERE account = ?1 AND agent = ?2 AND trial = 0 AND ?3 < stored_at";

const COUNT_WITH_STATUS: &str = "
    SELECT count(*)
    FROM conversations
    WHERE account = ?1 AND agent = ?2 AND trial = 0 AND ?3 < stored_at AND (ended_at IS NULL) = ?4";

const BY_AGENT: &str = "
    WHERE account = ?1 AND agent = ?2 AND trial = 0 AND (?3 IS NULL OR (ended_at IS NULL) = ?3)
      AND (started_at < ?4 OR (started_at = ?4 AND id < ?5))
    ORDER BY started_at DESC, id DESC
    LIMIT ?6 OFFSET ?7";

/// Whoever asks again and again for what is new gets each conversation, also one whose panel was opened long before.
const BY_AGENT_SINCE: &str = "
    WHERE id IN (
        SELECT id
        FROM conversations INDEXED BY conversations_stored
        WHERE account = ?1 AND agent = ?2 AND trial = 0 AND ?8 < stored_at AND (?3 IS NULL OR (ended_at IS NULL) = ?3)
          AND (started_at < ?4 OR (started_at = ?4 AND id < ?5))
        ORDER BY started_at DESC, id DESC
        LIMIT ?6 OFFSET ?7)
      AND account = ?1
    ORDER BY started_at DESC, id DESC";

const MESSAGES: &str = "
    SELECT id, role, author, content, created_at, sources, answered, trace, response_ms, operator
    FROM messages
    WHERE conversation = ?1 AND account = ?2
    ORDER BY seq";

const END: &str = "
    UPDATE conversations
    SET ended_at = ?3, claimed_by = NULL, claimed_name = NULL, claimed_at = NULL, waiting_since = NULL, silent_since = NULL,
        answer_owed = 0
    WHERE account = ?1 AND id = ?2 AND ended_at IS NULL";

const IDLE: &str = "
    SELECT account, id, last_activity_at
    FROM conversations
    WHERE ended_at IS NULL AND last_activity_at <= ?1
    ORDER BY last_activity_at
    LIMIT ?2";

const MARK_DISLIKED: &str = "
    UPDATE conversations
    SET disliked = EXISTS (
        SELECT 1 FROM messages m WHERE m.conversation = conversations.id AND m.account = conversations.account AND m.feedback = -1)
    WHERE account = ?1 AND id = (SELECT conversation FROM messages WHERE account = ?1 AND id = ?2)";

const FEEDBACK: &str = "
    UPDATE messages
    SET feedback = ?4
    WHERE account = ?1 AND id = ?2 AND role = 'assistant'
      AND EXISTS (SELECT 1 FROM conversations c WHERE c.id = messages.conversation AND c.account = ?1 AND c.visitor = ?3)";

impl Store {
    /// An agent's conversations with all that was said in them.
    pub async fn transcripts(&self, account: AccountId, agent: AgentId, page: Page) -> Result<Listed<Transcript>> {
        self.read_heavy(move |db| {
            let active = page.filter.status.map(|status| status == "active");
            let tx = db.unchecked_transaction()?;
            let total = if page.counted { count(&tx, &account, &agent, page.since, active)? } else { 0 };
            let (before, before_id) = match page.after {
                Some(id) => (conversation(&tx, &account, &ConversationId::from_text(id.clone()))?.started_at, id),
                None => (Time::from_ms(i64::MAX), String::new()),
            };
            let mut list = tx.prepare_cached(&match page.since {
                None => format!("SELECT {COLUMNS} FROM conversations {BY_AGENT}"),
                Some(_) => format!("SELECT {COLUMNS} FROM conversations {BY_AGENT_SINCE}"),
            })?;
            let (limit, offset) = (page.limit, page.offset);
            let mut window: Vec<&dyn ToSql> = vec![&account, &agent, &active, &before, &before_id, &limit, &offset];
            window.extend(page.since.as_ref().map(|since| since as &dyn ToSql));
            let found = list.query_map(&*window, conversation_of)?;
            let rows = found.map(|row| with_messages(&tx, row?)).collect::<Result<_>>()?;
            Ok(Listed { rows, total })
        })
        .await
    }

    /// An agent's conversations, each with the visitor's first message.
    pub async fn conversations(&self, account: AccountId, agent: AgentId, page: Page) -> Result<Listed<ConversationSummary>> {
        self.read_heavy(move |db| {
            let tx = db.unchecked_transaction()?;
            let total = count(&tx, &account, &agent, None, None)?;
            let mut list = tx.prepare_cached(&format!(
                "SELECT {COLUMNS}, {OPENING} FROM conversations WHERE account = ?1 AND agent = ?4 AND trial = 0
                 ORDER BY started_at DESC, id DESC LIMIT ?2 OFFSET ?3"
            ))?;
            let rows = list.query_map(params![account, page.limit, page.offset, agent], |row| {
                let opening: Option<String> = row.get(COLUMNS_COUNT)?;
                Ok(ConversationSummary { conversation: conversation_of(row)?, opening: opening.unwrap_or_default(), last: None })
            })?;
            Ok(Listed { rows: rows.collect::<rusqlite::Result<_>>()?, total })
        })
        .await
    }

    pub async fn transcript(&self, account: AccountId, id: ConversationId) -> Result<Transcript> {
        self.read(move |db| with_messages(db, conversation(db, &account, &id)?)).await
    }

    pub async fn conversation(&self, account: AccountId, id: ConversationId) -> Result<Conversation> {
        self.read(move |db| conversation(db, &account, &id)).await
    }

    /// The conversation that a visitor can go on with, if there is one.
    pub async fn open_conversation(
        &self,
        account: AccountId,
        agent: AgentId,
        visitor: VisitorId,
        idle_before: Time,
    ) -> Result<Option<Transcript>> {
        self.read(move |db| {
            let latest = latest_of(db, &account, &agent, &visitor)?;
            let open = latest.filter(|c| c.ended_at.is_none() && idle_before < c.last_activity_at);
            open.map(|conversation| with_messages(db, conversation)).transpose()
        })
        .await
    }

    /// Ends a visitor's conversation because he or she closed it, with what was `shown` of an answer that does not end in
    /// time. Closing what is closed changes nothing.
    pub async fn close_conversation(
        &self,
        account: AccountId,
        agent: AgentId,
        visitor: VisitorId,
        shown: Option<String>,
    ) -> Result<Option<ConversationId>> {
        let outbox = self.outbox();
        self.write(move |db| {
            let Some(latest) = latest_of(db, &account, &agent, &visitor)? else { return Ok(None) };
            let now = outbox.world.now();
            let mut last = latest.last_activity_at;
            if let Some(shown) = shown.filter(|_| latest.ended_at.is_none() && latest.claimed.is_none()) {
                answers::keep_shown(db, &outbox.world, &latest, shown)?;
                last = last.max(now);
            }
            // After the last message, which tells it from one that silence ended.
            end(db, &outbox, &account, &latest.id, now.max(last.plus_ms(1)))?;
            Ok(Some(latest.id))
        })
        .await
    }

    /// Ends conversations without a message since `idle_before`; returns how many. Called until it is none.
    pub async fn end_idle_conversations(&self, idle_before: Time) -> Result<usize> {
        let idle = self
            .read(move |db| {
                let mut find = db.prepare_cached(IDLE)?;
                let rows = find.query_map(params![idle_before, SWEEP_MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                Ok(rows.collect::<rusqlite::Result<Vec<(AccountId, ConversationId, Time)>>>()?)
            })
            .await?;
        if idle.is_empty() {
            return Ok(0);
        }
        let outbox = self.outbox();
        self.write(move |db| {
            for (account, id, last_activity_at) in &idle {
                // A message may have come since the read; then it is not idle any more.
                if conversation(db, account, id)?.last_activity_at <= idle_before {
                    end(db, &outbox, account, id, *last_activity_at)?;
                }
            }
            Ok(idle.len())
        })
        .await
    }

    /// A visitor's thumb, up or down, on an answer in a conversation of his or her own.
    pub async fn rate_message(&self, account: AccountId, visitor: VisitorId, message: MessageId, up: bool) -> Result<()> {
        self.write(move |db| {
            let thumb = if up { 1 } else { -1 };
            match db.prepare_cached(FEEDBACK)?.execute(params![account, message, visitor, thumb])? {
                0 => Err(Error::NotFound),
                _ => {
                    db.prepare_cached(MARK_DISLIKED)?.execute(params![account, message])?;
                    Ok(())
                }
            }
        })
        .await
    }
}

fn count(db: &Connection, account: &AccountId, agent: &AgentId, since: Option<Time>, active: Option<bool>) -> Result<i64> {
    let from = since.map_or(i64::MIN, Time::ms);
    let counted = match (active, since) {
        (None, None) => db.prepare_cached(COUNTED)?.query_row(params![account, agent], |row| row.get(0)),
        (None, Some(_)) => db.prepare_cached(COUNT_SINCE)?.query_row(params![account, agent, from], |row| row.get(0)),
        (Some(active), _) => {
            db.prepare_cached(COUNT_WITH_STATUS)?.query_row(params![account, agent, from, active], |row| row.get(0))
        }
    };
    Ok(counted?)
}

/// Ends a conversation once: the event is written only by whoever really ended it.
pub fn end(db: &Connection, outbox: &Outbox, account: &AccountId, id: &ConversationId, at: Time) -> Result<()> {
    if db.prepare_cached(END)?.execute(params![account, id, at])? == 0 {
        return Ok(());
    }
    let ended = conversation(db, account, id)?;
    if ended.trial {
        return Ok(());
    }
    let event_id = outbox.event_id(db, EventType::ConversationCompleted)?;
    outbox.publish(db, &Event::conversation_completed(event_id, &ended, outbox.world.now()))
}

pub fn conversation(db: &Connection, account: &AccountId, id: &ConversationId) -> Result<Conversation> {
    let mut find = db.prepare_cached(&format!("SELECT {COLUMNS} FROM conversations WHERE account = ?1 AND id = ?2"))?;
    Ok(find.query_row(params![account, id], conversation_of)?)
}

pub fn latest_of(db: &Connection, account: &AccountId, agent: &AgentId, visitor: &VisitorId) -> Result<Option<Conversation>> {
    let mut find = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM conversations
         WHERE account = ?1 AND agent = ?2 AND visitor = ?3
         ORDER BY started_at DESC, id DESC LIMIT 1"
    ))?;
    Ok(find.query_row(params![account, agent, visitor], conversation_of).optional()?)
}

fn with_messages(db: &Connection, conversation: Conversation) -> Result<Transcript> {
    let mut list = db.prepare_cached(MESSAGES)?;
    let messages = list.query_map(params![conversation.id, conversation.account], message_of)?;
    let messages = messages.collect::<rusqlite::Result<_>>()?;
    Ok(Transcript { conversation, messages })
}

pub fn conversation_of(row: &Row) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: row.get(0)?,
        account: row.get(1)?,
        agent: row.get(2)?,
        visitor: row.get(3)?,
        page_url: row.get(4)?,
        referrer: row.get(5)?,
        user_agent: row.get(6)?,
        lead: row.get(7)?,
        messages_count: row.get(8)?,
        started_at: row.get(9)?,
        last_activity_at: row.get(10)?,
        ended_at: row.get(11)?,
        claimed: claimed_of(row)?,
        claims_count: row.get(15)?,
        waiting_since: row.get(16)?,
        is_unread: row.get(17)?,
        left_by: left_by(row)?,
        trial: row.get(20)?,
    })
}

fn left_by(row: &Row) -> rusqlite::Result<Option<LeftBy>> {
    let Some(name) = row.get(18)? else { return Ok(None) };
    Ok(Some(LeftBy { name, minutes: row.get(19)? }))
}

fn claimed_of(row: &Row) -> rusqlite::Result<Option<Claimed>> {
    let Some(by) = row.get(12)? else { return Ok(None) };
    Ok(Some(Claimed { by, name: row.get(13)?, at: row.get(14)? }))
}

/// Columns as in `MESSAGES`.
pub fn message_of(row: &Row) -> rusqlite::Result<Message> {
    let (role, author): (String, String) = (row.get(1)?, row.get(2)?);
    let (sources, trace): (String, Option<String>) = (row.get(5)?, row.get(7)?);
    let response_ms: Option<i64> = row.get(8)?;
    Ok(Message {
        id: row.get(0)?,
        role: if role == "user" { Role::User } else { Role::Assistant },
        author: Author::parse(&author),
        content: row.get(3)?,
        created_at: row.get(4)?,
        sources: sources_of(&sources).ok_or_else(|| unreadable("sources"))?,
        answered: row.get(6)?,
        trace: trace.and_then(|trace| trace_of(&trace, response_ms.unwrap_or_default())),
        operator: row.get(9)?,
    })
}

/// Sources as `[[title, excerpt, url], …]`: kept small, decoded here and nowhere else.
pub fn sources_text(sources: &[Source]) -> String {
    let rows: Vec<_> = sources.iter().map(|s| (&s.title, &s.excerpt, &s.url)).collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

fn sources_of(text: &str) -> Option<Vec<Source>> {
    let rows: Vec<(String, String, Option<String>)> = serde_json::from_str(text).ok()?;
    Some(rows.into_iter().map(|(title, excerpt, url)| Source { title, excerpt, url }).collect())
}
