//! What is kept: how much knowledge, copies of the database, and for how long an account's rows stay.

use serde::{Deserialize, Serialize};

use crate::config::Error;
use crate::domain::knowledge::KnowledgeCap;
use crate::domain::retention::{Chosen, DAYS_MAX, LOG_DAYS_MIN};

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Backups {
    pub daily: bool,
    pub keep_daily: usize,
    pub keep_weekly: usize,
}

/// What holds for accounts that chose nothing else; 0 days of conversations is for ever.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Retention {
    pub conversations_days: u32,
    pub events_days: u32,
    pub requests_days: u32,
}

/// How much one agent may know.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(default)]
pub struct Knowledge {
    pub max_mb: u32,
    pub max_passages: u32,
}

impl Default for Knowledge {
    fn default() -> Self {
        let KnowledgeCap { megabytes, passages } = KnowledgeCap::default();
        Self { max_mb: megabytes, max_passages: passages }
    }
}

impl Knowledge {
    pub fn cap(&self) -> KnowledgeCap {
        KnowledgeCap { megabytes: self.max_mb, passages: self.max_passages }
    }

    pub fn check(&self) -> Result<(), Error> {
        for (key, value) in [("knowledge.max_mb", self.max_mb), ("knowledge.max_passages", self.max_passages)] {
            if value == 0 {
                return Err(Error::Key { key: key.into(), message: "must be 1 or more".into() });
            }
        }
        Ok(())
    }
}

impl Default for Backups {
    fn default() -> Self {
        Self { daily: true, keep_daily: 7, keep_weekly: 4 }
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self { conversations_days: 365, events_days: 30, requests_days: 30 }
    }
}

impl Backups {
    /// A copy that is removed at once is none.
    pub fn check(&self) -> Result<(), Error> {
        if self.daily && self.keep_daily == 0 && self.keep_weekly == 0 {
            let message = "must be 1 or more if backups.daily is on and backups.keep_weekly is 0".to_owned();
            return Err(Error::Key { key: "backups.keep_daily".into(), message });
        }
        Ok(())
    }
}

impl Retention {
    pub fn chosen(&self) -> Chosen {
        Chosen {
            conversations_days: Some(self.conversations_days),
            events_days: Some(self.events_days),
            requests_days: Some(self.requests_days),
            leads_too: false,
        }
    }

    pub fn check(&self) -> Result<(), Error> {
        let days = [
            ("retention.conversations_days", self.conversations_days, 0),
            ("retention.events_days", self.events_days, LOG_DAYS_MIN),
            ("retention.requests_days", self.requests_days, LOG_DAYS_MIN),
        ];
        match days.into_iter().find(|(_, days, least)| !(*least..=DAYS_MAX).contains(days)) {
            Some((key, _, least)) => Err(Error::Key { key: key.into(), message: format!("must be {least} to {DAYS_MAX}") }),
            None => Ok(()),
        }
    }
}
