//! How an agent's widget looks and behaves on websites: its place, its texts, when it asks for contact details.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::Rejection;
use crate::domain::input::{Fields, Text, line, lines, text_of_form};
use crate::domain::page::{PARAMETERS_DEFAULT, PARAMETERS_MAX, page_url, parameter};

pub const SUGGESTIONS_MAX: usize = 6;
pub const SUGGESTION: Text = line(1..=120);
pub const LAUNCHER_TEXT: Text = line(0..=40);
pub const HIDDEN_PAGES_MAX: usize = 20;
pub const CONSENT_TEXT: Text = lines(0..=500);
pub const PROACTIVE_SECONDS: RangeInclusive<u64> = 0..=3_600;
pub const AFTER_MESSAGES: RangeInclusive<u64> = 1..=50;
pub const POSITIONS: [&str; 3] = ["auto", "right", "left"];
pub const OFFSET_PX: RangeInclusive<u64> = 0..=200;
pub const THEMES: [&str; 3] = ["auto", "light", "dark"];
pub const LEAD_FIELDS: [&str; 5] = ["name", "email", "phone", "company", "message"];
pub const LEAD_RULES: [&str; 3] = ["when_needed", "before_first_message", "after_messages"];
pub const LOCALES_MAX: usize = 20;

const PAGE: Text = line(1..=200);
/// Each star may have to try every length, so their number is what bounds the work of a match.
pub const STARS_MAX: usize = 3;
pub const TEXT: Text = lines(1..=300);
/// Every visitor loads them all.
const TEXTS_CHARS_MAX: usize = 20_000;

/// The widget's own texts; their names are what an agent may override.
const ENGLISH: &str = include_str!("../../../widget/locales/en.json");
static TEXT_NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let texts: BTreeMap<String, String> = serde_json::from_str(ENGLISH).expect("en.json holds texts by name");
    texts.into_keys().collect()
});

/// What the widget's texts are called.
pub fn text_names() -> impl Iterator<Item = &'static str> {
    TEXT_NAMES.iter().map(String::as_str)
}

/// Serialized as it is stored and shown. What a stored one lacks has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Appearance {
    /// `right`, `left`, or `auto`: left on pages that are written from right to left.
    pub position: String,
    /// Pixels between the launcher and the side of the page, and its bottom.
    pub offset_x: u64,
    pub offset_y: u64,
    /// `auto` follows the visitor's system.
    pub theme: String,
    /// Stands on the launcher beside its icon; empty leaves the icon alone.
    pub launcher_text: String,
    pub suggestions: Vec<String>,
    /// Says under the agent's name that an AI answers.
    pub disclosure: bool,
    /// When the greeting appears beside the launcher by itself; 0 for never.
    pub proactive_after_seconds: u64,
    /// Paths on which nothing is shown; a star stands for any text.
    pub hide_on: Vec<String>,
    /// What is kept of the query strings of visitors' pages; a star at the end stands for any text.
    pub page_parameters: Vec<String>,
    pub lead_fields: Vec<String>,
    /// When the form is offered, beside when an answer calls for a person.
    pub lead_rule: String,
    pub lead_after_messages: u64,
    pub consent_text: String,
    pub consent_url: String,
    /// Texts of the widget that are to be others, by locale and name.
    pub texts: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for Appearance {
    fn default() -> Self {
        Self {
            position: POSITIONS[0].to_owned(),
            offset_x: 20,
            offset_y: 20,
            theme: THEMES[0].to_owned(),
            launcher_text: String::new(),
            suggestions: Vec::new(),
            disclosure: true,
            proactive_after_seconds: 0,
            hide_on: Vec::new(),
            page_parameters: PARAMETERS_DEFAULT.map(str::to_owned).to_vec(),
            lead_fields: LEAD_FIELDS.map(str::to_owned).to_vec(),
            lead_rule: LEAD_RULES[0].to_owned(),
            lead_after_messages: 3,
            consent_text: String::new(),
            consent_url: String::new(),
            texts: BTreeMap::new(),
        }
    }
}

/// Checked fields of an appearance; those that it lacks stay as they are.
#[derive(Clone, Debug, Default)]
pub struct AppearanceChange(Map<String, Value>);

impl AppearanceChange {
    pub fn parse(body: &Map<String, Value>, path: &str) -> Result<Self, Rejection> {
        let mut fields = Fields::at(body, path);
        let mut change = Map::new();
        let mut set = |field: &str, value: Option<Value>| value.map(|value| change.insert(field.to_owned(), value));
        set("position", choice(&mut fields, "position", &POSITIONS));
        set("offset_x", whole(&mut fields, "offset_x", &OFFSET_PX));
        set("offset_y", whole(&mut fields, "offset_y", &OFFSET_PX));
        set("theme", choice(&mut fields, "theme", &THEMES));
        set("launcher_text", fields.text("launcher_text", &LAUNCHER_TEXT).map(Value::from));
        set("suggestions", texts_of(&mut fields, "suggestions", 0..=SUGGESTIONS_MAX, |text| text_of_form(text, &SUGGESTION)));
        set("disclosure", flag(&mut fields, "disclosure"));
        set("proactive_after_seconds", whole(&mut fields, "proactive_after_seconds", &PROACTIVE_SECONDS));
        set("hide_on", texts_of(&mut fields, "hide_on", 0..=HIDDEN_PAGES_MAX, hidden_page));
        set("page_parameters", texts_of(&mut fields, "page_parameters", 0..=PARAMETERS_MAX, parameter));
        set("lead_fields", lead_fields(&mut fields));
        set("lead_rule", choice(&mut fields, "lead_rule", &LEAD_RULES));
        set("lead_after_messages", whole(&mut fields, "lead_after_messages", &AFTER_MESSAGES));
        set("consent_text", fields.text("consent_text", &CONSENT_TEXT).map(Value::from));
        set("consent_url", fields.parsed("consent_url", consent_url).map(Value::from));
        set("texts", texts(&mut fields));
        fields.finish()?;
        Ok(Self(change))
    }

    /// The field `appearance` of an agent; its failures become failures of the agent.
    pub fn of_agent(fields: &mut Fields) -> Option<Self> {
        let Value::Object(body) = fields.sent("appearance")? else {
            fields.fail("appearance", "must be an object");
            return None;
        };
        let parsed = Self::parse(body, "appearance.");
        parsed.map_err(|rejection| rejection.failures.into_iter().for_each(|f| fields.fail(&f.field, f.message))).ok()
    }

    pub fn over(self, before: &Appearance) -> Appearance {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(before) else { return before.clone() };
        fields.extend(self.0);
        serde_json::from_value(Value::Object(fields)).unwrap_or_else(|_| before.clone())
    }
}

fn choice(fields: &mut Fields, field: &str, known: &[&str]) -> Option<Value> {
    fields.parsed(field, |text| one_of(text, known)).map(Value::from)
}

fn one_of(text: &str, known: &[&str]) -> Result<String, String> {
    if known.contains(&text) { Ok(text.to_owned()) } else { Err(format!("must be one of {}", known.join(", "))) }
}

fn flag(fields: &mut Fields, field: &str) -> Option<Value> {
    let value = fields.sent(field)?;
    if !value.is_boolean() {
        fields.fail(field, "must be true or false");
    }
    Some(value.clone())
}

fn whole(fields: &mut Fields, field: &str, range: &RangeInclusive<u64>) -> Option<Value> {
    // `3.0` is a whole number too, in JSON.
    let number = fields.sent(field)?.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0);
    let whole = number.map(|number| number as u64).filter(|number| range.contains(number));
    if whole.is_none() {
        fields.fail(field, format!("must be a whole number from {} to {}", range.start(), range.end()));
    }
    whole.map(Value::from)
}

fn texts_of(
    fields: &mut Fields,
    field: &str,
    count: RangeInclusive<usize>,
    parse: impl Fn(&str) -> Result<String, String>,
) -> Option<Value> {
    let mut texts = fields.list(field, count, parse)?;
    let mut seen = BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    Some(texts.into())
}

fn hidden_page(text: &str) -> Result<String, String> {
    let path = text_of_form(text, &PAGE)?;
    if !path.starts_with(['/', '*']) || path.contains([' ', '?', '#']) {
        return Err("must be a path such as /checkout or /account/*".to_owned());
    }
    if path.matches('*').count() > STARS_MAX { Err(format!("must contain at most {STARS_MAX} wildcards (*)")) } else { Ok(path) }
}

/// A form without a way to answer would be no lead.
fn lead_fields(fields: &mut Fields) -> Option<Value> {
    let chosen = texts_of(fields, "lead_fields", 1..=LEAD_FIELDS.len(), |text| one_of(text, &LEAD_FIELDS))?;
    let sent = fields.sent("lead_fields").and_then(Value::as_array);
    if !sent.is_some_and(|sent| sent.iter().any(|field| field == "email" || field == "phone")) {
        fields.fail("lead_fields", "must include email or phone");
    }
    Some(chosen)
}

fn consent_url(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    page_url(text).ok_or_else(|| "must be an http or https address".to_owned())
}

fn texts(fields: &mut Fields) -> Option<Value> {
    let Value::Object(locales) = fields.sent("texts")? else {
        fields.fail("texts", "must be an object of objects, by locale and text name");
        return None;
    };
    if locales.len() > LOCALES_MAX {
        fields.fail("texts", format!("must contain at most {LOCALES_MAX} locales"));
    }
    let mut chars = 0;
    for (locale, texts) in locales {
        let Some(texts) = texts.as_object().filter(|_| is_locale(locale)) else {
            fields.fail(&format!("texts.{locale}"), "must be an object under a lower-case locale such as de or pt-br");
            continue;
        };
        for (name, text) in texts {
            match read_text(name, text) {
                Ok(length) => chars += length,
                Err(message) => fields.fail(&format!("texts.{locale}.{name}"), message),
            }
        }
    }
    if chars > TEXTS_CHARS_MAX {
        fields.fail("texts", format!("must be at most {TEXTS_CHARS_MAX} characters in total"));
    }
    Some(Value::Object(locales.clone()))
}

fn read_text(name: &str, text: &Value) -> Result<usize, String> {
    if !TEXT_NAMES.contains(name) {
        return Err("is not a widget text".to_owned());
    }
    let text = text.as_str().ok_or("must be a string")?;
    text_of_form(text, &TEXT).map(|text| text.chars().count())
}

fn is_locale(text: &str) -> bool {
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() <= 35 && text.split('-').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(body: &Value) -> Result<AppearanceChange, Vec<String>> {
        let parsed = AppearanceChange::parse(body.as_object().unwrap(), "");
        parsed.map_err(|rejection| rejection.failures.into_iter().map(|failure| failure.field).collect())
    }

    #[test]
    fn what_is_stored_lacks_nothing_when_it_is_read() {
        let read: Appearance = serde_json::from_str("{}").unwrap();
        assert_eq!(read, Appearance::default());
        let read: Appearance = serde_json::from_str(r#"{"position": "left", "gone": 1}"#).unwrap();
        assert_eq!(read, Appearance { position: "left".to_owned(), ..Appearance::default() });
    }

    #[test]
    fn only_the_named_fields_change() {
        let change = parse(&json!({ "suggestions": ["A?", "B?", "A?"], "disclosure": false, "unknown": 1 })).unwrap();
        let before = Appearance { position: "left".to_owned(), ..Appearance::default() };
        let after = change.over(&before);
        assert_eq!(after.suggestions, ["A?", "B?"]);
        assert_eq!((after.position.as_str(), after.disclosure), ("left", false));
    }

    #[test]
    fn what_is_shown_may_be_sent_back() {
        let shown = serde_json::to_value(Appearance::default()).unwrap();
        assert_eq!(parse(&shown).unwrap().over(&Appearance::default()), Appearance::default());
    }

    #[test]
    fn every_wrong_field_is_named() {
        let check = |body: Value, expected: &[&str]| assert_eq!(parse(&body).unwrap_err(), expected, "{body}");
        check(json!({ "position": "top", "theme": 1, "disclosure": null }), &["position", "theme", "disclosure"]);
        check(json!({ "offset_x": 201, "offset_y": 1.5 }), &["offset_x", "offset_y"]);
        check(json!({ "offset_x": -1, "offset_y": "20" }), &["offset_x", "offset_y"]);
        check(json!({ "suggestions": ["ok", " ", 5] }), &["suggestions[1]", "suggestions[2]"]);
        check(
            json!({ "proactive_after_seconds": -1, "lead_after_messages": 0 }),
            &["proactive_after_seconds", "lead_after_messages"],
        );
        check(json!({ "hide_on": ["checkout", "/a b", "/*/*/*/*"] }), &["hide_on[0]", "hide_on[1]", "hide_on[2]"]);
        check(json!({ "page_parameters": ["utm_*", "*", "a=b"] }), &["page_parameters[1]", "page_parameters[2]"]);
        check(json!({ "page_parameters": vec!["p"; 21] }), &["page_parameters"]);
        check(json!({ "lead_fields": ["name", "company"] }), &["lead_fields"]);
        check(json!({ "lead_fields": ["name", "email", "fax"] }), &["lead_fields[2]"]);
        check(json!({ "consent_url": "javascript:alert(1)" }), &["consent_url"]);
        check(
            json!({ "texts": { "de": { "send": 1, "nosuch": "x" }, "DE": {} } }),
            &["texts.de.send", "texts.de.nosuch", "texts.DE"],
        );
        check(json!({ "texts": { "de": { "send": "x".repeat(301) } } }), &["texts.de.send"]);
    }
}
