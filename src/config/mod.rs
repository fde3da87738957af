//! The configuration: a file, then the environment, then flags; each later one wins.

mod keeping;
mod load;
pub mod models;
pub mod public_address;
pub mod secret;
mod stripe;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::domain::account::Plan;
use crate::domain::address::Cidr;
use crate::domain::page;

pub use keeping::{Backups, Knowledge, Retention};
pub use models::{Model, Provider};
pub use stripe::Stripe;

/// A plan that an account is on although the configuration no longer names it.
const PLAN_FALLBACK: &str = "free";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path}: {message}")]
    File { path: String, message: String },
    #[error("{key}: {message}")]
    Key { key: String, message: String },
    #[error("[testing] is only allowed if CHATFORGE_ALLOW_TESTING=1 is set")]
    Testing,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Config {
    pub server: Server,
    pub log: Log,
    pub knowledge: Knowledge,
    pub answers: Answers,
    pub models: BTreeMap<String, Model>,
    pub widget: Widget,
    pub webhooks: Webhooks,
    pub accounts: Accounts,
    pub plans: BTreeMap<String, PlanLimits>,
    pub stripe: Stripe,
    pub backups: Backups,
    pub retention: Retention,
    pub testing: Testing,
    /// Set by `serve --demo` alone: everything is made up, and everybody may see it.
    #[serde(skip)]
    pub demo: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Server {
    pub listen: String,
    pub public_url: String,
    pub trusted_proxies: Vec<String>,
    pub connections_max: usize,
    pub connections_per_address_max: usize,
    pub disk_free_min_mb: u64,
    pub security_contact: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Log {
    pub level: String,
    pub format: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Answers {
    pub threads: usize,
    pub queue_max: usize,
    pub models: Vec<String>,
    pub model_time_limit_ms: u64,
    pub model_calls_max: usize,
    pub model_answers_per_visitor_day: u32,
    pub model_answers_per_agent_day: u32,
    pub model_answers_per_account_day: u32,
    pub model_answers_per_server_day: u32,
    pub model_cost_per_agent_day: f64,
    pub model_cost_per_account_day: f64,
    pub model_cost_per_server_day: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Widget {
    pub boots_per_address_10min: u32,
    pub messages_per_address_10min: u32,
    pub messages_per_visitor_minute: u32,
    pub messages_per_visitor_day: u32,
    pub messages_per_agent_minute: u32,
    pub leads_per_address_hour: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Webhooks {
    pub threads: usize,
    pub allow_http: bool,
    pub allow_addresses: Vec<String>,
    pub challenges_per_account_hour: u32,
    pub challenges_per_host_minute: u32,
    pub challenge_ports_per_host_hour: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Accounts {
    pub default_plan: String,
    pub failed_authentications_per_minute: u32,
}

/// A plan's limits; 0 is without limit.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct PlanLimits {
    pub agents: u32,
    pub conversations_per_agent: u32,
    pub requests_per_minute: u32,
    pub burst_per_second: u32,
}

/// Knobs of the test suites; refused in production.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Testing {
    pub retry_base_ms: i64,
    pub inactivity_ms: i64,
    pub webhook_timeout_ms: u64,
    pub write_timeout_ms: u64,
    pub allow_private_addresses: bool,
    pub clock_offset_ms: i64,
    pub public_limits: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            server: Server::default(),
            log: Log::default(),
            knowledge: Knowledge::default(),
            answers: Answers::default(),
            models: BTreeMap::new(),
            widget: Widget::default(),
            webhooks: Webhooks::default(),
            accounts: Accounts::default(),
            plans: default_plans(),
            stripe: Stripe::default(),
            backups: Backups::default(),
            retention: Retention::default(),
            testing: Testing::default(),
            demo: false,
        }
    }
}

impl Default for Testing {
    fn default() -> Self {
        Self {
            retry_base_ms: 0,
            inactivity_ms: 0,
            webhook_timeout_ms: 0,
            write_timeout_ms: 0,
            allow_private_addresses: false,
            clock_offset_ms: 0,
            public_limits: true,
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            connections_max: 12_000,
            connections_per_address_max: 500,
            disk_free_min_mb: 200,
            security_contact: String::new(),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".into(), format: "text".into() }
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            threads: 8,
            queue_max: 256,
            models: Vec::new(),
            model_time_limit_ms: 30_000,
            model_calls_max: 32,
            model_answers_per_visitor_day: 60,
            model_answers_per_agent_day: 2_000,
            model_answers_per_account_day: 0,
            model_answers_per_server_day: 0,
            model_cost_per_agent_day: 0.0,
            model_cost_per_account_day: 0.0,
            model_cost_per_server_day: 0.0,
        }
    }
}

impl Default for Widget {
    fn default() -> Self {
        Self {
            boots_per_address_10min: 300,
            messages_per_address_10min: 60,
            messages_per_visitor_minute: 10,
            messages_per_visitor_day: 200,
            messages_per_agent_minute: 600,
            leads_per_address_hour: 10,
        }
    }
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            threads: 32,
            allow_http: false,
            allow_addresses: Vec::new(),
            challenges_per_account_hour: 200,
            challenges_per_host_minute: 120,
            challenge_ports_per_host_hour: 3,
        }
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Self { default_plan: "scale".into(), failed_authentications_per_minute: 30 }
    }
}

/// What security.txt takes as a way to reach somebody.
fn is_contact(text: &str) -> bool {
    match text.strip_prefix("mailto:") {
        Some(address) => crate::domain::contact::email(address),
        None => text.starts_with("https://") && page::page_url(text).as_deref() == Some(text),
    }
}

fn default_plans() -> BTreeMap<String, PlanLimits> {
    let plan = |agents, conversations_per_agent, requests_per_minute, burst_per_second| PlanLimits {
        agents,
        conversations_per_agent,
        requests_per_minute,
        burst_per_second,
    };
    BTreeMap::from([
        ("free".into(), plan(1, 100, 100, 20)),
        ("starter".into(), plan(1, 500, 100, 20)),
        ("growth".into(), plan(10, 500, 1_000, 100)),
        ("scale".into(), plan(0, 0, 1_000, 100)),
    ])
}

impl Server {
    /// Whether an address is that of a proxy whose word is taken for whom a request comes from.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let ranges = self.trusted_proxies.iter().filter_map(|proxy| proxy.parse::<Cidr>().ok());
        ranges.into_iter().any(|range| range.contains(address.to_canonical()))
    }
}

impl Config {
    fn check(&self) -> Result<(), Error> {
        let fail = |key: &str, message: String| Err(Error::Key { key: key.into(), message });
        if self.server.listen.parse::<std::net::SocketAddr>().is_err() {
            return fail(
                "server.listen",
                format!("`{}` is not an address with a port, such as 127.0.0.1:8080", self.server.listen),
            );
        }
        let public = &self.server.public_url;
        if !public.is_empty()
            && let Err(message) = public_address::check(public)
        {
            return fail("server.public_url", message);
        }
        let contact = &self.server.security_contact;
        if !contact.is_empty() && !is_contact(contact) {
            return fail("server.security_contact", format!("`{contact}` is not a mailto: address or an https URL"));
        }
        for proxy in &self.server.trusted_proxies {
            if proxy.parse::<Cidr>().is_err() {
                return fail("server.trusted_proxies", format!("`{proxy}` is not an IP address or a range such as 10.1.2.0/24"));
            }
        }
        if !matches!(self.log.format.as_str(), "text" | "json") {
            return fail("log.format", format!("`{}` is not text or json", self.log.format));
        }
        if !self.plans.contains_key(&self.accounts.default_plan) {
            return fail("accounts.default_plan", format!("unknown plan `{}`", self.accounts.default_plan));
        }
        self.retention.check()?;
        self.knowledge.check()?;
        self.backups.check()?;
        self.stripe.check(&self.plans)?;
        models::check(&self.models, &self.answers)?;
        if self.answers.threads == 0 {
            return fail("answers.threads", "must be at least 1".into());
        }
        if self.webhooks.threads < 2 {
            return fail("webhooks.threads", "must be at least 2, because slow endpoints have their own threads".into());
        }
        Ok(())
    }

    /// The plan an account is on; one that the configuration does not name has the limits of the smallest.
    pub fn plan(&self, name: &str) -> Plan {
        let smallest = PlanLimits { agents: 1, conversations_per_agent: 100, requests_per_minute: 100, burst_per_second: 20 };
        let limits = self.plans.get(name).or_else(|| self.plans.get(PLAN_FALLBACK)).unwrap_or(&smallest);
        let bounded = |limit: u32| (limit > 0).then_some(limit);
        Plan {
            name: name.to_owned(),
            agents_max: bounded(limits.agents),
            conversations_max: bounded(limits.conversations_per_agent),
            requests_per_minute: bounded(limits.requests_per_minute).unwrap_or(u32::MAX),
            burst_per_second: bounded(limits.burst_per_second).unwrap_or(u32::MAX),
        }
    }

    /// The base of every address that is shown, without a slash at its end.
    pub fn public_url(&self) -> &str {
        public_address::base(&self.server.public_url)
    }

    /// The path of that address: nothing where the server has a host of its own.
    pub fn path(&self) -> &str {
        public_address::path(&self.server.public_url)
    }

    pub fn inactivity_ms(&self) -> i64 {
        let testing = self.testing.inactivity_ms;
        if testing > 0 { testing } else { crate::domain::conversation::INACTIVITY_MS }
    }

    /// How long an endpoint has to answer a delivery or a challenge.
    pub fn webhook_timeout_ms(&self) -> u64 {
        let testing = self.testing.webhook_timeout_ms;
        if testing > 0 { testing } else { crate::domain::webhook::TIMEOUT_MS }
    }

    pub fn retry_base_ms(&self) -> i64 {
        let testing = self.testing.retry_base_ms;
        if testing > 0 { testing } else { crate::domain::webhook::RETRY_BASE_MS }
    }
}
