//! Request bodies and query strings as the documentation shows them; `domain` reads and judges what is really sent.
#![expect(dead_code, reason = "the derives read the fields, nobody else does")]

use utoipa::{IntoParams, ToSchema};

use crate::domain::agent::{COLOR_DEFAULT, GREETING_DEFAULT};
use crate::domain::id::AgentId;
use crate::domain::knowledge::KnowledgeType;
use crate::domain::time::Time;
use crate::domain::webhook::EventType;
use crate::web::api::schema::values::{
    AgentName, Caution, Color, ConsentText, ConsentUrl, Cursor, Domain, Greeting, HiddenPage, Instructions, KnowledgeBase,
    KnowledgeContent, LauncherText, LeadField, LeadRule, Limit, ModelChoice, Offset, PageParameter, Position, ReplacedKnowledge,
    Suggestion, Theme, Tone, WebhookStatus, WebhookUrl, WidgetTexts,
};

/// An agent to be created.
#[derive(ToSchema)]
pub struct NewAgent {
    /// What the agent is called, trimmed.
    name: AgentName,
    #[schema(nullable = false, default = json!(GREETING_DEFAULT))]
    greeting: Option<Greeting>,
    #[schema(nullable = false)]
    knowledge_base: Option<KnowledgeBase>,
    #[schema(nullable = false, default = json!(COLOR_DEFAULT))]
    color: Option<Color>,
    /// Where the widget may load; empty for every website.
    #[schema(nullable = false, max_items = 100)]
    allowed_domains: Option<Vec<Domain>>,
    /// How the agent answers; what is left out has its default.
    #[schema(nullable = false)]
    answering: Option<AnsweringChange>,
    /// How the widget looks and behaves.
    #[schema(nullable = false)]
    appearance: Option<Appearance>,
}

/// The fields to change; all others stay as they are.
#[derive(ToSchema)]
pub struct AgentChange {
    #[schema(nullable = false)]
    name: Option<AgentName>,
    #[schema(nullable = false)]
    greeting: Option<Greeting>,
    #[schema(nullable = false)]
    knowledge_base: Option<ReplacedKnowledge>,
    #[schema(nullable = false)]
    color: Option<Color>,
    /// Where the widget may load; empty for every website.
    #[schema(nullable = false, max_items = 100)]
    allowed_domains: Option<Vec<Domain>>,
    /// How the agent answers; what is left out stays as it is.
    #[schema(nullable = false)]
    answering: Option<AnsweringChange>,
    /// How the widget looks and behaves.
    #[schema(nullable = false)]
    appearance: Option<Appearance>,
}

/// Settings of how an agent answers.
#[derive(ToSchema)]
pub struct AnsweringChange {
    #[schema(nullable = false)]
    instructions: Option<Instructions>,
    #[schema(nullable = false)]
    tone: Option<Tone>,
    #[schema(nullable = false)]
    caution: Option<Caution>,
    #[schema(nullable = false)]
    model: Option<ModelChoice>,
    /// Whether models are asked although nothing in the knowledge fits the question.
    #[schema(nullable = false)]
    ask_unmatched: Option<bool>,
}

/// How the widget looks and behaves on websites. In a change, only the fields that are sent change.
#[derive(ToSchema)]
pub struct Appearance {
    /// The side of the page; `auto` is right, and left on pages that are written from right to left.
    #[schema(nullable = false, default = "auto")]
    position: Option<Position>,
    /// Pixels between the launcher and the side of the page.
    #[schema(nullable = false, minimum = 0, maximum = 200, default = 20)]
    offset_x: Option<u32>,
    /// Pixels between the launcher and the bottom of the page. Over a cookie banner it rises by itself.
    #[schema(nullable = false, minimum = 0, maximum = 200, default = 20)]
    offset_y: Option<u32>,
    /// Light or dark; `auto` follows the visitor's system.
    #[schema(nullable = false, default = "auto")]
    theme: Option<Theme>,
    /// Stands on the launcher beside its icon; empty leaves the icon alone.
    #[schema(nullable = false, default = "")]
    launcher_text: Option<LauncherText>,
    /// Questions that a visitor can ask with one press.
    #[schema(nullable = false, max_items = 6)]
    suggestions: Option<Vec<Suggestion>>,
    /// Says under the agent's name that an AI answers.
    #[schema(nullable = false, default = true)]
    disclosure: Option<bool>,
    /// After how many seconds the greeting appears beside the launcher by itself; 0 for never.
    #[schema(nullable = false, minimum = 0, maximum = 3600, default = 0)]
    proactive_after_seconds: Option<u32>,
    /// Paths on which nothing is shown.
    #[schema(nullable = false, max_items = 20)]
    hide_on: Option<Vec<HiddenPage>>,
    /// What is kept of the query strings of visitors' pages and of the pages they came from, `utm_*` unless it is set.
    /// Capitals make no difference.
    #[schema(nullable = false, max_items = 20)]
    page_parameters: Option<Vec<PageParameter>>,
    /// What the form for contact details asks, e-mail or phone among it.
    #[schema(nullable = false, min_items = 1, max_items = 5)]
    lead_fields: Option<Vec<LeadField>>,
    /// When the form is offered, beside when an answer calls for a person.
    #[schema(nullable = false, default = "when_needed")]
    lead_rule: Option<LeadRule>,
    /// After how many of the visitor's messages, where the rule is `after_messages`.
    #[schema(nullable = false, minimum = 1, maximum = 50, default = 3)]
    lead_after_messages: Option<u32>,
    /// Stands above the form's button; empty for none.
    #[schema(nullable = false, default = "")]
    consent_text: Option<ConsentText>,
    /// Where the consent's link goes, an http or https address; empty for none.
    #[schema(nullable = false, default = "")]
    consent_url: Option<ConsentUrl>,
    #[schema(nullable = false)]
    texts: Option<WidgetTexts>,
}

/// Agents to be created together, each judged by itself.
#[derive(ToSchema)]
pub struct NewAgents {
    #[schema(min_items = 1, max_items = 20)]
    agents: Vec<NewAgent>,
}

/// Content for one agent.
#[derive(ToSchema)]
pub struct NewKnowledge {
    content: KnowledgeContent,
    #[schema(nullable = false, default = "text")]
    r#type: Option<KnowledgeType>,
}

/// The same content for several agents.
#[derive(ToSchema)]
pub struct SharedKnowledge {
    content: KnowledgeContent,
    /// Ids of agents; one that stands twice counts once.
    #[schema(min_items = 1, max_items = 50)]
    agent_ids: Vec<String>,
    #[schema(nullable = false, default = "text")]
    r#type: Option<KnowledgeType>,
}

/// A webhook to be registered.
#[derive(ToSchema)]
pub struct NewWebhook {
    url: WebhookUrl,
    /// Which events to send; one that stands twice counts once.
    #[schema(min_items = 1, max_items = 50)]
    events: Vec<EventType>,
    /// Only events of this agent; null, or left out, for all agents.
    agent_id: Option<AgentId>,
}

/// The fields to change; all others stay as they are.
#[derive(ToSchema)]
pub struct WebhookChange {
    /// A new address has to confirm a challenge, like the first one.
    #[schema(nullable = false)]
    url: Option<WebhookUrl>,
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    events: Option<Vec<EventType>>,
    /// Null for all agents.
    agent_id: Option<AgentId>,
    /// `active` again asks the address for a challenge.
    #[schema(nullable = false)]
    status: Option<WebhookStatus>,
}

/// What to send again.
#[derive(ToSchema)]
pub struct Recovery {
    /// The first instant that counts.
    since: Time,
    /// The last instant that counts; left out: now.
    #[schema(nullable = false)]
    until: Option<Time>,
    /// Also what arrived.
    #[schema(nullable = false, default = false)]
    include_delivered: Option<bool>,
}

/// Which rows of a list to show, newest first.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many rows to return.
    #[param(example = 10)]
    limit: Option<Limit>,
    /// How many rows to skip.
    offset: Option<Offset>,
    /// Only rows after this instant.
    #[param(example = "2026-03-01T00:00:00Z")]
    since: Option<Time>,
    /// The `next_after` of the page before: exact also while rows are added, which `offset` is not.
    after: Option<Cursor>,
}
