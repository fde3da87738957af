//! The inbox: an account's conversations, narrowed and page by page, and a visitor's earlier ones.

use rusqlite::{Connection, params};

use crate::domain::conversation::ConversationSummary;
use crate::domain::id::{AccountId, ConversationId, MessageId, VisitorId};
use crate::domain::inbox::{InboxFilter, InboxState};
use crate::domain::time::Time;
use crate::storage::conversations::{self, COLUMNS, OPENING, conversation_of};
use crate::storage::search;
use crate::storage::{Result, Store};

/// Earlier conversations of a visitor that are shown beside one of them.
const HISTORY_MAX: i64 = 10;

/// Who wrote last decides whose turn it is.
const LAST_ROLE: &str = "
    (SELECT role FROM messages
     WHERE conversation = conversations.id AND messages.account = conversations.account
     ORDER BY seq DESC LIMIT 1)";

const RATINGS: &str = "
    SELECT id, feedback
    FROM messages
    WHERE conversation = ?2 AND account = ?1 AND feedback IS NOT NULL";

const COLUMN_OPENING: usize = conversations::COLUMNS_COUNT;

impl Store {
    /// At most `limit` conversations, newest first, that follow the one with the id `after`.
    pub async fn inbox(
        &self,
        account: AccountId,
        filter: InboxFilter,
        after: Option<ConversationId>,
        limit: i64,
    ) -> Result<Vec<ConversationSummary>> {
        self.read_heavy(move |db| {
            let pattern = filter.words.as_ref().map(|words| search::pattern(&account, words));
            // Words without a letter or digit are said nowhere.
            if pattern == Some(None) {
                return Ok(Vec::new());
            }
            let tx = db.unchecked_transaction()?;
            let (before, before_id) = match after {
                Some(id) => (conversations::conversation(&tx, &account, &id)?.started_at, id.to_string()),
                None => (Time::from_ms(i64::MAX), String::new()),
            };
            let mut list = tx.prepare_cached(&statement(&filter))?;
            let values = params![account, before, before_id, limit, filter.agent, pattern.flatten()];
            Ok(list.query_map(values, summary_of)?.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// What else a visitor said to the agents of an account, newest first.
    pub async fn visitors_other_conversations(
        &self,
        account: AccountId,
        visitor: VisitorId,
        but: ConversationId,
    ) -> Result<Vec<ConversationSummary>> {
        self.read(move |db| others(db, &account, &visitor, &but)).await
    }

    /// Which answers of a conversation visitors rated, and whether with a thumb up.
    pub async fn ratings(&self, account: AccountId, id: ConversationId) -> Result<Vec<(MessageId, bool)>> {
        self.read(move |db| {
            let mut list = db.prepare_cached(RATINGS)?;
            let rows = list.query_map(params![account, id], |row| Ok((row.get(0)?, 0 < row.get::<_, i64>(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}

fn others(db: &Connection, account: &AccountId, visitor: &VisitorId, but: &ConversationId) -> Result<Vec<ConversationSummary>> {
    let mut list = db.prepare_cached(&format!(
        "SELECT {COLUMNS}, {OPENING}, {LAST_ROLE} FROM conversations INDEXED BY conversations_of_visitor
         WHERE account = ?1 AND visitor = ?2 AND id <> ?3
         ORDER BY started_at DESC, id DESC LIMIT ?4"
    ))?;
    Ok(list.query_map(params![account, visitor, but, HISTORY_MAX], summary_of)?.collect::<rusqlite::Result<_>>()?)
}

/// One text for each combination of filters, so that each is planned with the index that fits it.
fn statement(filter: &InboxFilter) -> String {
    let agent = if filter.agent.is_some() { "agent = ?5" } else { "?5 IS NULL" };
    let words = if filter.words.is_some() { format!("id IN ({})", search::FOUND) } else { "?6 IS NULL".to_owned() };
    let state = match filter.state {
        None => "TRUE",
        Some(InboxState::Active) => "ended_at IS NULL",
        Some(InboxState::Claimed) => "ended_at IS NULL AND claimed_by IS NOT NULL",
        Some(InboxState::Completed) => "ended_at IS NOT NULL",
    };
    let lead = if filter.with_lead { "lead IS NOT NULL" } else { "TRUE" };
    let unanswered = if filter.unanswered { "unanswered = 1" } else { "TRUE" };
    let disliked = if filter.disliked { "disliked = 1" } else { "TRUE" };
    format!(
        "SELECT {COLUMNS}, {OPENING}, {LAST_ROLE} FROM conversations
         WHERE account = ?1 AND {agent} AND {state} AND {lead} AND {unanswered} AND {disliked} AND {words}
           AND (started_at < ?2 OR (started_at = ?2 AND id < ?3))
         ORDER BY started_at DESC, id DESC
         LIMIT ?4"
    )
}

fn summary_of(row: &rusqlite::Row) -> rusqlite::Result<ConversationSummary> {
    let opening: Option<String> = row.get(COLUMN_OPENING)?;
    let last_role: Option<String> = row.get(COLUMN_OPENING + 1)?;
    let conversation = conversation_of(row)?;
    let waits = conversation.claimed.is_some() && last_role.as_deref() == Some("user");
    Ok(ConversationSummary { conversation, opening: opening.unwrap_or_default(), waits })
}
