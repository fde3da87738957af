//! A person answers in the place of the agent: taking a conversation over, writing in it, and handing it back.

use rusqlite::{OptionalExtension, params};

use crate::domain::account::User;
use crate::domain::conversation::{Author, Conversation, Message, Role};
use crate::domain::id::{AccountId, AgentId, ConversationId, MessageId, UserId, VisitorId};
use crate::domain::operator::Claimed;
use crate::domain::time::Time;
use crate::storage::answers::append;
use crate::storage::conversations::{conversation, latest_of, message_of};
use crate::storage::{Result, Store, draw};

/// Messages that one look at the news brings; the rest comes with the next.
const NEWS_MAX: i64 = 50;

/// What became of the wish to take a conversation over.
#[derive(Debug, PartialEq, Eq)]
pub enum TakenOver {
    /// It is the caller's now.
    Yours(VisitorId),
    /// Somebody else has it.
    Taken(Claimed),
    Ended,
}

#[derive(Debug)]
pub enum Replied {
    Kept(Message, VisitorId),
    /// The caller does not have the conversation, or not any more.
    NotYours(Conversation),
}

#[derive(Debug, PartialEq, Eq)]
pub enum HandedBack {
    /// From now on the agent answers.
    ToAgent(VisitorId),
    /// The visitor wrote something that the caller has not seen: nobody would answer it.
    Unseen,
    NotYours,
}

/// What a visitor's open page has to be told.
#[derive(Debug)]
pub struct VisitorNews {
    pub operator: Option<Claimed>,
    /// It went back to the agent because nobody replied.
    pub was_left: bool,
    /// Of people of the team, and of the agent where it answers in their place; oldest first.
    pub messages: Vec<Message>,
    /// The newest message of all: what comes later is news.
    pub latest: Option<MessageId>,
}

const CLAIM: &str = "
    UPDATE conversations
    SET claimed_by = ?3, claimed_name = ?4, claimed_at = ?5, claims_count = claims_count + 1, seen_count = messages_count,
        waiting_since = (
            SELECT ifnull(waiting_since, m.created_at)
            FROM messages m
            WHERE m.conversation = conversations.id AND m.seq = messages_count - 1 AND m.role = 'user'),
        silent_since = (
            SELECT ?5
            FROM messages m
            WHERE m.conversation = conversations.id AND m.seq = messages_count - 1 AND m.role = 'user'),
        handed_back_name = NULL, handed_back_minutes = NULL, answer_owed = 0
    WHERE account = ?1 AND id = ?2 AND ended_at IS NULL AND claimed_by IS ?6";

const RELEASE: &str = "
    UPDATE conversations
    SET claimed_by = NULL, claimed_name = NULL, claimed_at = NULL, waiting_since = NULL, silent_since = NULL
    WHERE account = ?1 AND id = ?2 AND claimed_by = ?3";

const UNSEEN: &str = "
    SELECT 1
    FROM messages
    WHERE conversation = ?2 AND account = ?1 AND role = 'user' AND ?3 <= seq";

const SENT_BEFORE: &str = "
    SELECT id, role, author, content, created_at, sources, answered, trace, response_ms, operator
    FROM messages
    WHERE conversation = ?2 AND account = ?1 AND client_id = ?3";

const UNASKED_AFTER: &str = "
    SELECT id, role, author, content, created_at, sources, answered, trace, response_ms, operator
    FROM messages
    WHERE conversation = ?2 AND account = ?1 AND ?3 < seq AND ?4 <= created_at AND (author = 'operator' OR unasked = 1)
    ORDER BY seq
    LIMIT ?5";

const SEQ: &str = "
    SELECT seq
    FROM messages
    WHERE conversation = ?2 AND account = ?1 AND id = ?3";

const LATEST: &str = "
    SELECT id
    FROM messages
    WHERE conversation = ?2 AND account = ?1
    ORDER BY seq DESC
    LIMIT 1";

impl Store {
    /// Takes a conversation over: from the agent, or from the colleague who is known to have it. Of two who try at the
    /// same time, one is told of the other.
    pub async fn take_over(&self, user: User, id: ConversationId, from: Option<UserId>) -> Result<TakenOver> {
        let now = self.world().now();
        self.write(move |db| {
            let before = conversation(db, &user.account, &id)?;
            if before.claimed.as_ref().is_some_and(|claimed| claimed.by == user.id) {
                return Ok(TakenOver::Yours(before.visitor));
            }
            let taken = db.prepare_cached(CLAIM)?.execute(params![user.account, id, user.id, user.name, now, from])?;
            Ok(match before.claimed {
                _ if taken == 1 => TakenOver::Yours(before.visitor),
                Some(claimed) => TakenOver::Taken(claimed),
                None if before.ended_at.is_some() => TakenOver::Ended,
                // The colleague handed it back in the meantime: then it is taken from the agent.
                None => {
                    db.prepare_cached(CLAIM)?.execute(params![user.account, id, user.id, user.name, now, None::<UserId>])?;
                    TakenOver::Yours(before.visitor)
                }
            })
        })
        .await
    }

    /// Keeps what the operator wrote. The same `client_id` again is the same message.
    pub async fn operator_reply(&self, user: User, id: ConversationId, content: String, client_id: String) -> Result<Replied> {
        let world = self.world().clone();
        self.write(move |db| {
            let found = conversation(db, &user.account, &id)?;
            let mut sent = db.prepare_cached(SENT_BEFORE)?;
            if let Some(message) = sent.query_row(params![user.account, id, client_id], message_of).optional()? {
                return Ok(Replied::Kept(message, found.visitor));
            }
            if found.claimed.as_ref().is_none_or(|claimed| claimed.by != user.id) {
                return Ok(Replied::NotYours(found));
            }
            let message = Message {
                id: draw(db, &world, "messages")?,
                role: Role::Assistant,
                author: Author::Operator,
                content,
                created_at: world.now(),
                sources: Vec::new(),
                answered: true,
                trace: None,
                operator: Some(user.name),
            };
            append(db, &user.account, &id, &message, Some(&client_id))?;
            Ok(Replied::Kept(message, found.visitor))
        })
        .await
    }

    /// Gives a conversation back to its agent. `seen` is how many messages the operator has before the eyes: a visitor's
    /// message is answered by a person who has seen it, or by the agent, and never by nobody.
    pub async fn hand_back(&self, user: User, id: ConversationId, seen: i64) -> Result<HandedBack> {
        self.write(move |db| {
            let found = conversation(db, &user.account, &id)?;
            if db.prepare_cached(UNSEEN)?.exists(params![user.account, id, seen])? {
                return Ok(HandedBack::Unseen);
            }
            Ok(match db.prepare_cached(RELEASE)?.execute(params![user.account, id, user.id])? {
                1 => HandedBack::ToAgent(found.visitor),
                _ => HandedBack::NotYours,
            })
        })
        .await
    }

    /// The visitor's conversation, if a person has taken it over.
    pub async fn claimed_conversation(
        &self,
        account: AccountId,
        agent: AgentId,
        visitor: VisitorId,
    ) -> Result<Option<ConversationId>> {
        self.read(move |db| {
            let latest = latest_of(db, &account, &agent, &visitor)?;
            Ok(latest.filter(|latest| latest.claimed.is_some()).map(|latest| latest.id))
        })
        .await
    }

    /// What was said in a visitor's conversation without being asked for: after the message `after` if it is known, and not before `since`.
    pub async fn visitor_news(
        &self,
        account: AccountId,
        agent: AgentId,
        visitor: VisitorId,
        after: Option<MessageId>,
        since: Time,
    ) -> Result<VisitorNews> {
        self.read(move |db| {
            let Some(latest) = latest_of(db, &account, &agent, &visitor)? else {
                return Ok(VisitorNews { operator: None, was_left: false, messages: Vec::new(), latest: None });
            };
            let id = &latest.id;
            let seq: Option<i64> = match after {
                Some(after) => db.prepare_cached(SEQ)?.query_row(params![account, id, after], |row| row.get(0)).optional()?,
                None => None,
            };
            let since = if seq.is_some() { Time::default() } else { since };
            let mut find = db.prepare_cached(UNASKED_AFTER)?;
            let rows = find.query_map(params![account, id, seq.unwrap_or(-1), since, NEWS_MAX], message_of)?;
            let messages: Vec<Message> = rows.collect::<rusqlite::Result<_>>()?;
            let newest = db.prepare_cached(LATEST)?.query_row(params![account, id], |row| row.get(0)).optional()?;
            // Where there is more, the last one that was brought is where the next look goes on.
            let full = usize::try_from(NEWS_MAX).is_ok_and(|most| most <= messages.len());
            let latest_id = if full { messages.last().map(|message| message.id.clone()) } else { newest };
            Ok(VisitorNews { operator: latest.claimed, was_left: latest.left_by.is_some(), messages, latest: latest_id })
        })
        .await
    }
}
