//! A visitor of a website: the widget's calls, as its script makes them.

use serde_json::{Value, json};

use crate::http::{Client, EventStream, Reply, events};

pub struct Visitor {
    client: Client,
    pub booted: Value,
    pub id: String,
    pub session: String,
}

/// An answer to a message, whole.
pub struct Answer {
    pub text: String,
    pub answered: bool,
    pub conversation: Option<String>,
    pub json: Value,
}

impl Visitor {
    pub fn open(client: &Client, body: Value) -> Self {
        let booted = client.post("/widget/v1/boot", &body).is(200).json;
        let text = |name: &str| booted[name].as_str().unwrap().to_owned();
        let (id, session) = (text("visitor_id"), text("session"));
        Self { client: client.with("authorization", &format!("Bearer {session}")), booted, id, session }
    }

    /// The same person after a page change.
    pub fn again(&self, agent: &str) -> Self {
        Self::open(&self.client.without("authorization"), json!({ "agent_id": agent, "session": self.session }))
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.client.with("accept", "application/json").post(&format!("/widget/v1/{path}"), body)
    }

    pub fn say(&self, content: &str) -> Reply {
        self.post("messages", &json!({ "content": content }))
    }

    pub fn ask(&self, content: &str) -> Answer {
        let json = self.say(content).is(200).json;
        Answer {
            text: json["message"]["content"].as_str().unwrap().to_owned(),
            answered: json["message"]["answered"].as_bool().unwrap(),
            conversation: json["conversation_id"].as_str().map(str::to_owned),
            json,
        }
    }

    /// The events of a streamed answer: name and data.
    pub fn ask_stream(&self, content: &str) -> Vec<(String, Value)> {
        let client = self.client.with("accept", "text/event-stream");
        let reply = client.post("/widget/v1/messages", &json!({ "content": content })).is(200);
        assert_eq!(reply.header("content-type"), "text/event-stream");
        events(&reply.text)
    }

    pub fn lead(&self, form: &Value) -> Reply {
        self.post("leads", form)
    }

    pub fn close(&self) -> Reply {
        self.post("close", &json!({}))
    }

    pub fn stream(&self) -> EventStream {
        self.client.stream("/widget/v1/events")
    }

    /// As a page that has been told everything up to this event.
    pub fn stream_after(&self, id: &str) -> EventStream {
        self.client.with("last-event-id", id).stream("/widget/v1/events")
    }
}
