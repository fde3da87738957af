//! Trials: conversations in the preview and on the demo page. They are marked, and count nowhere.

use serde::{Deserialize, Serialize};

use crate::domain::id::AgentId;
use crate::domain::time::{DAY_MS, Time};
use crate::web::App;

/// A page that stays open for longer is loaded anew before somebody goes on trying.
const AGE_MS: i64 = DAY_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trial {
    /// By somebody who is signed in: a visitor's limits are not for them.
    Preview,
    /// By whoever opens the demo page.
    Demo,
}

/// What the page hands its widget, signed: no website makes its visitors' conversations trials.
#[derive(Serialize, Deserialize)]
struct Pass {
    trial: Trial,
    agent: String,
    until: i64,
}

impl Trial {
    pub fn pass(self, app: &App, agent: &AgentId) -> String {
        let until = app.world.now().plus_ms(AGE_MS).ms();
        let pass = Pass { trial: self, agent: agent.to_string(), until };
        app.sessions.sign(&serde_json::to_vec(&pass).unwrap_or_default())
    }

    pub fn open(app: &App, token: &str, agent: &AgentId) -> Option<Self> {
        let pass: Pass = serde_json::from_slice(&app.sessions.open(token)?).ok()?;
        let is_good = pass.agent == agent.as_str() && app.world.now() < Time::from_ms(pass.until);
        is_good.then_some(pass.trial)
    }
}
