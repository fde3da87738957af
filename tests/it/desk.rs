//! Somebody of a team who answers visitors in the dashboard, beside an agent that could.

use serde_json::{Value, json};

use crate::browser::{Browser, own_api, signed_in};
use crate::server::{Api, TestServer};

const FAQ: &str = "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00 on weekdays.";
pub const QUESTION: &str = "What are your opening hours?";

/// Jane, who has set the server up, and an agent of her account.
pub struct Desk {
    pub server: TestServer,
    pub jane: Browser,
    pub api: Api,
    pub agent: String,
}

pub fn desk() -> Desk {
    let (server, jane) = signed_in();
    of(server, jane)
}

pub fn of(server: TestServer, jane: Browser) -> Desk {
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "Ada", "greeting": "Welcome!" }));
    api.teach(&agent, "faq", FAQ);
    Desk { server, jane, api, agent }
}

impl Desk {
    pub fn messages(&self, id: &str) -> Vec<Value> {
        self.api.get(&format!("/api/v1/conversations/{id}")).is(200).json["messages"].as_array().unwrap().clone()
    }

    pub fn reply(&mut self, id: &str, content: &str) {
        self.jane.get(&format!("/conversations/{id}")).is(200);
        let once = format!("{content}-{}", self.messages(id).len());
        self.jane.submit(&format!("/conversations/{id}/reply"), &[("content", content), ("once", &once)]).is(303);
    }
}
