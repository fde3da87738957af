//! One conversation: the transcript with its sources, who it was with, and what the team does with it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawPathParams, State};
use axum::response::{IntoResponse, Response};

use crate::domain::account::Role;
use crate::domain::conversation::{Author, Conversation, Message};
use crate::domain::id::{AccountId, ConversationId};
use crate::domain::inbox::{CannedReply, NoteOn};
use crate::domain::lead::Lead;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::conversations::{ConversationRow, left_in_words};
use crate::web::dashboard::display::{Duration, PageUrl, When, beginning, count};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::form::Errors;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::notes::NoteRow;
use crate::web::dashboard::operator::once;
use crate::web::dashboard::session::SignedIn;
use crate::web::dashboard::transcript::{MessageRow, rows};
use crate::web::error::ApiError;
use crate::web::extract::path_id;
use crate::web::live::TeamNews;

const TITLE_CHARS: usize = 80;

#[derive(Template)]
#[template(path = "conversation.html")]
pub struct ConversationPage {
    pub nav: Nav,
    pub id: String,
    /// The lead's name, or what the visitor asked first.
    pub title: String,
    /// That it went back to the agent by itself, and nobody has taken it over since.
    pub handed: Option<String>,
    pub agent_id: String,
    pub agent_name: String,
    pub agent_color: String,
    pub visit: Visit,
    pub active: bool,
    pub messages: Vec<MessageRow>,
    pub lead: Option<LeadCard>,
    pub turn: Turn,
    pub draft: Draft,
    /// Names the form, so that sending it twice sends one message.
    pub once: String,
    pub canned: Vec<CannedReply>,
    pub notes: Vec<NoteRow>,
    pub earlier: Vec<ConversationRow>,
}

/// Where the visitor was, and for how long.
pub struct Visit {
    pub visitor_id: String,
    pub page: PageUrl,
    pub referrer: PageUrl,
    pub started: When,
    pub ended: Option<When>,
    pub duration: Duration,
}

/// Whose turn it is to answer.
pub enum Turn {
    Agents,
    /// The signed-in person's, since then.
    Mine(When),
    Theirs {
        id: String,
        name: String,
    },
}

/// What the composer shows again after it was refused, and what the last form did.
#[derive(Default)]
pub struct Draft {
    pub text: String,
    pub errors: Errors,
    pub flash: Option<String>,
}

/// What the visitor left; empty texts are not shown.
pub struct LeadCard {
    pub id: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub company: String,
    pub message: String,
    pub status: String,
    pub captured: When,
}

pub async fn show(
    member: SignedIn,
    params: RawPathParams,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let id: ConversationId = path_id(&params, "conversation", ApiError::not_found)?;
    let flash = match query.get("done").map(String::as_str) {
        Some("claimed") => Some("You’re now answering. The agent is paused."),
        Some("handed-back") => Some("The agent is answering again."),
        Some("noted") => Some("Note added."),
        Some("note-deleted") => Some("Note deleted."),
        _ => None,
    };
    let chosen = query.get("canned").cloned().unwrap_or_default();
    let text = app.store.canned_replies(member.0.account.id.clone()).await?.into_iter().find(|reply| reply.id.as_str() == chosen);
    let draft =
        Draft { text: text.map(|reply| reply.content).unwrap_or_default(), flash: flash.map(str::to_owned), ..Draft::default() };
    page(&app, &member, id, draft).await
}

pub async fn page(app: &App, member: &SignedIn, id: ConversationId, draft: Draft) -> Result<Response> {
    let account = member.0.account.id.clone();
    let transcript = app.store.transcript(account.clone(), id.clone()).await?;
    let (conversation, messages) = (transcript.conversation, transcript.messages);
    let was_news = see(app, member, &conversation, messages.len()).await;
    let agent = app.store.agent(account.clone(), conversation.agent.clone()).await?;
    let ratings = app.store.ratings(account.clone(), id.clone()).await?;
    let notes = app.store.notes(account.clone(), NoteOn::Conversation(id)).await?;
    let lead = lead_of(app, &account, &conversation).await?;
    let mut nav = member.nav(Section::Conversations);
    nav.flash = draft.flash.clone();
    if was_news {
        nav.wanting = app.store.wanting_count(account.clone()).await?;
    }
    Ok(Page(ConversationPage {
        nav,
        title: title_of(lead.as_ref(), &messages),
        handed: conversation.left_by.as_ref().map(left_in_words),
        id: conversation.id.to_string(),
        agent_id: agent.id.to_string(),
        agent_name: agent.name,
        agent_color: agent.color,
        active: conversation.ended_at.is_none(),
        messages: rows(messages, &ratings),
        lead,
        turn: Turn::of(&conversation, member),
        draft,
        once: once(app),
        canned: app.store.canned_replies(account.clone()).await?,
        notes: notes.into_iter().map(NoteRow::new).collect(),
        earlier: earlier(app, &account, &conversation).await?,
        visit: Visit::new(conversation),
    })
    .into_response())
}

/// Whoever may answer has read it now; who may only look on leaves it to them. Whether anything in it was news.
async fn see(app: &App, member: &SignedIn, conversation: &Conversation, count: usize) -> bool {
    if !conversation.is_unread || member.0.user.role < Role::Member {
        return false;
    }
    let (account, id) = (conversation.account.clone(), conversation.id.clone());
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    // The page is worth more than the mark: a disk that is full takes no marks.
    let was_news = app.store.see_conversation(account.clone(), id.clone(), count).await.unwrap_or(false);
    if was_news {
        app.live.tell_team(&account, TeamNews::Seen(id));
    }
    was_news
}

fn title_of(lead: Option<&LeadCard>, messages: &[Message]) -> String {
    let name = lead.map(|lead| lead.name.clone()).filter(|name| !name.is_empty());
    let asked = || messages.iter().find(|message| message.author == Author::Visitor);
    let title = name.or_else(|| Some(beginning(&asked()?.content, TITLE_CHARS)));
    title.filter(|title| !title.is_empty()).unwrap_or_else(|| "Conversation".to_owned())
}

async fn lead_of(app: &App, account: &AccountId, conversation: &Conversation) -> Result<Option<LeadCard>> {
    Ok(match conversation.lead.clone() {
        Some(id) => Some(LeadCard::new(app.store.lead(account.clone(), id).await?)),
        None => None,
    })
}

async fn earlier(app: &App, account: &AccountId, conversation: &Conversation) -> Result<Vec<ConversationRow>> {
    let (visitor, id) = (conversation.visitor.clone(), conversation.id.clone());
    let others = app.store.visitors_other_conversations(account.clone(), visitor, id).await?;
    let agents = app.store.agents(account.clone()).await?;
    let row = |summary: crate::domain::conversation::ConversationSummary| {
        let agent = agents.iter().find(|agent| agent.id == summary.conversation.agent)?;
        Some(ConversationRow::new(summary, agent))
    };
    Ok(others.into_iter().filter_map(row).collect())
}

impl Turn {
    /// Another one means another reply box.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Mine(_) => "mine",
            Self::Theirs { .. } => "theirs",
        }
    }

    fn of(conversation: &Conversation, member: &SignedIn) -> Self {
        match &conversation.claimed {
            None => Self::Agents,
            Some(claimed) if claimed.by == member.0.user.id => Self::Mine(When::new(claimed.at)),
            Some(claimed) => Self::Theirs { id: claimed.by.to_string(), name: claimed.name.clone() },
        }
    }
}

impl Visit {
    fn new(conversation: Conversation) -> Self {
        Self {
            visitor_id: conversation.visitor.to_string(),
            started: When::new(conversation.started_at),
            ended: conversation.ended_at.map(When::new),
            duration: Duration(count(conversation.duration_seconds())),
            page: PageUrl(conversation.page_url.unwrap_or_default()),
            referrer: PageUrl(conversation.referrer.unwrap_or_default()),
        }
    }
}

impl LeadCard {
    pub fn new(lead: Lead) -> Self {
        let details = lead.details;
        Self {
            id: lead.id.to_string(),
            name: details.name.unwrap_or_default(),
            email: details.email.unwrap_or_default(),
            phone: details.phone.unwrap_or_default(),
            company: details.company.unwrap_or_default(),
            message: details.message.unwrap_or_default(),
            status: lead.status,
            captured: When::new(lead.captured_at),
        }
    }
}
