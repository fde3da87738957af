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

/// The agent to create.
#[derive(ToSchema)]
pub struct NewAgent {
    /// The agent's name. Leading and trailing spaces are removed.
    name: AgentName,
    #[schema(nullable = false, default = json!(GREETING_DEFAULT))]
    greeting: Option<Greeting>,
    #[schema(nullable = false)]
    knowledge_base: Option<KnowledgeBase>,
    #[schema(nullable = false, default = json!(COLOR_DEFAULT))]
    color: Option<Color>,
    /// The host names where the widget may load. Empty allows every website.
    #[schema(nullable = false, max_items = 100)]
    allowed_domains: Option<Vec<Domain>>,
    /// How the agent answers. Omitted settings use their default.
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
    /// The host names where the widget may load. Empty allows every website.
    #[schema(nullable = false, max_items = 100)]
    allowed_domains: Option<Vec<Domain>>,
    /// How the agent answers. Omitted settings stay unchanged.
    #[schema(nullable = false)]
    answering: Option<AnsweringChange>,
    /// How the widget looks and behaves.
    #[schema(nullable = false)]
    appearance: Option<Appearance>,
}

/// How an agent answers.
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
    /// Whether to ask a model even if no knowledge matches the question.
    #[schema(nullable = false)]
    ask_unmatched: Option<bool>,
}

/// How the widget looks and behaves on websites. Updates change only the fields you send.
#[derive(ToSchema)]
pub struct Appearance {
    /// The side of the page where the widget appears. `auto` is left on right-to-left pages, otherwise right.
    #[schema(nullable = false, default = "auto")]
    position: Option<Position>,
    /// The distance of the launcher from the side of the page, in pixels.
    #[schema(nullable = false, minimum = 0, maximum = 200, default = 20)]
    offset_x: Option<u32>,
    /// The distance of the launcher from the bottom of the page, in pixels. The launcher moves above cookie banners by itself.
    #[schema(nullable = false, minimum = 0, maximum = 200, default = 20)]
    offset_y: Option<u32>,
    /// The colour scheme. `auto` follows the visitor's device.
    #[schema(nullable = false, default = "auto")]
    theme: Option<Theme>,
    /// The text next to the launcher's icon. Empty shows only the icon.
    #[schema(nullable = false, default = "")]
    launcher_text: Option<LauncherText>,
    /// Suggested questions that a visitor can ask with one click.
    #[schema(nullable = false, max_items = 6)]
    suggestions: Option<Vec<Suggestion>>,
    /// Whether to show below the agent's name that an AI answers.
    #[schema(nullable = false, default = true)]
    disclosure: Option<bool>,
    /// The number of seconds after which the greeting appears next to the launcher. 0 turns it off.
    #[schema(nullable = false, minimum = 0, maximum = 3600, default = 0)]
    proactive_after_seconds: Option<u32>,
    /// The paths where the widget is hidden.
    #[schema(nullable = false, max_items = 20)]
    hide_on: Option<Vec<HiddenPage>>,
    /// The query parameters to save with the URLs of visitors' pages and referrers. Default: `utm_*`.
    /// Names are not case-sensitive.
    #[schema(nullable = false, max_items = 20)]
    page_parameters: Option<Vec<PageParameter>>,
    /// The fields of the contact form. They must include e-mail or phone.
    #[schema(nullable = false, min_items = 1, max_items = 5)]
    lead_fields: Option<Vec<LeadField>>,
    /// When to show the contact form, besides when the agent can't help.
    #[schema(nullable = false, default = "when_needed")]
    lead_rule: Option<LeadRule>,
    /// The number of visitor messages for the rule `after_messages`.
    #[schema(nullable = false, minimum = 1, maximum = 50, default = 3)]
    lead_after_messages: Option<u32>,
    /// The text above the form's button. Empty shows none.
    #[schema(nullable = false, default = "")]
    consent_text: Option<ConsentText>,
    /// The http or https URL linked from the consent text. Empty for no link.
    #[schema(nullable = false, default = "")]
    consent_url: Option<ConsentUrl>,
    #[schema(nullable = false)]
    texts: Option<WidgetTexts>,
}

/// The agents to create. Each one succeeds or fails on its own.
#[derive(ToSchema)]
pub struct NewAgents {
    #[schema(min_items = 1, max_items = 20)]
    agents: Vec<NewAgent>,
}

/// The content to add to one agent.
#[derive(ToSchema)]
pub struct NewKnowledge {
    content: KnowledgeContent,
    #[schema(nullable = false, default = "text")]
    r#type: Option<KnowledgeType>,
}

/// The content to add to several agents.
#[derive(ToSchema)]
pub struct SharedKnowledge {
    content: KnowledgeContent,
    /// The ids of the agents. Duplicates count once.
    #[schema(min_items = 1, max_items = 50)]
    agent_ids: Vec<String>,
    #[schema(nullable = false, default = "text")]
    r#type: Option<KnowledgeType>,
}

/// The webhook to register.
#[derive(ToSchema)]
pub struct NewWebhook {
    url: WebhookUrl,
    /// The event types to send. Duplicates count once.
    #[schema(min_items = 1, max_items = 50)]
    events: Vec<EventType>,
    /// Only send events of this agent. Omit it or send null for all agents.
    agent_id: Option<AgentId>,
}

/// The fields to change; all others stay as they are.
#[derive(ToSchema)]
pub struct WebhookChange {
    /// A new URL is verified with a challenge.
    #[schema(nullable = false)]
    url: Option<WebhookUrl>,
    #[schema(nullable = false, min_items = 1, max_items = 50)]
    events: Option<Vec<EventType>>,
    /// Only send events of this agent. Null for all agents.
    agent_id: Option<AgentId>,
    /// Changing it back to `active` verifies the URL again.
    #[schema(nullable = false)]
    status: Option<WebhookStatus>,
}

/// The events to replay.
#[derive(ToSchema)]
pub struct Recovery {
    /// The start of the time range, inclusive.
    since: Time,
    /// The end of the time range, inclusive. Default: now.
    #[schema(nullable = false)]
    until: Option<Time>,
    /// Whether to resend delivered events too.
    #[schema(nullable = false, default = false)]
    include_delivered: Option<bool>,
}

/// The page of a list, newest first.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The number of results per page.
    #[param(example = 10)]
    limit: Option<Limit>,
    /// The number of results to skip.
    offset: Option<Offset>,
    /// Only return results after this time.
    #[param(example = "2026-03-01T00:00:00Z")]
    since: Option<Time>,
    /// The `next_after` of the previous page. Unlike `offset`, it stays exact while results are added.
    after: Option<Cursor>,
}
