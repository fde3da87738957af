//! Accounts, the people and keys that act for them, and what their plan allows.

use crate::domain::id::{AccountId, KeyId, UserId};
use crate::domain::input::{Text, line, text_of_form};
use crate::domain::spelling::composed;
use crate::domain::time::Time;
use crate::domain::{Invalid, Rejection};

pub const KEYS_ACTIVE_MAX: usize = 5;
pub const KEY_NAME: Text = line(1..=100);
pub const ACCOUNT_NAME: Text = line(1..=100);
pub const EMAIL_CHARS_MAX: usize = 254;

#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub email: String,
    /// The name of a plan of the configuration.
    pub plan: String,
    pub created_at: Time,
}

/// What a plan allows; `None` is without limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub name: String,
    pub agents_max: Option<u32>,
    /// Conversations an agent and calendar month (UTC).
    pub conversations_max: Option<u32>,
    pub requests_per_minute: u32,
    pub burst_per_second: u32,
}

/// What somebody may do in the dashboard: each role may do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Viewer,
    Member,
    Admin,
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// As people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Viewer => "read-only",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// A person of the dashboard, signed in or not.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub account: AccountId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub password_hash: String,
}

/// The first person of a new account, checked.
pub struct NewAdministrator {
    pub account_name: String,
    pub email: String,
    pub name: String,
    pub plan: String,
}

impl NewAdministrator {
    pub fn parse(account_name: &str, email: &str, name: &str, plan: &str) -> Result<Self, Rejection> {
        let email_read = email_address(email);
        let fallback = email.split('@').next().unwrap_or_default();
        let or_mail = |text: &str| if text.trim().is_empty() { fallback.to_owned() } else { text.to_owned() };
        let account_name = text_of_form(&or_mail(account_name), &ACCOUNT_NAME);
        let name = text_of_form(&or_mail(name), &ACCOUNT_NAME);
        match (account_name, email_read, name) {
            (Ok(account_name), Ok(email), Ok(name)) => Ok(Self { account_name, email, name, plan: plan.to_owned() }),
            (account_name, email, name) => {
                let named = [("account", account_name.err()), ("email", email.err()), ("name", name.err())];
                let failures = named.into_iter().filter_map(|(field, message)| Some(Invalid::new(field, message?)));
                Err(Rejection { lacks_required: false, failures: failures.collect() })
            }
        }
    }
}

/// An address as people sign in with it: trimmed, lower-case, and in one spelling.
pub fn email_address(text: &str) -> Result<String, String> {
    let text = composed(&text.trim().to_lowercase()).into_owned();
    let usable = text.len() <= EMAIL_CHARS_MAX && crate::domain::contact::email(&text);
    usable.then_some(text).ok_or_else(|| "must be an e-mail address such as you@example.com".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    AgentsRead,
    AgentsWrite,
    ConversationsRead,
    LeadsRead,
    AnalyticsRead,
    WebhooksManage,
}

impl Permission {
    pub const ALL: [Self; 6] = [
        Self::AgentsRead,
        Self::AgentsWrite,
        Self::ConversationsRead,
        Self::LeadsRead,
        Self::AnalyticsRead,
        Self::WebhooksManage,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AgentsRead => "agents:read",
            Self::AgentsWrite => "agents:write",
            Self::ConversationsRead => "conversations:read",
            Self::LeadsRead => "leads:read",
            Self::AnalyticsRead => "analytics:read",
            Self::WebhooksManage => "webhooks:manage",
        }
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|permission| permission.as_str() == text);
        found.ok_or_else(|| format!("must be one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }

    /// Reads a comma-separated list; nothing named means all.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let named = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let mut permissions = named.map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        permissions.sort_unstable();
        permissions.dedup();
        Ok(if permissions.is_empty() { Self::ALL.to_vec() } else { permissions })
    }

    pub fn join(permissions: &[Self]) -> String {
        permissions.iter().map(|p| p.as_str()).collect::<Vec<_>>().join(",")
    }
}

/// An API key as it is kept: never the key itself.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: KeyId,
    pub account: AccountId,
    pub name: String,
    /// `cfk_a1b2...x9y0`
    pub prefix: String,
    pub permissions: Vec<Permission>,
    pub created_at: Time,
    pub last_used_at: Option<Time>,
    pub revoked_at: Option<Time>,
}
