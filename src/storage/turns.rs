//! One turn of a conversation: the visitor's message goes in, later the answer does.

use rusqlite::{Connection, OptionalExtension, params};

use crate::domain::account::Plan;
use crate::domain::agent::Agent;
use crate::domain::conversation::{Author, Conversation, Message, Role};
use crate::domain::event::Event;
use crate::domain::id::{ConversationId, MessageId, VisitorId};
use crate::domain::lead::LeadDetails;
use crate::domain::page::{self, page_path};
use crate::domain::time::{DAY_MS, Time};
use crate::domain::webhook::EventType;
use crate::storage::answers::{append, say};
use crate::storage::conversations::{end, latest_of, message_of};
use crate::storage::events::Outbox;
use crate::storage::leads::{LeadOrigin, capture, tells};
use crate::storage::{Error, Result, Store, days, draw, installations};

/// Earlier messages that a question may need to be understood.
const HISTORY_MAX: i64 = 8;

/// A visitor's message, with all that is known of where it came from.
#[derive(Clone)]
pub struct VisitorMessage {
    pub agent: Agent,
    pub plan: Plan,
    pub visitor: VisitorId,
    /// When the panel was opened: a new conversation starts then.
    pub opened_at: Time,
    pub content: String,
    pub client_id: Option<String>,
    pub page_url: Option<String>,
    pub referrer: Option<String>,
    pub user_agent: Option<String>,
    /// Of the page, or of the browser: the agent's own words are in it where the message does not tell its language.
    pub locale: Option<String>,
    pub inactivity_ms: i64,
    pub writers: Writers,
    /// The team tries the agent itself.
    pub trial: bool,
    /// The contact details in it, if they may become a lead.
    pub lead: Option<LeadDetails>,
    /// It is kept already under this id, and still to be answered.
    pub kept: Option<MessageId>,
}

/// Who may write an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    ModelsToo,
    /// It is quoted, because more is asked than models are wanted for.
    KnowledgeAlone,
}

pub enum Turn {
    Begun(Box<BegunTurn>),
    /// A person answers: the message is kept, and the agent says nothing.
    Claimed {
        conversation: ConversationId,
        question: Box<Message>,
        lead_captured: bool,
    },
    /// The same `client_id` was answered before.
    Answered(Box<AnsweredTurn>),
}

pub struct AnsweredTurn {
    pub conversation: ConversationId,
    pub question: Message,
    pub answer: Message,
    pub lead_captured: bool,
}

pub struct BegunTurn {
    /// `None` where the plan's limit is reached: the answer is given, and nothing is kept.
    pub conversation: Option<ConversationId>,
    pub question: Message,
    /// What was said before in this conversation, newest last.
    pub history: Vec<(Role, String)>,
    /// An answer that the visitor did not stay for: the new one takes its place.
    pub replaces: Option<MessageId>,
    /// This message held the visitor's contact details, and they are kept as a lead.
    pub lead_captured: bool,
    /// How often the conversation has been taken over.
    pub claims_count: i64,
    /// When it had ended already: a question may be asked again that was sent before.
    pub ended_at: Option<Time>,
}

const INSERT_CONVERSATION: &str = "
    INSERT INTO conversations
        (id, account, agent, visitor, page_url, referrer, user_agent, started_at, last_activity_at, stored_at, trial)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)";

const COUNT_USE: &str = "
    INSERT INTO usage (account, agent, month, conversations)
    VALUES (?1, ?2, ?3, 1)
    ON CONFLICT (account, month, agent) DO UPDATE SET conversations = usage.conversations + 1";

const COUNT_PAGE: &str = "
    INSERT INTO page_usage (account, month, page, conversations)
    VALUES (?1, ?2, ?3, 1)
    ON CONFLICT (account, month, page) DO UPDATE SET conversations = page_usage.conversations + 1";

const USED: &str = "SELECT conversations FROM usage WHERE account = ?1 AND agent = ?2 AND month = ?3";

const LIMIT_REACHED: &str = "
    UPDATE usage
    SET limit_reached_at = ?4
    WHERE account = ?1 AND agent = ?2 AND month = ?3 AND limit_reached_at IS NULL AND ?5 <= conversations
    RETURNING conversations";

const SENT: &str = "
    SELECT id, role, author, content, created_at, sources, answered, trace, response_ms, operator, seq
    FROM messages
    WHERE conversation = ?1 AND account = ?2 AND client_id = ?3";

const KEPT: &str = "
    SELECT id, role, author, content, created_at, sources, answered, trace, response_ms, operator, seq
    FROM messages
    WHERE conversation = ?1 AND account = ?2 AND id = ?3";

const MESSAGE_COLUMNS: &str = "id, role, author, content, created_at, sources, answered, trace, response_ms, operator";

impl Store {
    /// Keeps the visitor's message, opening a conversation where none is open; captures contact details in it.
    pub async fn begin_turn(&self, message: VisitorMessage) -> Result<Turn> {
        let outbox = self.outbox();
        self.write(move |db| begin(db, &outbox, &message)).await
    }
}

fn begin(db: &Connection, outbox: &Outbox, message: &VisitorMessage) -> Result<Turn> {
    let now = outbox.world.now();
    let latest = latest_of(db, &message.agent.account, &message.agent.id, &message.visitor)?;
    if let Some(repeated) = repeated(db, message, latest.as_ref(), now)? {
        return Ok(repeated);
    }
    if message.kept.is_some() {
        // Its visitor was deleted, or has begun another conversation.
        return Err(Error::NotFound);
    }
    let question = Message {
        id: draw(db, &outbox.world, "messages")?,
        role: Role::User,
        author: Author::Visitor,
        content: message.content.clone(),
        created_at: now,
        sources: Vec::new(),
        answered: true,
        trace: None,
        operator: None,
    };
    let conversation = match open(db, outbox, message, latest.as_ref(), now)? {
        Some(open) => Some(open),
        None => start(db, outbox, message, latest.as_ref(), now)?,
    };
    let mut history = Vec::new();
    if let Some(id) = &conversation {
        history = earlier(db, message, id, None)?;
        append(db, &message.agent.account, id, &question, message.client_id.as_deref())?;
    }
    let lead_captured = capture_from(db, outbox, message, conversation.as_ref())?;
    let latest = latest.filter(|latest| Some(&latest.id) == conversation.as_ref());
    if let Some(Conversation { id, claimed: Some(_), .. }) = latest {
        return Ok(Turn::Claimed { conversation: id, question: Box::new(question), lead_captured });
    }
    let claims_count = latest.map_or(0, |latest| latest.claims_count);
    let begun = BegunTurn { conversation, question, history, replaces: None, lead_captured, claims_count, ended_at: None };
    Ok(Turn::Begun(Box::new(begun)))
}

/// What became of a message with the same `client_id` or id, if there was one. An answer that was cut off is given anew.
fn repeated(db: &Connection, message: &VisitorMessage, latest: Option<&Conversation>, now: Time) -> Result<Option<Turn>> {
    let (find, name, latest) = match (&message.kept, &message.client_id, latest) {
        (Some(id), _, Some(latest)) => (KEPT, id.as_str(), latest),
        (None, Some(client_id), Some(latest)) => (SENT, client_id.as_str(), latest),
        _ => return Ok(None),
    };
    let account = &message.agent.account;
    let mut find = db.prepare_cached(find)?;
    let found = find.query_row(params![latest.id, account, name], |row| Ok((message_of(row)?, row.get::<_, i64>(10)?)));
    let Some((question, seq)) = found.optional()? else { return Ok(None) };
    let mut next = db.prepare_cached(&format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages
         WHERE conversation = ?1 AND account = ?2 AND seq = ?3 + 1 AND role = 'assistant'"
    ))?;
    let answer = next.query_row(params![latest.id, account, seq], message_of).optional()?;
    let conversation = latest.id.clone();
    let origin = LeadOrigin::of(&message.agent, &message.visitor, Some(latest));
    let lead_captured = match LeadDetails::in_message(&question.content) {
        Some(details) => tells(db, &origin, &details, now)?,
        None => false,
    };
    // One that the visitor did not stay for is given anew: the widget asks again after a lost connection.
    let replaces = answer.as_ref().filter(|answer| answer.was_left()).map(|answer| answer.id.clone());
    Ok(Some(match answer {
        Some(answer) if replaces.is_none() => {
            Turn::Answered(Box::new(AnsweredTurn { conversation, question, answer, lead_captured }))
        }
        _ if latest.claimed.is_some() => Turn::Claimed { conversation, question: Box::new(question), lead_captured },
        _ => {
            let (history, claims_count) = (earlier(db, message, &conversation, Some(seq))?, latest.claims_count);
            let conversation = Some(conversation);
            let ended_at = latest.ended_at;
            let begun = BegunTurn { conversation, question, history, replaces, lead_captured, claims_count, ended_at };
            Turn::Begun(Box::new(begun))
        }
    }))
}

/// The conversation that goes on; one that has been idle too long is ended first.
fn open(
    db: &Connection,
    outbox: &Outbox,
    message: &VisitorMessage,
    latest: Option<&Conversation>,
    now: Time,
) -> Result<Option<ConversationId>> {
    let Some(latest) = latest.filter(|c| c.ended_at.is_none()) else { return Ok(None) };
    if now.since(latest.last_activity_at) < message.inactivity_ms {
        return Ok(Some(latest.id.clone()));
    }
    end(db, outbox, &message.agent.account, &latest.id, latest.last_activity_at)?;
    Ok(None)
}

/// A new conversation that begins with the greeting, unless the month's limit is used up.
fn start(
    db: &Connection,
    outbox: &Outbox,
    message: &VisitorMessage,
    latest: Option<&Conversation>,
    now: Time,
) -> Result<Option<ConversationId>> {
    let (agent, month) = (&message.agent, now.month());
    let limit = message.plan.conversations_max.map(i64::from);
    let used = db.prepare_cached(USED)?.query_row(params![agent.account, agent.id, month], |row| row.get(0)).optional()?;
    if !message.trial && limit.is_some_and(|limit| used.unwrap_or(0) >= limit) {
        // After a change to a smaller plan, this is the first that the customer can hear of it.
        tell_of_limit(db, outbox, message, &month, now)?;
        return Ok(None);
    }
    let id: ConversationId = draw(db, &outbox.world, "conversations")?;
    // Conversations of one visitor do not overlap, however long the panel stood open.
    let free_from = latest.map_or(Time::default(), |c| c.ended_at.unwrap_or(c.last_activity_at));
    let wanted = if free_from < message.opened_at { message.opened_at.min(now) } else { now };
    // Also when the clock was set back: the newest conversation is the one that began last.
    let started_at = latest.map_or(wanted, |c| wanted.max(c.started_at.plus_ms(1)));
    db.prepare_cached(INSERT_CONVERSATION)?.execute(params![
        id,
        agent.account,
        agent.id,
        message.visitor,
        message.page_url,
        message.referrer,
        message.user_agent,
        started_at,
        now,
        message.trial
    ])?;
    say(db, &outbox.world, (&agent.account, &id), agent.greeting.clone(), started_at)?;
    adopt_lead(db, message, &id, now)?;
    if message.trial {
        return Ok(Some(id));
    }
    if let Some(domain) = message.page_url.as_deref().and_then(page::host) {
        installations::note_written(db, agent, &domain, now)?;
    }
    days::count_conversation(db, &agent.account, started_at, 1)?;
    count(db, outbox, message, &month, now)?;
    Ok(Some(id))
}

/// A lead that the visitor left before the first message belongs to this conversation.
fn adopt_lead(db: &Connection, message: &VisitorMessage, conversation: &ConversationId, now: Time) -> Result<()> {
    let agent = &message.agent;
    let mut adopt = db.prepare_cached(
        "UPDATE leads SET conversation = ?5
         WHERE account = ?1 AND id = (
             SELECT id FROM leads
             WHERE account = ?1 AND agent = ?2 AND visitor = ?3 AND conversation IS NULL AND ?4 < captured_at
             ORDER BY captured_at DESC LIMIT 1)
         RETURNING id",
    )?;
    let day_ago = now.plus_ms(-DAY_MS);
    let adopted = adopt.query_row(params![agent.account, agent.id, message.visitor, day_ago, conversation], |row| row.get(0));
    if let Some(lead) = adopted.optional()? {
        let lead: String = lead;
        db.execute(
            "UPDATE conversations SET lead = ?3 WHERE account = ?1 AND id = ?2",
            params![agent.account, conversation, lead],
        )?;
    }
    Ok(())
}

/// Counts the conversation; the one that uses up the month's limit says so, once.
fn count(db: &Connection, outbox: &Outbox, message: &VisitorMessage, month: &str, now: Time) -> Result<()> {
    let agent = &message.agent;
    db.prepare_cached("UPDATE agents SET conversations_count = conversations_count + 1 WHERE account = ?1 AND id = ?2")?
        .execute(params![agent.account, agent.id])?;
    if let Some(page) = message.page_url.as_deref().and_then(page_path) {
        db.prepare_cached(COUNT_PAGE)?.execute(params![agent.account, month, page])?;
    }
    db.prepare_cached(COUNT_USE)?.execute(params![agent.account, agent.id, month])?;
    tell_of_limit(db, outbox, message, month, now)
}

/// Says that the month's limit is used up, if it is and nobody has said so this month.
fn tell_of_limit(db: &Connection, outbox: &Outbox, message: &VisitorMessage, month: &str, now: Time) -> Result<()> {
    let agent = &message.agent;
    let Some(limit) = message.plan.conversations_max.map(i64::from) else { return Ok(()) };
    let mut reached = db.prepare_cached(LIMIT_REACHED)?;
    let used = reached.query_row(params![agent.account, agent.id, month, now, limit], |row| row.get(0)).optional()?;
    let Some(used) = used else { return Ok(()) };
    let event_id = outbox.event_id(db, EventType::LimitReached)?;
    outbox.publish(db, &Event::limit_reached(event_id, agent, used, limit, &message.plan.name, now))
}

fn capture_from(
    db: &Connection,
    outbox: &Outbox,
    message: &VisitorMessage,
    conversation: Option<&ConversationId>,
) -> Result<bool> {
    let Some(details) = &message.lead else { return Ok(false) };
    let origin = LeadOrigin {
        agent: &message.agent,
        visitor: &message.visitor,
        conversation,
        page_url: message.page_url.as_deref(),
        trial: message.trial,
    };
    capture(db, outbox, &origin, details)?;
    Ok(true)
}

fn earlier(db: &Connection, message: &VisitorMessage, id: &ConversationId, before: Option<i64>) -> Result<Vec<(Role, String)>> {
    let mut find = db.prepare_cached(
        "SELECT role, content FROM messages
         WHERE conversation = ?1 AND account = ?2 AND seq < ?3 ORDER BY seq DESC LIMIT ?4",
    )?;
    let before = before.unwrap_or(i64::MAX);
    let newest_first = find.query_map(params![id, message.agent.account, before, HISTORY_MAX], |row| {
        let role: String = row.get(0)?;
        Ok((if role == "user" { Role::User } else { Role::Assistant }, row.get(1)?))
    })?;
    let mut history: Vec<_> = newest_first.collect::<rusqlite::Result<_>>()?;
    history.reverse();
    Ok(history)
}
