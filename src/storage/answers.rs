//! What was said, row by row: how an answer, like any message, is kept.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::agent::Agent;
use crate::domain::conversation::{Author, Conversation, Message, Role, Source, Trace};
use crate::domain::id::{AccountId, ConversationId, MessageId};
use crate::domain::model_use::ModelUse;
use crate::domain::question::Gap;
use crate::domain::time::Time;
use crate::storage::conversations::sources_text;
use crate::storage::trace::trace_text;
use crate::storage::{Result, Store, days, draw, model_use, questions, search};
use crate::world::World;

/// An answer to be kept.
pub struct Answer {
    pub content: String,
    pub sources: Vec<Source>,
    pub answered: bool,
    pub trace: Trace,
    /// What the knowledge lacks, if the answer says so.
    pub gap: Option<Gap>,
    pub used: ModelUse,
    pub replaces: Option<MessageId>,
    /// How often the conversation had been taken over when the question was kept.
    pub claims_count: i64,
    /// When it had ended by then, if it had.
    pub ended_at: Option<Time>,
}

const INSERT_MESSAGE: &str = "
    INSERT INTO messages (conversation, seq, id, account, role, author, content, client_id, sources, answered, trace, response_ms,
        created_at, operator, unasked)
    SELECT ?1, messages_count, ?3, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
        CASE ?5 WHEN 'agent' THEN answer_owed ELSE 0 END
    FROM conversations
    WHERE id = ?1 AND account = ?2";

/// A visitor's message waits for the person who has the conversation, until somebody has written.
const COUNT_MESSAGE: &str = "
    UPDATE conversations
    SET messages_count = messages_count + 1, last_activity_at = max(last_activity_at, ?3), unanswered = max(unanswered, ?4),
        asked_count = CASE ?5 WHEN 'visitor' THEN messages_count + 1 ELSE asked_count END,
        seen_count = CASE ?5 WHEN 'operator' THEN messages_count + 1 ELSE seen_count END,
        waiting_since = CASE WHEN ?5 = 'visitor' AND claimed_by IS NOT NULL THEN ifnull(waiting_since, ?3) END,
        silent_since = CASE WHEN ?5 = 'visitor' AND claimed_by IS NOT NULL THEN ifnull(silent_since, ?3) END,
        answer_owed = CASE ?5 WHEN 'visitor' THEN answer_owed ELSE 0 END
    WHERE account = ?1 AND id = ?2";

/// Whether an answer of the conversation said that the knowledge does not hold it.
const MARK_UNANSWERED: &str = "
    UPDATE conversations
    SET unanswered = EXISTS (
        SELECT 1 FROM messages m WHERE m.conversation = conversations.id AND m.account = conversations.account AND m.answered = 0)
    WHERE account = ?1 AND id = ?2";

const TIME_AGENT: &str = "
    UPDATE agents
    SET responses_count = responses_count + 1, responses_ms = responses_ms + ?3
    WHERE account = ?1 AND id = ?2";

const TIME_MONTH: &str = "
    INSERT INTO response_times (account, month, response_ms, responses, unanswered)
    VALUES (?1, ?2, ?3, 1, ?4)
    ON CONFLICT (account, month, response_ms) DO UPDATE
    SET responses = response_times.responses + 1, unanswered = response_times.unanswered + excluded.unanswered";

const REPLACE_ANSWER: &str = "
    UPDATE messages
    SET content = ?4, sources = ?5, answered = ?6, trace = ?7, response_ms = ?8, created_at = ?9
    WHERE account = ?1 AND conversation = ?2 AND id = ?3";

impl Store {
    /// Keeps the answer, unless a person has taken the conversation over since the question, or its visitor has ended it:
    /// then there is none.
    /// Without a conversation it is only given its identifier.
    pub async fn finish_turn(
        &self,
        agent: Agent,
        conversation: Option<ConversationId>,
        answer: Answer,
    ) -> Result<Option<Message>> {
        let world = self.world().clone();
        let mut message = Message {
            id: world.fresh(),
            role: Role::Assistant,
            author: Author::Agent,
            content: answer.content,
            created_at: world.now(),
            sources: answer.sources,
            answered: answer.answered,
            trace: Some(answer.trace),
            operator: None,
        };
        if conversation.is_none() && answer.used.is_none() {
            return Ok(Some(message));
        }
        self.write(move |db| {
            // What was used is paid for, also where the answer is not kept.
            model_use::count(db, &agent, message.created_at, &answer.used)?;
            let Some(conversation) = conversation else { return Ok(Some(message)) };
            let standing = standing(db, &agent.account, &conversation)?;
            let was_taken = |now: &Standing| now.claims_count != answer.claims_count;
            let was_closed = |now: &Standing| now.closed_at.is_some() && now.closed_at != answer.ended_at;
            if standing.as_ref().is_some_and(|now| was_taken(now) || was_closed(now)) {
                return Ok(None);
            }
            keep_answer(db, &world, &agent.account, &conversation, &mut message, answer.replaces)?;
            if standing.is_some_and(|now| now.trial) {
                return Ok(Some(message));
            }
            if let Some(gap) = &answer.gap {
                questions::record(db, &agent.account, &agent.id, &conversation, gap, message.created_at)?;
            }
            let response_ms = message.trace.as_ref().map(|trace| trace.response_ms);
            db.prepare_cached(TIME_AGENT)?.execute(params![agent.account, agent.id, response_ms])?;
            let (month, unanswered) = (message.created_at.month(), !message.answered);
            db.prepare_cached(TIME_MONTH)?.execute(params![agent.account, month, response_ms, unanswered])?;
            let response_ms = response_ms.unwrap_or_default();
            days::count_answer(db, &agent.account, message.created_at, response_ms, unanswered)?;
            Ok(Some(message))
        })
        .await
    }
}

/// What of a conversation decides what becomes of an answer.
struct Standing {
    claims_count: i64,
    /// When its visitor ended it. One that silence ended, ended at its last message.
    closed_at: Option<Time>,
    trial: bool,
}

/// None of one that was deleted meanwhile.
fn standing(db: &Connection, account: &AccountId, conversation: &ConversationId) -> Result<Option<Standing>> {
    let mut find = db.prepare_cached(
        "SELECT claims_count, CASE WHEN last_activity_at < ended_at THEN ended_at END, trial
         FROM conversations
         WHERE account = ?1 AND id = ?2",
    )?;
    let standing = find.query_row(params![account, conversation], |row| {
        Ok(Standing { claims_count: row.get(0)?, closed_at: row.get(1)?, trial: row.get(2)? })
    });
    Ok(standing.optional()?)
}

/// As a new message, or in the place of the one that it replaces.
fn keep_answer(
    db: &Connection,
    world: &World,
    account: &AccountId,
    conversation: &ConversationId,
    message: &mut Message,
    replaces: Option<MessageId>,
) -> Result<()> {
    if let Some(id) = replaces {
        let (sources, trace) = (sources_text(&message.sources), message.trace.as_ref().map(trace_text));
        let response_ms = message.trace.as_ref().map(|trace| trace.response_ms);
        search::replace(db, account, conversation, &id, &message.content)?;
        let values = params![
            account,
            conversation,
            id,
            message.content,
            sources,
            message.answered,
            trace,
            response_ms,
            message.created_at
        ];
        if db.prepare_cached(REPLACE_ANSWER)?.execute(values)? == 1 {
            db.prepare_cached(MARK_UNANSWERED)?.execute(params![account, conversation])?;
            message.id = id;
            return Ok(());
        }
    }
    message.id = draw(db, world, "messages")?;
    append(db, account, conversation, message, None)
}

/// The beginning of an answer that its visitor did not wait for. What follows of it is kept nowhere.
pub fn keep_shown(db: &Connection, world: &World, conversation: &Conversation, shown: String) -> Result<()> {
    say(db, world, (&conversation.account, &conversation.id), shown, world.now())
}

/// Words of the agent's that answer nothing.
pub fn say(
    db: &Connection,
    world: &World,
    (account, conversation): (&AccountId, &ConversationId),
    content: String,
    at: Time,
) -> Result<()> {
    let message = Message {
        id: draw(db, world, "messages")?,
        role: Role::Assistant,
        author: Author::Agent,
        content,
        created_at: at,
        sources: Vec::new(),
        answered: true,
        trace: None,
        operator: None,
    };
    append(db, account, conversation, &message, None)
}

pub fn append(
    db: &Connection,
    account: &AccountId,
    conversation: &ConversationId,
    message: &Message,
    client_id: Option<&str>,
) -> Result<()> {
    let response_ms = message.trace.as_ref().map(|trace| trace.response_ms);
    let kept = db.prepare_cached(INSERT_MESSAGE)?.execute(params![
        conversation,
        account,
        message.id,
        message.role.as_str(),
        message.author.as_str(),
        message.content,
        client_id,
        sources_text(&message.sources),
        message.answered,
        message.trace.as_ref().map(trace_text),
        response_ms,
        message.created_at,
        message.operator
    ])?;
    // An answer may come after its conversation was deleted.
    if kept == 1 {
        search::add(db, account, conversation, &message.id, &message.content)?;
    }
    let author = message.author.as_str();
    db.prepare_cached(COUNT_MESSAGE)?.execute(params![account, conversation, message.created_at, !message.answered, author])?;
    Ok(())
}
