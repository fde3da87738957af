//! Identifiers, times, closed choices and bounded texts: how they are written in JSON, and how that is documented.

use serde::{Serialize, Serializer};
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::account::Permission;
use crate::domain::agent::appearance::{
    CONSENT_TEXT, LAUNCHER_TEXT, LEAD_FIELDS, LEAD_RULES, LOCALES_MAX, POSITIONS, STARS_MAX, SUGGESTION, TEXT, THEMES, text_names,
};
use crate::domain::agent::{GREETING, GREETING_DEFAULT, KNOWLEDGE, NAME};
use crate::domain::answering::{self, INSTRUCTIONS};
use crate::domain::delivery::DELIVERY_STATES;
use crate::domain::id::{
    AccountId, AgentId, ConversationId, DeliveryId, EventId, Identifier, KnowledgeId, LeadId, RANDOM_CHARS, VisitorId, WebhookId,
};
use crate::domain::input::Text;
use crate::domain::knowledge::{CONTENT, KnowledgeType};
use crate::domain::lead::LEAD_STATUSES;
use crate::domain::page::{CURSOR, LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX, URL_CHARS_MAX, WORDS};
use crate::domain::time::Time;
use crate::domain::webhook::{DISABLED_REASONS, EventType};

/// Characters that no text may hold; of these, a text of several lines may hold tabs and line breaks.
const CONTROLS: &str = r"\x00-\x1f\x7f-\x9f";
const CONTROLS_BUT_BREAKS: &str = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f";

macro_rules! documented {
    ($($name:ident => $schema:expr),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

macro_rules! written_as_text {
    ($($name:ident => $schema:expr),+ $(,)?) => {
        $(
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }
        )+
        documented! { $($name => $schema),+ }
    };
}

macro_rules! written_by_name {
    ($($name:ident: $about:literal),+ $(,)?) => {
        $(
            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }
        )+
        documented! { $($name => choice(Self::ALL.map(Self::as_str)).description(Some($about))),+ }
    };
}

/// Types that stand in the documentation alone.
macro_rules! forms {
    ($($name:ident => $schema:expr),+ $(,)?) => {
        $(pub struct $name;)+
        documented! { $($name => $schema),+ }
    };
}

written_as_text! {
    AccountId => id::<Self>("q1w2e3r4t5"),
    AgentId => id::<Self>("a1b2c3d4e5"),
    ConversationId => id::<Self>("x1y2z3a4b5"),
    DeliveryId => id::<Self>("d1e2f3g4h5"),
    KnowledgeId => id::<Self>("k1b2c3d4e5"),
    LeadId => id::<Self>("r1s2t3u4v5"),
    VisitorId => id::<Self>("m1n2o3p4q5"),
    WebhookId => id::<Self>("a1b2c3d4e5"),
    EventId => event_id(),
    Time => string()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("A time in UTC, in whole seconds."))
        .examples([json!("2026-03-26T10:00:00Z")]),
}

written_by_name! {
    EventType: "The type of an event.",
    KnowledgeType: "The content's format.",
    Permission: "A permission of an API key.",
}

forms! {
    AgentStatus => choice(["active", "deactivated"]).description(Some("A deactivated agent does not answer.")),
    ConversationStatus => choice(["active", "completed"])
        .description(Some("A conversation is completed by the visitor, or after 30 minutes without a message.")),
    DeliveryStatus => choice(DELIVERY_STATES.iter().copied()).description(Some("A delivery's status.")),
    LeadStatus => choice(LEAD_STATUSES.iter().copied()).description(Some("The team's progress with the lead.")),
    MessageRole => choice(["user", "assistant"]).description(Some("`user` is the visitor, `assistant` the agent or your team.")),
    TargetStatus => choice(["success", "failed"]).description(Some("Whether the content was added to the agent.")),
    DisabledReason => choice(DISABLED_REASONS.iter().copied()).description(Some("Why a webhook is disabled.")),
    WebhookStatus => choice(["active", "disabled"]).description(Some("A disabled webhook receives no events.")),
    Position => choice(POSITIONS).description(Some("The side of the page.")),
    Theme => choice(THEMES).description(Some("The colour scheme.")),
    LeadField => choice(LEAD_FIELDS).description(Some("A field of the contact form.")),
    LeadRule => choice(LEAD_RULES).description(Some("When to show the contact form.")),
    LauncherText => text(&LAUNCHER_TEXT),
    Suggestion => text(&SUGGESTION).examples([json!("What are your opening hours?")]),
    ConsentText => text(&CONSENT_TEXT),
    HiddenPage => string()
        .pattern(Some(hidden_page_pattern()))
        .max_length(Some(200))
        .description(Some("A path. Up to three `*` wildcards match any text."))
        .examples([json!("/checkout/*")]),
    PageParameter => string()
        .pattern(Some(r"^[A-Za-z0-9_.\-]+\*?$"))
        .max_length(Some(64))
        .description(Some("The name of a parameter, or a prefix followed by `*`."))
        .examples([json!("utm_*")]),
    ConsentUrl => string()
        .pattern(Some("^(https?://[!-~]+)?$"))
        .max_length(Some(URL_CHARS_MAX))
        .description(Some("An http or https URL without user name and password. Empty for no link."))
        .examples([json!("https://example.com/privacy")]),
    WidgetTexts => widget_texts(),
    AgentName => text(&NAME).examples([json!("Sales Assistant")]),
    Color => string()
        .pattern(Some("^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$"))
        .description(Some("The widget's colour as `#rgb` or `#rrggbb`. It is stored and returned as lower-case `#rrggbb`."))
        .examples([json!("#6366f1")]),
    Domain => string()
        .format(Some(SchemaFormat::Custom("domain".to_owned())))
        .max_length(Some(255))
        .description(Some("A host name such as `example.com`, or `*.example.com` for all its subdomains. Schemes, ports, paths and public suffixes such as `co.uk` or `github.io` are rejected."))
        .examples([json!("example.com"), json!("*.example.com")]),
    Greeting => text(&GREETING)
        .description(Some("The agent's first message when the chat opens."))
        .examples([json!(GREETING_DEFAULT)]),
    KnowledgeBase => text(&KNOWLEDGE)
        .description(Some("Plain text or Markdown for the agent to answer from."))
        .examples([json!("We sell premium widgets. Pricing starts at $49/mo...")]),
    ReplacedKnowledge => text(&KNOWLEDGE)
        .schema_type(SchemaType::from_iter([Type::String, Type::Boolean]))
        .description(Some("A string replaces all knowledge entries. A boolean, as returned by the API, changes nothing.")),
    KnowledgeContent => text(&CONTENT).description(Some("The content to add to the agent's knowledge.")),
    Instructions => text(&INSTRUCTIONS)
        .description(Some("Guidance for language models beyond the agent's knowledge."))
        .examples([json!("Call the visitors guests. Point them to the menu where it fits.")]),
    Tone => choice(answering::Tone::NAMES.iter().copied()).description(Some("The tone of a model's answers.")),
    Caution => choice(answering::Caution::NAMES.iter().copied())
        .description(Some("How closely the knowledge must match a question before the agent answers.")),
    ModelChoice => string()
        .pattern(Some("^[a-z0-9_-]{1,32}$"))
        .description(Some("Which models write the answers. `on`: the configured models in order. `off`: no model, so answers are \
            quoted from the knowledge. A name: this model first. A name that is not configured counts as `on`."))
        .examples([json!("on")]),
    Limit => whole(1, LIMIT_MAX, LIMIT_DEFAULT),
    Offset => whole(0, OFFSET_MAX, 0),
    Words => text(&WORDS).examples([json!("Jane")]),
    Cursor => text(&CURSOR).examples([json!("lead_r1s2t3u4v5")]),
    WebhookUrl => string()
        .format(Some(SchemaFormat::Custom("uri".to_owned())))
        .pattern(Some("^https://"))
        .max_length(Some(URL_CHARS_MAX))
        .description(Some("An https URL on the public internet, without user name, password or fragment."))
        .examples([json!("https://yourapp.com/webhooks/chatforge")]),
}

fn hidden_page_pattern() -> String {
    let plain = format!(r"[^\s*?#{CONTROLS}]*");
    let stars = |most| format!(r"(\*{plain}){{0,{most}}}");
    format!(r"^(/{plain}{}|\*{plain}{})$", stars(STARS_MAX), stars(STARS_MAX - 1))
}

/// By locale, then by name.
fn widget_texts() -> ObjectBuilder {
    let named = text_names().fold(ObjectBuilder::new(), |texts, name| texts.property(name, text(&TEXT)));
    let locale = string().pattern(Some("^[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}$"));
    ObjectBuilder::new()
        .max_properties(Some(LOCALES_MAX))
        .property_names(Some(locale))
        .additional_properties(Some(named.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))))
        .description(Some("Your own widget texts, by locale, then by text name."))
        .examples([json!({ "de": { "placeholder": "Ihre Frage …" } })])
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn whole(least: i64, most: i64, default: i64) -> ObjectBuilder {
    let integer = ObjectBuilder::new().schema_type(Type::Integer);
    integer.minimum(Some(least)).maximum(Some(most)).default(Some(json!(default)))
}

fn choice(names: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    string().enum_values(Some(names))
}

fn id<I: Identifier>(example: &str) -> ObjectBuilder {
    string().pattern(Some(id_pattern::<I>())).examples([json!(format!("{}{example}", I::PREFIX))])
}

pub fn id_pattern<I: Identifier>() -> String {
    format!("^{}[a-z0-9]{{{RANDOM_CHARS}}}$", I::PREFIX)
}

fn event_id() -> ObjectBuilder {
    let codes = EventType::ALL.into_iter().chain([EventType::Test]).map(EventType::code).collect::<Vec<_>>().join("|");
    let pattern = format!("^{}({codes})_[a-z0-9]{{{RANDOM_CHARS}}}$", EventId::PREFIX);
    string().pattern(Some(pattern)).examples([json!("evt_lc_a1b2c3d4e5")])
}

/// The bounds that `form` sets; of a single line, the ends are trimmed before it is measured.
pub fn text(form: &Text) -> ObjectBuilder {
    let refused = if form.multiline { CONTROLS_BUT_BREAKS } else { CONTROLS };
    let (least, most) = (*form.chars.start(), *form.chars.end());
    let pattern = match least {
        0 => format!("^[^{refused}]*$"),
        _ => format!(r"^[^{refused}]*[^\s{CONTROLS}][^{refused}]*$"),
    };
    string().min_length(Some(least)).max_length(Some(most)).pattern(Some(pattern))
}
