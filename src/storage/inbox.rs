//! The inbox: an account's conversations, narrowed and page by page, what of them is unread, and a visitor's earlier ones.

use rusqlite::{Connection, params};

use crate::domain::conversation::{Author, ConversationSummary, LastWords};
use crate::domain::id::{AccountId, ConversationId, MessageId, VisitorId};
use crate::domain::inbox::{InboxFilter, InboxPart, InboxPlace, InboxState, WANTING_MAX};
use crate::domain::time::Time;
use crate::storage::conversations::{self, COLUMNS, OPENING, conversation_of};
use crate::storage::search;
use crate::storage::{Result, Store};

/// Earlier conversations of a visitor that are shown beside one of them.
const HISTORY_MAX: i64 = 10;

/// Who wrote last, and what: three columns of one row, each found by the same key.
const LAST: &str = "
    (SELECT author FROM messages m WHERE m.conversation = conversations.id AND m.seq = messages_count - 1),
    (SELECT operator FROM messages m WHERE m.conversation = conversations.id AND m.seq = messages_count - 1),
    (SELECT substr(content, 1, 200) FROM messages m WHERE m.conversation = conversations.id AND m.seq = messages_count - 1)";

/// What a visitor has written and nobody of the team has seen, and what waits for a person.
const WANTING: &str = "
    SELECT count(*)
    FROM (
        SELECT 1
        FROM conversations INDEXED BY conversations_new
        WHERE account = ?1 AND (seen_count < asked_count OR waiting_since IS NOT NULL) AND trial = 0
        LIMIT ?2)";

const SEE: &str = "
    UPDATE conversations
    SET seen_count = ?3
    WHERE account = ?1 AND id = ?2 AND seen_count < asked_count AND seen_count < ?3";

const RATINGS: &str = "
    SELECT id, feedback
    FROM messages
    WHERE conversation = ?2 AND account = ?1 AND feedback IS NOT NULL";

const COLUMN_OPENING: usize = conversations::COLUMNS_COUNT;

impl Store {
    /// At most `limit` conversations that follow the place `after`: those that wait for a person, the longest first, then the
    /// others by their last message, the newest first.
    pub async fn inbox(
        &self,
        account: AccountId,
        filter: InboxFilter,
        after: Option<InboxPlace>,
        limit: i64,
    ) -> Result<Vec<ConversationSummary>> {
        self.read_heavy(move |db| {
            let pattern = filter.words.as_ref().map(|words| search::pattern(&account, words));
            // Words without a letter or digit are said nowhere.
            if pattern == Some(None) {
                return Ok(Vec::new());
            }
            let pattern = pattern.flatten();
            let tx = db.unchecked_transaction()?;
            let mut rows: Vec<ConversationSummary> = Vec::new();
            for part in [InboxPart::Waiting, InboxPart::Recent] {
                let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
                let Some((at, id)) = begins(part, after.as_ref()).filter(|_| 0 < left) else { continue };
                let mut list = tx.prepare_cached(&statement(&filter, part))?;
                let found = list.query_map(params![account, at, id, left, filter.agent, pattern], summary_of)?;
                rows.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
            }
            Ok(rows)
        })
        .await
    }

    /// How many conversations want somebody of the team, up to `WANTING_MAX`.
    pub async fn wanting_count(&self, account: AccountId) -> Result<i64> {
        self.read(move |db| Ok(db.prepare_cached(WANTING)?.query_row(params![account, WANTING_MAX], |row| row.get(0))?)).await
    }

    /// Somebody of the team has the first `count` messages before the eyes; whether any of them was news.
    pub async fn see_conversation(&self, account: AccountId, id: ConversationId, count: i64) -> Result<bool> {
        self.write(move |db| Ok(db.prepare_cached(SEE)?.execute(params![account, id, count])? == 1)).await
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
        "SELECT {COLUMNS}, {OPENING}, {LAST} FROM conversations INDEXED BY conversations_of_visitor
         WHERE account = ?1 AND visitor = ?2 AND id <> ?3
         ORDER BY started_at DESC, id DESC LIMIT ?4"
    ))?;
    Ok(list.query_map(params![account, visitor, but, HISTORY_MAX], summary_of)?.collect::<rusqlite::Result<_>>()?)
}

/// From where on a part is read; none where the page begins after it.
fn begins(part: InboxPart, after: Option<&InboxPlace>) -> Option<(Time, String)> {
    match (part, after) {
        (InboxPart::Waiting, None) => Some((Time::from_ms(i64::MIN), String::new())),
        (InboxPart::Waiting, Some(place)) if place.part == InboxPart::Recent => None,
        (InboxPart::Recent, Some(place)) if place.part == InboxPart::Waiting => Some((Time::from_ms(i64::MAX), String::new())),
        (InboxPart::Recent, None) => Some((Time::from_ms(i64::MAX), String::new())),
        (_, Some(place)) => Some((place.at, place.id.to_string())),
    }
}

/// One text for each combination of filters, so that each is planned with the index that fits it.
fn statement(filter: &InboxFilter, part: InboxPart) -> String {
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
    let trials = match filter.trials {
        None => "TRUE",
        Some(false) => "trial = 0",
        Some(true) => "trial = 1",
    };
    let (index, place) = match part {
        InboxPart::Waiting => (
            "INDEXED BY conversations_waiting",
            "waiting_since IS NOT NULL AND (?2 < waiting_since OR (waiting_since = ?2 AND ?3 < id))
         ORDER BY waiting_since, id",
        ),
        InboxPart::Recent => (
            "",
            "waiting_since IS NULL AND (last_activity_at < ?2 OR (last_activity_at = ?2 AND id < ?3))
         ORDER BY last_activity_at DESC, id DESC",
        ),
    };
    format!(
        "SELECT {COLUMNS}, {OPENING}, {LAST} FROM conversations {index}
         WHERE account = ?1 AND {agent} AND {state} AND {lead} AND {unanswered} AND {disliked} AND {trials} AND {words}
           AND {place}
         LIMIT ?4"
    )
}

fn summary_of(row: &rusqlite::Row) -> rusqlite::Result<ConversationSummary> {
    let opening: Option<String> = row.get(COLUMN_OPENING)?;
    let author: Option<String> = row.get(COLUMN_OPENING + 1)?;
    let (operator, content): (Option<String>, Option<String>) = (row.get(COLUMN_OPENING + 2)?, row.get(COLUMN_OPENING + 3)?);
    let last = author.map(|author| LastWords { author: Author::parse(&author), operator, content: content.unwrap_or_default() });
    Ok(ConversationSummary { conversation: conversation_of(row)?, opening: opening.unwrap_or_default(), last })
}
