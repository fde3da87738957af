//! A server inside the test's process, on a port, a folder and a clock of its own.

use std::ops::Deref;
use std::time::{Duration, Instant};

use chatforge::auth;
use chatforge::config::Config;
use chatforge::domain::account::{NewAdministrator, Permission};
use chatforge::domain::id::{AccountId, Identifier};
use chatforge::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Time};
use chatforge::server::{self, Server};
use chatforge::storage::{NewKey, Store};
use chatforge::web::App;
use chatforge::world::World;
use pollster::block_on;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::binary::{Ran, command};
use crate::http::{Client, Reply};
use crate::receiver::Receiver;
use crate::visitor::Visitor;

/// How long a test waits for what must happen.
pub const LIMIT: Duration = Duration::from_secs(10);
/// A Thursday morning, and the second at which every simulated clock starts.
pub const START: &str = "2026-03-26T10:00:00Z";
/// Nobody's password has this hash; accounts that sign in are made by the set-up link.
const NO_PASSWORD: &str = "none";

pub struct TestServer {
    api: Api,
    world: World,
    config: Config,
    folder: TempDir,
    runtime: Runtime,
    running: Option<Server>,
}

/// How far a clock is moved.
#[derive(Clone, Copy)]
pub enum Span {
    Ms(i64),
    Seconds(i64),
    Minutes(i64),
    Hours(i64),
    Days(i64),
}

impl Span {
    fn ms(self) -> i64 {
        match self {
            Self::Ms(ms) => ms,
            Self::Seconds(seconds) => seconds * SECOND_MS,
            Self::Minutes(minutes) => minutes * MINUTE_MS,
            Self::Hours(hours) => hours * HOUR_MS,
            Self::Days(days) => days * DAY_MS,
        }
    }
}

/// An account with a key, as a program uses it.
#[derive(Clone)]
pub struct Api {
    client: Client,
    pub key: String,
    pub account: String,
}

impl TestServer {
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// With one account, whose key the server's own verbs use.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let mut server = Self::empty_with(change);
        server.api = server.sign_up("owner@example.com");
        server
    }

    /// Without any account.
    pub fn empty() -> Self {
        Self::empty_with(|_| {})
    }

    pub fn empty_with(change: impl FnOnce(&mut Config)) -> Self {
        // Captured with the test's output, and shown when it fails.
        let _ = tracing_subscriber::fmt().with_env_filter("warn").with_test_writer().try_init();
        let mut config = Config::default();
        config.server.listen = "127.0.0.1:0".into();
        config.answers.threads = 2;
        config.webhooks.threads = 4;
        config.backups.daily = false;
        config.testing.allow_private_addresses = true;
        // The clock stands still, so a test that polls would run into any limit.
        let scale = config.plans.get_mut("scale").unwrap();
        (scale.requests_per_minute, scale.burst_per_second) = (0, 0);
        change(&mut config);
        let api = Api { client: Client::new(""), key: String::new(), account: String::new() };
        let mut server = Self {
            api,
            world: World::simulated(Time::parse(START).unwrap()),
            config,
            folder: tempfile::tempdir().unwrap(),
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
            running: None,
        };
        server.run();
        server
    }

    fn run(&mut self) {
        let started = server::start(self.config.clone(), self.folder.path(), self.world.clone());
        let running = self.runtime.block_on(started).unwrap();
        self.api.client.base = format!("http://{}", running.address);
        self.running = Some(running);
    }

    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    /// On the same folder, at the same simulated time, on another port.
    pub fn restart(&mut self) {
        self.stop();
        self.run();
    }

    pub fn pass(&self, span: Span) {
        self.world.advance(span.ms());
    }

    pub fn now(&self) -> Time {
        self.world.now()
    }

    pub fn store(&self) -> &Store {
        &self.running.as_ref().unwrap().app.store
    }

    /// Everything that waits for a later commit has been written.
    pub fn store_settles(&self) {
        block_on(self.store().probe()).unwrap();
    }

    pub fn app(&self) -> &App {
        &self.running.as_ref().unwrap().app
    }

    pub fn setup_path(&self) -> String {
        format!("/setup?token={}", self.running.as_ref().unwrap().app.setup.token().unwrap_or_default())
    }

    /// An account on the plan `scale` with a key that may do everything.
    pub fn sign_up(&self, email: &str) -> Api {
        let new = NewAdministrator::parse("", email, "", "scale").ok().unwrap();
        let account = block_on(self.store().create_administrator(new, NO_PASSWORD.into())).unwrap().id.to_string();
        self.api_of(&account)
    }

    /// An account that exists, with a key that may do everything.
    pub fn api_of(&self, account: &str) -> Api {
        let api = Api { client: self.client(), key: String::new(), account: account.to_owned() };
        api.with_key(&self.create_key(&api, "Production", &Permission::ALL))
    }

    pub fn create_key(&self, api: &Api, name: &str, permissions: &[Permission]) -> String {
        let key = auth::key::generate(&self.world);
        let (hash, prefix) = (auth::hash(&key), auth::key::prefix(&key));
        let account = AccountId::parse(&api.account).unwrap();
        let new = NewKey { name: name.into(), permissions: permissions.to_vec(), hash, prefix, created_by: None };
        block_on(self.store().create_key(account, new)).unwrap();
        key
    }

    pub fn set_plan(&self, plan: &str) {
        block_on(self.store().set_plan(AccountId::parse(&self.account).unwrap(), plan.into())).unwrap();
    }

    /// A client that carries no key.
    pub fn client(&self) -> Client {
        Client::new(&self.api.client.base)
    }

    /// Somebody who has opened the widget.
    pub fn visitor(&self, agent: &str) -> Visitor {
        self.visitor_at(agent, "https://example.com/pricing")
    }

    pub fn visitor_at(&self, agent: &str, page_url: &str) -> Visitor {
        Visitor::open(&self.client(), json!({ "agent_id": agent, "page_url": page_url }))
    }

    /// An endpoint that is registered for every event of every agent.
    pub fn receiver(&self) -> Receiver {
        let mut receiver = Receiver::listen();
        let events = ["lead.captured", "conversation.completed", "agent.limit_reached", "agent.installed", "payment.received"];
        let registered = self.post("/api/v1/webhooks", &json!({ "url": receiver.url(), "events": events })).is(201);
        receiver.secret = registered.json["secret"].as_str().unwrap().into();
        receiver.id = registered.id();
        receiver
    }

    /// The command line beside this server.
    pub fn cli(&self, arguments: &[&str]) -> Ran {
        let folder = self.folder.path().to_str().unwrap();
        Ran::of(command(self.folder.path()).args(["--data", folder]).args(arguments))
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The database, to see what no answer shows.
    pub fn database(&self) -> Connection {
        open_database(self.folder.path())
    }

    /// The database behind the server's back, for rows that would take too long to come by.
    pub fn database_to_fill(&self) -> Connection {
        Connection::open_with_flags(self.folder.path().join("chatforge.db"), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
    }

    pub fn count(&self, sql: &str) -> i64 {
        self.database().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The payloads of the events of a type, oldest first. An event is written with what causes it, so none is on its way.
    pub fn events(&self, kind: &str) -> Vec<Value> {
        let db = self.database();
        let mut find = db.prepare("SELECT payload FROM events WHERE type = ?1 ORDER BY rowid").unwrap();
        let rows = find.query_map([kind], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        rows.map(|row| serde_json::from_slice(&row.unwrap()).unwrap()).collect()
    }

    /// The states of all deliveries and the number of their tries, oldest first.
    pub fn deliveries(&self) -> Vec<(String, i64)> {
        let db = self.database();
        let mut find = db.prepare("SELECT state, attempts FROM deliveries ORDER BY rowid").unwrap();
        find.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    }

    pub fn conversations(&self, agent: &str) -> Vec<Value> {
        let listed = self.get(&format!("/api/v1/agents/{agent}/conversations")).is(200);
        listed.json["conversations"].as_array().unwrap().clone()
    }

    /// The one conversation of an agent of another account than the server's own.
    pub fn conversations_of(&self, api: &Api, agent: &str) -> String {
        let listed = api.get(&format!("/api/v1/agents/{agent}/conversations")).is(200);
        listed.json["conversations"][0]["id"].as_str().unwrap().to_owned()
    }

    pub fn leads(&self, agent: &str) -> Vec<Value> {
        self.get(&format!("/api/v1/agents/{agent}/leads")).is(200).json["leads"].as_array().unwrap().clone()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Deref for TestServer {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Api {
    pub fn with_key(&self, key: &str) -> Self {
        let client = self.client.with("authorization", &format!("Bearer {key}"));
        Self { client, key: key.to_owned(), account: self.account.clone() }
    }

    pub fn agent(&self, body: &Value) -> String {
        self.post("/api/v1/agents", body).is(201).id()
    }

    pub fn teach(&self, agent: &str, kind: &str, content: &str) -> Reply {
        self.post(&format!("/api/v1/agents/{agent}/knowledge"), &json!({ "type": kind, "content": content })).is(201)
    }
}

impl Deref for Api {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

pub fn open_database(folder: &std::path::Path) -> Connection {
    Connection::open_with_flags(folder.join("chatforge.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Looks again and again until it is there.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < LIMIT, "{what}: not within {LIMIT:?}");
        std::thread::yield_now();
    }
}
