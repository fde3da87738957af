//! Every route of the API: for tests that say something about all of them.

use std::fs;

use chatforge::domain::account::Permission::{
    self, AgentsRead, AgentsWrite, AnalyticsRead, ConversationsRead, LeadsRead, WebhooksManage,
};
use serde_json::{Value, json};

use crate::http::{Client, Reply};

pub struct Route {
    pub method: &'static str,
    /// As in the route table of the source.
    pub path: &'static str,
    pub needs: Option<Permission>,
    body: Value,
}

/// What the names in the paths stand for.
#[derive(Clone)]
pub struct Ids {
    pub agent: String,
    pub entry: String,
    pub conversation: String,
    pub lead: String,
    pub visitor: String,
    pub webhook: String,
    pub delivery: String,
}

impl Ids {
    /// Well-formed, and of nothing that exists.
    pub fn of_nothing() -> Self {
        let id = |prefix: &str| format!("{prefix}_a1b2c3d4e5");
        Self {
            agent: id("agt"),
            entry: id("kb"),
            conversation: id("conv"),
            lead: id("lead"),
            visitor: id("vis"),
            webhook: id("wh"),
            delivery: id("dlv"),
        }
    }

    pub fn path_of(&self, path: &str) -> String {
        let names = [
            ("{agent}", &self.agent),
            ("{entry}", &self.entry),
            ("{conversation}", &self.conversation),
            ("{lead}", &self.lead),
            ("{visitor}", &self.visitor),
            ("{webhook}", &self.webhook),
            ("{delivery}", &self.delivery),
        ];
        names.iter().fold(format!("/api/v1{path}"), |path, (name, id)| path.replace(name, id))
    }
}

impl Route {
    pub fn names_something(&self) -> bool {
        self.path.contains('{')
    }

    pub fn call(&self, client: &Client, ids: &Ids) -> Reply {
        let body = (!self.body.is_null()).then(|| self.body.to_string());
        client.with("content-type", "application/json").send(
            self.method,
            &ids.path_of(self.path),
            body.as_ref().map(String::as_bytes),
        )
    }
}

pub fn all() -> Vec<Route> {
    let route = |method, path, needs, body| Route { method, path, needs: Some(needs), body };
    let get = |path, needs| route("GET", path, needs, Value::Null);
    let post = |path, needs, body| route("POST", path, needs, body);
    let delete = |path, needs| route("DELETE", path, needs, Value::Null);
    let taken_over = || json!({ "name": "Taken over" });
    vec![
        Route { method: "GET", path: "/me", needs: None, body: Value::Null },
        get("/agents", AgentsRead),
        post("/agents", AgentsWrite, json!({ "name": "B" })),
        post("/agents/bulk", AgentsWrite, json!({ "agents": [{ "name": "C" }] })),
        get("/agents/{agent}", AgentsRead),
        route("PUT", "/agents/{agent}", AgentsWrite, taken_over()),
        route("PATCH", "/agents/{agent}", AgentsWrite, taken_over()),
        delete("/agents/{agent}", AgentsWrite),
        post("/agents/{agent}/activate", AgentsWrite, Value::Null),
        get("/agents/{agent}/knowledge", AgentsRead),
        post("/agents/{agent}/knowledge", AgentsWrite, json!({ "content": "Lies." })),
        delete("/agents/{agent}/knowledge/{entry}", AgentsWrite),
        get("/agents/{agent}/conversations", ConversationsRead),
        get("/agents/{agent}/leads", LeadsRead),
        get("/conversations/{conversation}", ConversationsRead),
        delete("/conversations/{conversation}", AgentsWrite),
        get("/leads/{lead}", LeadsRead),
        delete("/visitors/{visitor}", AgentsWrite),
        post("/knowledge/bulk", AgentsWrite, json!({ "content": "x", "agent_ids": ["agt_a1b2c3d4e5"] })),
        get("/analytics", AnalyticsRead),
        get("/webhooks", WebhooksManage),
        post("/webhooks", WebhooksManage, json!({ "url": "https://example.com", "events": [] })),
        get("/webhooks/{webhook}", WebhooksManage),
        route("PATCH", "/webhooks/{webhook}", WebhooksManage, json!({ "events": ["lead.captured"] })),
        delete("/webhooks/{webhook}", WebhooksManage),
        post("/webhooks/{webhook}/rotate", WebhooksManage, Value::Null),
        post("/webhooks/{webhook}/test", WebhooksManage, Value::Null),
        post("/webhooks/{webhook}/recover", WebhooksManage, json!({ "since": "2026-03-01T00:00:00Z" })),
        get("/webhooks/{webhook}/deliveries", WebhooksManage),
        post("/webhooks/{webhook}/deliveries/{delivery}/retry", WebhooksManage, Value::Null),
        get("/events", WebhooksManage),
    ]
}

/// A route that is added to the API and not to this list would be tested for nothing.
#[test]
fn every_route_of_the_api_is_in_the_list() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = |item: &Value| item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect::<Vec<_>>();
    let table = paths.flat_map(|(path, item)| methods(item).into_iter().map(move |method| format!("{method} {path}")));
    let mut table: Vec<_> = table.collect();
    let mut listed: Vec<_> = all().into_iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    table.sort();
    listed.sort();
    assert_eq!(listed, table);
}
