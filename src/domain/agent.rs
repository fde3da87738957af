//! Agents: the chat widgets of an account, and the rules of their fields.

pub mod appearance;
pub mod portable;

use psl::{List, Psl};
use serde_json::{Map, Value};
use url::Host;

use crate::domain::Rejection;
use crate::domain::agent::appearance::{Appearance, AppearanceChange};
use crate::domain::answering::{Answering, AnsweringChange};
use crate::domain::id::{AccountId, AgentId};
use crate::domain::input::{Fields, Text, line, lines};
use crate::domain::knowledge::CONTENT_CHARS_MAX;
use crate::domain::time::Time;

pub const GREETING_DEFAULT: &str = "Hi! How can I help you today?";
pub const COLOR_DEFAULT: &str = "#6366f1";
pub const DOMAINS_MAX: usize = 100;

pub const NAME: Text = line(1..=100);
pub const GREETING: Text = lines(1..=1_000);
pub const KNOWLEDGE: Text = lines(0..=CONTENT_CHARS_MAX);

#[derive(Clone, Debug)]
pub struct Agent {
    pub id: AgentId,
    pub account: AccountId,
    pub name: String,
    pub greeting: String,
    /// `#rrggbb`, lower-case.
    pub color: String,
    /// Hosts on which the widget may load, exact or `*.example.com`; empty allows every host.
    pub allowed_domains: Vec<String>,
    pub answering: Answering,
    pub appearance: Appearance,
    pub created_at: Time,
    pub updated_at: Time,
    pub deactivated_at: Option<Time>,
    pub conversations_count: i64,
    pub leads_count: i64,
    pub knowledge_entries: i64,
    pub knowledge_size_bytes: i64,
    /// Grows with every change of the knowledge, so that an index knows when it is old.
    pub knowledge_version: i64,
    /// The version of the knowledge for which every passage has its vector.
    pub vectors_version: i64,
    pub avg_response_time_ms: Option<i64>,
}

/// An agent is found by its name or its id, whatever their case.
pub fn is_called(name: &str, id: &AgentId, words: &str) -> bool {
    let words = words.trim().to_lowercase();
    name.to_lowercase().contains(&words) || id.as_str().contains(&words)
}

impl Agent {
    pub const fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }

    /// Whether the agent is found by these words.
    pub fn is_called(&self, words: &str) -> bool {
        is_called(&self.name, &self.id, words)
    }

    pub const fn status(&self) -> &'static str {
        if self.is_active() { "active" } else { "deactivated" }
    }

    /// Whether the settings name this very domain, not only such as it.
    pub fn names_domain(&self, host: &str) -> bool {
        self.allowed_domains.iter().any(|domain| domain == host)
    }

    pub fn allows(&self, host: &str) -> bool {
        self.allowed_domains.is_empty() || self.allowed_domains.iter().any(|domain| domain_covers(domain, host))
    }
}

/// `*.example.com` covers every name below `example.com`, not the name itself.
fn domain_covers(domain: &str, host: &str) -> bool {
    match domain.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => host == domain,
    }
}

/// The fields of a new agent, checked.
#[derive(Clone, Debug)]
pub struct NewAgent {
    pub name: String,
    pub greeting: String,
    pub color: String,
    pub allowed_domains: Vec<String>,
    pub appearance: Appearance,
    pub knowledge_base: Option<String>,
    pub answering: Answering,
}

impl NewAgent {
    pub fn parse(body: &Map<String, Value>) -> Result<Self, Rejection> {
        Self::parse_at(body, "")
    }

    pub fn parse_at(body: &Map<String, Value>, path: &str) -> Result<Self, Rejection> {
        let mut fields = Fields::at(body, path);
        let agent = Self {
            name: fields.required_text("name", &NAME),
            greeting: fields.text("greeting", &GREETING).unwrap_or_else(|| GREETING_DEFAULT.to_owned()),
            color: fields.parsed("color", color).unwrap_or_else(|| COLOR_DEFAULT.to_owned()),
            allowed_domains: allowed_domains(&mut fields).unwrap_or_default(),
            appearance: AppearanceChange::of_agent(&mut fields).unwrap_or_default().over(&Appearance::default()),
            knowledge_base: fields.text("knowledge_base", &KNOWLEDGE),
            answering: AnsweringChange::read(&mut fields).unwrap_or_default().apply(Answering::default()),
        };
        fields.finish()?;
        Ok(agent)
    }
}

/// The fields of an agent that an update names; the others stay as they are.
#[derive(Clone, Debug, Default)]
pub struct AgentChange {
    pub name: Option<String>,
    pub greeting: Option<String>,
    pub color: Option<String>,
    pub allowed_domains: Option<Vec<String>>,
    pub appearance: Option<AppearanceChange>,
    /// Replaces every entry of the knowledge base.
    pub knowledge_base: Option<String>,
    pub answering: Option<AnsweringChange>,
}

impl AgentChange {
    pub fn parse(body: &Map<String, Value>) -> Result<Self, Rejection> {
        let mut fields = Fields::new(body);
        let change = Self {
            name: fields.text("name", &NAME),
            greeting: fields.text("greeting", &GREETING),
            color: fields.parsed("color", color),
            allowed_domains: allowed_domains(&mut fields),
            appearance: AppearanceChange::of_agent(&mut fields),
            knowledge_base: knowledge_base(&mut fields),
            answering: AnsweringChange::read(&mut fields),
        };
        fields.finish()?;
        Ok(change)
    }

    pub const fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.greeting.is_none()
            && self.color.is_none()
            && self.allowed_domains.is_none()
            && self.appearance.is_none()
            && self.knowledge_base.is_none()
            && self.answering.is_none()
    }
}

/// An agent shows `knowledge_base` as a boolean, and what it shows may be sent back: a boolean changes nothing.
fn knowledge_base(fields: &mut Fields) -> Option<String> {
    match fields.sent("knowledge_base") {
        Some(Value::Bool(_)) => None,
        _ => fields.text("knowledge_base", &KNOWLEDGE),
    }
}

fn allowed_domains(fields: &mut Fields) -> Option<Vec<String>> {
    let mut domains = fields.list("allowed_domains", 0..=DOMAINS_MAX, domain)?;
    let mut seen = std::collections::HashSet::new();
    domains.retain(|domain| seen.insert(domain.clone()));
    Some(domains)
}

/// `#rgb` or `#rrggbb`, as lower-case `#rrggbb`.
pub fn color(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix('#').filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    match digits {
        Some(digits) if digits.len() == 6 => Ok(text.to_ascii_lowercase()),
        Some(digits) if digits.len() == 3 => {
            let doubled: String = digits.chars().flat_map(|c| [c, c]).collect();
            Ok(format!("#{}", doubled.to_ascii_lowercase()))
        }
        _ => Err("must be a hex colour such as #6366f1".to_owned()),
    }
}

/// A host name, exact or `*.example.com`: lower-case, international names as punycode. A name under which anybody can
/// register another is nobody's own.
pub fn domain(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (star, name) = text.strip_prefix("*.").map_or(("", text), |rest| ("*.", rest));
    let plain = !name.is_empty() && !name.ends_with('.') && !name.contains(['/', ':', '*', '@', '%', '?', '#', '\\', ' ']);
    let host = Host::parse(name).ok().filter(|_| plain);
    match host {
        Some(Host::Domain(host)) if host.len() <= 253 && host.split('.').all(label) => {
            if is_public(&host, !star.is_empty()) {
                return Err(format!("must be your own domain such as example.com; anyone can register a name under {host}"));
            }
            Ok(format!("{star}{host}"))
        }
        Some(Host::Ipv4(address)) if star.is_empty() => Ok(address.to_string()),
        _ => Err("must be a host name such as example.com or *.example.com, without scheme, port or path".to_owned()),
    }
}

/// Whether a name, or each below it, is one of the Public Suffix List. Names that it does not know, such as `localhost` or
/// those of an intranet, are somebody's own.
fn is_public(host: &str, and_below: bool) -> bool {
    let is_suffix = |name: &str| {
        let found = List.suffix(name.as_bytes());
        found.is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() == name.len())
    };
    let any_below = and_below || !host.contains('.');
    is_suffix(host) || any_below && is_suffix(&format!("any-name-of-all.{host}"))
}

fn label(label: &str) -> bool {
    let known = label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    known && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_stored_in_one_form() {
        let check = |text, expected: Option<&str>| assert_eq!(color(text).ok().as_deref(), expected, "{text}");
        check("#6366F1", Some("#6366f1"));
        check("#Abc", Some("#aabbcc"));
        for wrong in ["#12", "red", "#6366f1;background:url(//x)", "#GGGGGG", "6366f1", "", "#", "#12345é"] {
            check(wrong, None);
        }
    }

    #[test]
    fn domains_are_host_names_only() {
        let check = |text, expected: Option<&str>| assert_eq!(domain(text).ok().as_deref(), expected, "{text}");
        check("Example.COM", Some("example.com"));
        check("*.example.com", Some("*.example.com"));
        check("bücher.de", Some("xn--bcher-kva.de"));
        check("localhost", Some("localhost"));
        check("127.0.0.1", Some("127.0.0.1"));
        for wrong in [
            "https://x.com/a",
            "*",
            "*.",
            "ex ample.com",
            "example.com.",
            "example.com:80",
            "",
            "a..b",
            "-a.com",
            "*.*.com",
            "a@b.c",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_name_under_which_anybody_can_have_one_is_no_domain() {
        for public in [
            "com",
            "*.com",
            "COM",
            "co.uk",
            "*.co.uk",
            "org.au",
            "*.org.au",
            "com.br",
            "dev",
            "*.app",
            "github.io",
            "*.github.io",
            "*.pages.dev",
            "*.netlify.app",
            "*.vercel.app",
            "*.herokuapp.com",
            "*.blogspot.com",
            "*.s3.amazonaws.com",
            "рф",
            "*.xn--p1ai",
            "*.香港",
            "公司.香港",
            "ck",
            "*.ck",
            "any.ck",
            "*.kawasaki.jp",
            "city2.kawasaki.jp",
            "*.any.kawasaki.jp",
        ] {
            let refused = domain(public).unwrap_err();
            assert!(refused.starts_with("must be your own domain"), "{public}: {refused}");
        }
        for own in [
            "example.com",
            "*.example.com",
            "*.example.co.uk",
            "example.co.uk",
            "*.shop.example.com",
            "me.github.io",
            "*.me.github.io",
            "www.ck",
            "city.kawasaki.jp",
            "localhost",
            "*.localhost",
            "intranet",
            "*.intranet",
            "wiki.corp",
            "*.office.internal",
            "printer.local",
            "127.0.0.1",
            "10.0.0.7",
            "xn--bcher-kva.de",
            "*.bücher.de",
            "a.test",
            "*.example",
        ] {
            assert!(domain(own).is_ok(), "{own}: {:?}", domain(own));
        }
    }

    #[test]
    fn a_star_covers_names_below_it_on_a_label_boundary() {
        let covers = |domain, host| domain_covers(domain, host);
        assert!(covers("example.com", "example.com") && covers("*.example.com", "app.example.com"));
        for (domain, host) in [
            ("example.com", "evilexample.com"),
            ("example.com", "example.com.evil.com"),
            ("*.example.com", "example.com"),
            ("*.example.com", "evilexample.com"),
        ] {
            assert!(!covers(domain, host), "{domain} {host}");
        }
    }
}
