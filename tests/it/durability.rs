//! The promise above all others: what was acknowledged is there, whenever the process dies.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

use chatforge::world::World;
use serde_json::{Value, json};

use crate::binary::{Binary, Home, register};
use crate::http::Client;
use crate::receiver::Receiver;
use crate::server::open_database;
use crate::visitor::Visitor;

const CONFIG: &str = "
    [server]
    listen = \"127.0.0.1:0\"
    [plans.scale]
    requests_per_minute = 0
    burst_per_second = 0
    [testing]
    allow_private_addresses = true
    public_limits = false
    retry_base_ms = 50";

const KILLS: usize = 5;
const PAGE: usize = 100;

/// What the server has acknowledged, over all of its lives.
#[derive(Default)]
struct Acknowledged {
    agents: Mutex<BTreeSet<String>>,
    messages: Mutex<BTreeSet<String>>,
    answers: Mutex<BTreeSet<String>>,
    leads: Mutex<BTreeSet<String>>,
    count: Mutex<usize>,
    grown: Condvar,
    /// Names everything apart, over all lives.
    number: AtomicUsize,
}

impl Acknowledged {
    fn note(&self, kind: &Mutex<BTreeSet<String>>, what: String) {
        kind.lock().unwrap().insert(what);
        *self.count.lock().unwrap() += 1;
        self.grown.notify_all();
    }

    /// Until so many more were acknowledged.
    fn wait_for(&self, more: usize) {
        let count = self.count.lock().unwrap();
        let enough = *count + more;
        drop(self.grown.wait_while(count, |count| *count < enough).unwrap());
    }

    fn next(&self) -> usize {
        self.number.fetch_add(1, Ordering::Relaxed)
    }
}

fn every(api: &Client, path: &str, list: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    loop {
        let page = api.get(&format!("{path}?limit={PAGE}&offset={}", rows.len())).is(200).json;
        let found = page[list].as_array().unwrap();
        rows.extend(found.iter().cloned());
        if found.len() < PAGE {
            return rows;
        }
    }
}

/// Does one thing after another until the server dies under it.
fn press(acknowledged: &Acknowledged, mut act: impl FnMut(usize) -> Option<()>) {
    let mut alive = true;
    while alive {
        alive = act(acknowledged.next()).is_some();
    }
}

/// What the server answers, unless it dies under it.
pub fn post(client: &Client, path: &str, body: &Value) -> Option<Value> {
    let client = client.with("content-type", "application/json").with("accept", "application/json");
    let reply = client.try_send("POST", path, Some(body.to_string().as_bytes())).ok()?;
    assert!(reply.status < 300, "{}", reply.text);
    Some(reply.json)
}

fn talk(server: &Client, agent: &str, acknowledged: &Acknowledged) {
    press(acknowledged, |number| {
        let session = post(server, "/widget/v1/boot", &json!({ "agent_id": agent }))?;
        let visitor = server.with("authorization", &format!("Bearer {}", session["session"].as_str().unwrap()));
        for part in 0..3 {
            let content = format!("This is part {part} of conversation {number}.");
            let answer = post(&visitor, "/widget/v1/messages", &json!({ "content": content, "client_id": format!("{part}") }))?;
            acknowledged.note(&acknowledged.messages, content);
            let conversation = answer["conversation_id"].as_str().unwrap();
            acknowledged.note(&acknowledged.answers, format!("{conversation} {}", answer["message"]["content"]));
        }
        Some(())
    });
}

fn leave_leads(server: &Client, agent: &str, acknowledged: &Acknowledged) {
    press(acknowledged, |number| {
        let session = post(server, "/widget/v1/boot", &json!({ "agent_id": agent }))?;
        let visitor = server.with("authorization", &format!("Bearer {}", session["session"].as_str().unwrap()));
        let email = format!("lead{number}@example.com");
        post(&visitor, "/widget/v1/leads", &json!({ "email": email }))?;
        acknowledged.note(&acknowledged.leads, email);
        Some(())
    });
}

fn make_agents(api: &Client, acknowledged: &Acknowledged) {
    press(acknowledged, |number| {
        let made = post(api, "/api/v1/agents", &json!({ "name": format!("Agent {number}") }))?;
        acknowledged.note(&acknowledged.agents, made["id"].as_str().unwrap().to_owned());
        Some(())
    });
}

/// Loads the server until `more` things were acknowledged, then kills it under the load.
fn live_and_die(server: Binary, api: &Client, agent: &str, acknowledged: &Acknowledged, more: usize) {
    let client = server.client();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| talk(&client, agent, acknowledged));
        }
        for _ in 0..2 {
            scope.spawn(|| leave_leads(&client, agent, acknowledged));
        }
        scope.spawn(|| make_agents(api, acknowledged));
        acknowledged.wait_for(more);
        server.kill();
    });
}

fn check(api: &Client, agent: &str, acknowledged: &Acknowledged) {
    let strings =
        |rows: &[Value], field: &str| rows.iter().map(|row| row[field].as_str().unwrap().to_owned()).collect::<HashSet<_>>();
    let agents = strings(api.get("/api/v1/agents").is(200).json["agents"].as_array().unwrap(), "id");
    let leads = strings(&every(api, &format!("/api/v1/agents/{agent}/leads"), "leads"), "email");
    let conversations = every(api, &format!("/api/v1/agents/{agent}/conversations"), "conversations");
    let said = |conversation: &Value| conversation["messages"].as_array().unwrap().clone();
    let messages = strings(&conversations.iter().flat_map(said).collect::<Vec<_>>(), "content");
    let answers: HashSet<_> = conversations
        .iter()
        .flat_map(|c| said(c).into_iter().map(|message| format!("{} {}", c["id"].as_str().unwrap(), message["content"])))
        .collect();
    for (kind, kept, found) in [
        ("agents", &acknowledged.agents, agents),
        ("leads", &acknowledged.leads, leads),
        ("messages", &acknowledged.messages, messages),
        ("answers", &acknowledged.answers, answers),
    ] {
        let lost: Vec<_> = kept.lock().unwrap().iter().filter(|one| !found.contains(*one)).cloned().collect();
        assert!(lost.is_empty(), "lost {kind}: {lost:?}");
    }
}

#[test]
fn f01_whatever_was_acknowledged_is_there_after_every_kill() {
    let home = Home::new(CONFIG);
    let mut server = home.serve();
    let mut api = home.sign_up(&server);
    let receiver = Receiver::listen();
    register(&api, &receiver.url(), &["lead.captured"]);
    let agent = post(&api, "/api/v1/agents", &json!({ "name": "A", "knowledge_base": "We open at nine." })).unwrap();
    let agent = agent["id"].as_str().unwrap();
    let acknowledged = Acknowledged::default();
    let mut chance = [0; KILLS];
    World::machine(0).fill(&mut chance);
    for more in chance {
        live_and_die(server, &api, agent, &acknowledged, 20 + usize::from(more));
        server = home.serve();
        api = api.at(&server.url);
        check(&api, agent, &acknowledged);
    }
    let mut untold = acknowledged.leads.lock().unwrap().clone();
    assert!(!untold.is_empty());
    while !untold.is_empty() {
        untold.remove(receiver.next().json["data"]["email"].as_str().unwrap());
    }
    // It still works, and stops as it should.
    Visitor::open(&server.client(), json!({ "agent_id": agent })).ask("When do you open?");
    assert_eq!(server.terminate(), 0);
    let verdict: String = open_database(&home.data()).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}
