//! Leads: captured once a conversation, completed by what comes later, never lost.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::agent::Agent;
use crate::domain::conversation::Conversation;
use crate::domain::event::Event;
use crate::domain::id::{AccountId, AgentId, ConversationId, Identifier, LeadId, VisitorId};
use crate::domain::lead::{LEAD_STATUSES, Lead, LeadDetails, MESSAGE_CHARS_MAX};
use crate::domain::page::{Listed, Page};
use crate::domain::time::{DAY_MS, Time};
use crate::domain::webhook::EventType;
use crate::storage::conversations::latest_of;
use crate::storage::events::Outbox;
use crate::storage::{Error, Result, Store, days, draw};

const COLUMNS: &str =
    "id, account, agent, conversation, visitor, name, email, phone, company, message, page_url, captured_at, status, trial";

const INSERT: &str = "
    INSERT INTO leads (id, account, agent, conversation, visitor, name, email, phone, company, message, page_url, captured_at, trial)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

const COMPLETE: &str = "
    UPDATE leads
    SET name = ?3, email = ?4, phone = ?5, company = ?6, message = ?7
    WHERE account = ?1 AND id = ?2";

const COUNT_BY_AGENT: &str = "
    SELECT count(*)
    FROM leads
    WHERE account = ?1 AND agent = ?2 AND trial = 0 AND ?3 < captured_at AND (?4 IS NULL OR status = ?4)
      AND (?5 IS NULL OR lower(concat_ws(' ', name, email, phone, company, message)) LIKE ?5 ESCAPE '\\')";

/// The agent counts its leads all along.
const COUNTED: &str = "SELECT leads_count FROM agents WHERE account = ?1 AND id = ?2";

/// Out of the index alone, which neither a status nor words are in.
const COUNT_SINCE: &str = "
    SELECT count(*)
    FROM leads
    WHERE account = ?1 AND agent = ?2 AND trial = 0 AND ?3 < captured_at";

const BY_AGENT: &str = "
    WHERE account = ?1 AND agent = ?2 AND trial = 0 AND ?3 < captured_at AND (?4 IS NULL OR status = ?4)
      AND (?5 IS NULL OR lower(concat_ws(' ', name, email, phone, company, message)) LIKE ?5 ESCAPE '\\')
      AND (captured_at < ?6 OR (captured_at = ?6 AND id < ?7))
    ORDER BY captured_at DESC, id DESC
    LIMIT ?8 OFFSET ?9";

const TEAM: &str = "
      AND (?3 IS NULL OR status = ?3)
      AND (?4 IS NULL OR lower(concat_ws(' ', name, email, phone, company, message)) LIKE ?4 ESCAPE '\\')
      AND (captured_at < ?5 OR (captured_at = ?5 AND id < ?6))
    ORDER BY captured_at DESC, id DESC
    LIMIT ?7";

const SET_STATUS: &str = "
    UPDATE leads
    SET status = ?3
    WHERE account = ?1 AND id = ?2";

const LAST_QUESTION: &str = "
    SELECT content
    FROM messages
    WHERE account = ?1 AND conversation = ?2 AND role = 'user'
      AND NOT EXISTS (
          SELECT 1
          FROM conversations
          JOIN leads ON leads.id = conversations.lead AND leads.account = ?1
          WHERE conversations.account = ?1 AND conversations.id = ?2 AND leads.message IS NOT NULL)
    ORDER BY seq DESC
    LIMIT 1";

/// Whom a lead came from, and where.
pub struct LeadOrigin<'a> {
    pub agent: &'a Agent,
    pub visitor: &'a VisitorId,
    pub conversation: Option<&'a ConversationId>,
    pub page_url: Option<&'a str>,
    /// From a trial: it counts nowhere, and nobody is told of it.
    pub trial: bool,
}

impl<'a> LeadOrigin<'a> {
    pub fn of(agent: &'a Agent, visitor: &'a VisitorId, conversation: Option<&'a Conversation>) -> Self {
        let page_url = conversation.and_then(|conversation| conversation.page_url.as_deref());
        let trial = conversation.is_some_and(|conversation| conversation.trial);
        Self { agent, visitor, conversation: conversation.map(|conversation| &conversation.id), page_url, trial }
    }
}

impl Store {
    pub async fn leads(&self, account: AccountId, agent: AgentId, page: Page) -> Result<Listed<Lead>> {
        self.read_heavy(move |db| {
            let since = page.since.map_or(i64::MIN, Time::ms);
            let (status, pattern) = (page.filter.status, page.filter.pattern());
            let tx = db.unchecked_transaction()?;
            let filtered = status.is_some() || pattern.is_some();
            let total = match (page.counted, filtered, page.since) {
                (false, ..) => 0,
                (_, true, _) => {
                    let matching = params![account, agent, since, status, pattern];
                    tx.prepare_cached(COUNT_BY_AGENT)?.query_row(matching, |row| row.get(0))?
                }
                (_, _, Some(_)) => tx.prepare_cached(COUNT_SINCE)?.query_row(params![account, agent, since], |row| row.get(0))?,
                _ => tx.prepare_cached(COUNTED)?.query_row(params![account, agent], |row| row.get(0))?,
            };
            let (before, before_id) = match page.after {
                Some(id) => (lead(&tx, &account, &LeadId::from_text(id.clone()))?.captured_at, id),
                None => (Time::from_ms(i64::MAX), String::new()),
            };
            let mut list = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM leads {BY_AGENT}"))?;
            let window = params![account, agent, since, status, pattern, before, before_id, page.limit, page.offset];
            let rows = list.query_map(window, lead_of)?;
            Ok(Listed { rows: rows.collect::<rusqlite::Result<_>>()?, total })
        })
        .await
    }

    /// The leads of an account, or of one of its agents: at most `page.limit`, those that its filter lets through.
    pub async fn team_leads(&self, account: AccountId, agent: Option<AgentId>, page: Page) -> Result<Vec<Lead>> {
        self.read_heavy(move |db| {
            let tx = db.unchecked_transaction()?;
            let (before, before_id) = match page.after {
                Some(id) => (lead(&tx, &account, &LeadId::from_text(id.clone()))?.captured_at, id),
                None => (Time::from_ms(i64::MAX), String::new()),
            };
            let of_agent = if agent.is_some() { "agent = ?2" } else { "?2 IS NULL" };
            let mut list = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM leads WHERE account = ?1 AND {of_agent} {TEAM}"))?;
            let (status, pattern) = (page.filter.status, page.filter.pattern());
            let rows = list.query_map(params![account, agent, status, pattern, before, before_id, page.limit], lead_of)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    pub async fn set_lead_status(&self, account: AccountId, id: LeadId, status: &'static str) -> Result<()> {
        self.write(move |db| match db.prepare_cached(SET_STATUS)?.execute(params![account, id, status])? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        })
        .await
    }

    pub async fn lead(&self, account: AccountId, id: LeadId) -> Result<Lead> {
        self.read(move |db| lead(db, &account, &id)).await
    }

    /// Whether these details are in the lead that they would go to.
    pub async fn knows_lead(&self, agent: Agent, visitor: VisitorId, details: LeadDetails) -> Result<bool> {
        let now = self.world().now();
        self.read(move |db| {
            let open = latest_of(db, &agent.account, &agent.id, &visitor)?.filter(|c| c.ended_at.is_none());
            tells(db, &LeadOrigin::of(&agent, &visitor, open.as_ref()), &details, now)
        })
        .await
    }

    /// Keeps what the widget's form says, for the visitor's conversation if one is being kept.
    pub async fn capture_lead(
        &self,
        agent: Agent,
        visitor: VisitorId,
        page_url: Option<String>,
        trial: bool,
        mut details: LeadDetails,
    ) -> Result<Lead> {
        let outbox = self.outbox();
        self.write(move |db| {
            let open = latest_of(db, &agent.account, &agent.id, &visitor)?.filter(|c| c.ended_at.is_none());
            if let Some(conversation) = open.as_ref().filter(|_| details.message.is_none()) {
                details.message = last_question(db, &agent.account, &conversation.id)?;
            }
            let mut origin = LeadOrigin::of(&agent, &visitor, open.as_ref());
            origin.page_url = origin.page_url.or(page_url.as_deref());
            origin.trial = open.as_ref().map_or(trial, |conversation| conversation.trial);
            capture(db, &outbox, &origin, &details)
        })
        .await
    }
}

pub fn lead(db: &Connection, account: &AccountId, id: &LeadId) -> Result<Lead> {
    let mut find = db.prepare_cached(&format!("SELECT {COLUMNS} FROM leads WHERE account = ?1 AND id = ?2"))?;
    Ok(find.query_row(params![account, id], lead_of)?)
}

/// Whether a lead from there holds these details already.
pub fn tells(db: &Connection, origin: &LeadOrigin, details: &LeadDetails, now: Time) -> Result<bool> {
    Ok(existing(db, origin, now)?.is_some_and(|lead| lead.details.tells(details)))
}

/// Captures a lead with its event, or completes the one that this conversation already has.
pub fn capture(db: &Connection, outbox: &Outbox, origin: &LeadOrigin, details: &LeadDetails) -> Result<Lead> {
    let now = outbox.world.now();
    if let Some(mut lead) = existing(db, origin, now)? {
        if lead.details.complete_with(details) {
            let d = &lead.details;
            db.prepare_cached(COMPLETE)?.execute(params![
                lead.account,
                lead.id,
                d.name,
                d.email,
                d.phone,
                d.company,
                d.message
            ])?;
        }
        return Ok(lead);
    }
    let lead = Lead {
        id: draw(db, &outbox.world, "leads")?,
        account: origin.agent.account.clone(),
        agent: origin.agent.id.clone(),
        conversation: origin.conversation.cloned(),
        visitor: origin.visitor.clone(),
        details: details.clone(),
        page_url: origin.page_url.map(str::to_owned),
        captured_at: now,
        status: LEAD_STATUSES[0].to_owned(),
        trial: origin.trial,
    };
    insert(db, &lead)?;
    if lead.trial {
        return Ok(lead);
    }
    count(db, &lead)?;
    let event_id = outbox.event_id(db, EventType::LeadCaptured)?;
    outbox.publish(db, &Event::lead_captured(event_id, &lead, now))?;
    Ok(lead)
}

fn insert(db: &Connection, lead: &Lead) -> Result<()> {
    let d = &lead.details;
    db.prepare_cached(INSERT)?.execute(params![
        lead.id,
        lead.account,
        lead.agent,
        lead.conversation,
        lead.visitor,
        d.name,
        d.email,
        d.phone,
        d.company,
        d.message,
        lead.page_url,
        lead.captured_at,
        lead.trial
    ])?;
    if let Some(conversation) = &lead.conversation {
        db.prepare_cached("UPDATE conversations SET lead = ?3 WHERE account = ?1 AND id = ?2")?.execute(params![
            lead.account,
            conversation,
            lead.id
        ])?;
    }
    Ok(())
}

fn count(db: &Connection, lead: &Lead) -> Result<()> {
    db.prepare_cached("UPDATE agents SET leads_count = leads_count + 1 WHERE account = ?1 AND id = ?2")?
        .execute(params![lead.account, lead.agent])?;
    days::count_lead(db, &lead.account, lead.captured_at, 1)
}

/// What a form without a message is about: the visitor's last words, unless the conversation's lead has words already.
fn last_question(db: &Connection, account: &AccountId, conversation: &ConversationId) -> Result<Option<String>> {
    let mut find = db.prepare_cached(LAST_QUESTION)?;
    let found: Option<String> = find.query_row(params![account, conversation], |row| row.get(0)).optional()?;
    Ok(found.map(|question| question.chars().take(MESSAGE_CHARS_MAX).collect()))
}

/// Without a kept conversation, a visitor's leads of one day are one lead.
fn existing(db: &Connection, origin: &LeadOrigin, now: Time) -> Result<Option<Lead>> {
    let account = &origin.agent.account;
    let found = match origin.conversation {
        Some(conversation) => db
            .prepare_cached(&format!("SELECT {COLUMNS} FROM leads WHERE account = ?1 AND conversation = ?2"))?
            .query_row(params![account, conversation], lead_of),
        None => db
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM leads
                 WHERE account = ?1 AND agent = ?2 AND visitor = ?3 AND conversation IS NULL AND ?4 < captured_at
                 ORDER BY captured_at DESC LIMIT 1"
            ))?
            .query_row(params![account, origin.agent.id, origin.visitor, now.plus_ms(-DAY_MS)], lead_of),
    };
    Ok(found.optional()?)
}

fn lead_of(row: &Row) -> rusqlite::Result<Lead> {
    Ok(Lead {
        id: row.get(0)?,
        account: row.get(1)?,
        agent: row.get(2)?,
        conversation: row.get(3)?,
        visitor: row.get(4)?,
        details: LeadDetails {
            name: row.get(5)?,
            email: row.get(6)?,
            phone: row.get(7)?,
            company: row.get(8)?,
            message: row.get(9)?,
        },
        page_url: row.get(10)?,
        captured_at: row.get(11)?,
        status: row.get(12)?,
        trial: row.get(13)?,
    })
}
