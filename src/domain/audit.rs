//! The log of who did what: entries, and how they are called.

use crate::domain::id::{AccountId, KeyId, UserId};
use crate::domain::time::{DAY_MS, Time};

/// How long an entry is kept.
pub const AUDIT_AGE_MS: i64 = 365 * DAY_MS;
pub const DETAIL_CHARS_MAX: usize = 200;

/// What the log is narrowed by: the first part of an action, and its name.
pub const SUBJECTS: &[(&str, &str)] = &[
    ("access", "Sign-in and security"),
    ("account", "Account and plan"),
    ("agent", "Agents"),
    ("audit", "Audit log"),
    ("backup", "Backups"),
    ("conversation", "Conversations"),
    ("key", "API keys"),
    ("knowledge", "Knowledge"),
    ("lead", "Leads"),
    ("note", "Notes"),
    ("question", "Questions"),
    ("reply", "Canned replies"),
    ("team", "Team"),
    ("visitor", "Visitors"),
    ("webhook", "Webhooks"),
];

/// A sign-in that was refused, of somebody who exists.
pub const SIGN_IN_REFUSED: &str = "access.sign_in_refused";

/// Who did it, under the name they had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Person(UserId, String),
    Key(KeyId, String),
    /// Whoever has a shell on the server.
    CommandLine,
    /// Nobody who is known, as when a sign-in is refused.
    Stranger,
}

impl Actor {
    pub fn id(&self) -> &str {
        match self {
            Self::Person(id, _) => id.as_str(),
            Self::Key(id, _) => id.as_str(),
            Self::CommandLine => "cli",
            Self::Stranger => "stranger",
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Person(_, name) | Self::Key(_, name) => name,
            Self::CommandLine => "Command line",
            Self::Stranger => "Somebody",
        }
    }
}

/// Where a request came from; nothing of it is known of a command.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Shortened where one customer has a whole network of them.
    pub address: String,
    pub user_agent: String,
    pub request_id: String,
}

/// Something that was done.
#[derive(Clone, Debug)]
pub struct Entry {
    pub account: AccountId,
    pub actor: Actor,
    /// A subject and what happened to it: `agent.updated`.
    pub action: &'static str,
    /// The ids of what it was done to.
    pub target: String,
    /// What the ids do not tell, such as a new role; never a secret, and never what somebody wrote.
    pub detail: String,
    /// How often, where one entry stands for several.
    pub times: i64,
    pub origin: Origin,
}

/// An entry as it stands in the log.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub id: i64,
    pub at: Time,
    pub actor: String,
    pub actor_name: String,
    pub action: String,
    pub target: String,
    pub detail: String,
    pub times: i64,
    pub origin: Origin,
}

/// What part of the log is wanted, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub subject: Option<&'static str>,
}

pub fn subject(action: &str) -> &str {
    action.split('.').next().unwrap_or_default()
}

/// `webhook.secret_rotated` as `Webhook secret rotated`. What concerns people speaks for itself.
pub fn label(action: &str) -> String {
    let bare = action.strip_prefix("access.").or_else(|| action.strip_prefix("team."));
    let spoken = bare.unwrap_or(action).replace(['.', '_'], " ");
    let mut chars = spoken.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_told_in_words() {
        assert_eq!(label("webhook.secret_rotated"), "Webhook secret rotated");
        assert_eq!(label("access.signed_in"), "Signed in");
        assert_eq!((subject("agent.updated"), label("")), ("agent", String::new()));
    }
}
