//! Deliveries a second, beside the same requests from bare threads of the same HTTP client to the same receiver.
//!
//! Between the two lies what a delivery costs beside its request: claimed, signed, recorded, and safe on the disk. Where
//! other programs take the machine's time, what the processors did for each (the receiver included) still tells.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use chatforge::auth;
use chatforge::config::Config;
use chatforge::domain::account::{NewAdministrator, Permission};
use chatforge::domain::id::{AccountId, Identifier, WebhookId};
use chatforge::domain::webhook::TIMEOUT_MS;
use chatforge::egress::guard::Policy;
use chatforge::egress::{Egress, Request};
use chatforge::server::{self, Server};
use chatforge::storage::{Keep, NewKey, Store, Use};
use chatforge::world::World;
use pollster::block_on;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// So many that neither an account's places nor a webhook's hold the threads back.
const ACCOUNTS: usize = 32;
const WEBHOOKS_EACH: usize = 2;
/// The threads that ChatForge sends with, unless it is told otherwise; the bare ones are as many.
const SENDERS: usize = 32;
/// Events for each webhook, and how long its endpoint takes to answer: one that answers at once leaves nothing but our own
/// work, in a burst and for as long as everything that is written on the side comes round; one on the internet takes its time.
const RUNS: [(usize, u64); 3] = [(32, 0), (256, 0), (32, 20)];
const ROUNDS: usize = 3;
const ROUND_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);

fn main() {
    let receiver = Receiver::listen();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let webhooks = register(&runtime, folder.path(), &receiver);
    println!("{} webhooks of {ACCOUNTS} accounts, {SENDERS} threads, {} build", webhooks.len(), build());
    for (events, answer_ms) in RUNS {
        receiver.answer_ms.store(answer_ms, Ordering::Relaxed);
        let deliveries = events * webhooks.len();
        println!("{deliveries} deliveries, endpoints that take {answer_ms} ms to answer");
        let (mut ours, mut client, mut bare) = (Vec::new(), Vec::new(), Vec::new());
        let (mut ours_cpu, mut bare_cpu) = (Vec::new(), Vec::new());
        for round in 1..=ROUNDS {
            let (delivered, cpu) = deliver(&runtime, folder.path(), &webhooks, events, &receiver);
            ours.push(rate(&delivered));
            ours_cpu.push(cpu);
            let egress = open_egress();
            post_all(&delivered, |request| post_guarded(&egress, request, receiver.address));
            client.push(rate(&receiver.take(deliveries)));
            let (agent, before) = (agent(), cpu_time());
            post_all(&delivered, |request| post(&agent, request, receiver.address));
            bare_cpu.push(cpu_each(before, deliveries));
            bare.push(rate(&receiver.take(deliveries)));
            let [ours, client, bare] = [&ours, &client, &bare].map(|rates| rates[round - 1]);
            println!("  round {round}: ChatForge {ours:.0}/s, its client alone {client:.0}/s, bare {bare:.0}/s");
        }
        let (ours, client, bare) = (median(ours), median(client), median(bare));
        println!("  median:  ChatForge {ours:.0}/s, its client alone {client:.0}/s, bare {bare:.0}/s");
        let (ours_cpu, bare_cpu) = (median(ours_cpu), median(bare_cpu));
        println!("  processor time each: ChatForge {ours_cpu:.0} µs, bare {bare_cpu:.0} µs, ratio {:.2}", bare_cpu / ours_cpu);
        println!("  ratio to its client alone {:.2}, to bare {:.2} (target above 0.7)", ours / client, ours / bare);
    }
}

const fn build() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}

/// A second, from the first arrival to the last.
fn rate(arrivals: &[Arrival]) -> f64 {
    let (first, last) = (arrivals.first().unwrap().at, arrivals.last().unwrap().at);
    f64::from(u32::try_from(arrivals.len() - 1).unwrap()) / (last - first).as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Of all threads.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

/// Microseconds for each delivery.
fn cpu_each(since: Duration, deliveries: usize) -> f64 {
    (cpu_time() - since).as_secs_f64() * 1e6 / f64::from(u32::try_from(deliveries).unwrap())
}

/// All accounts and their webhooks, each of which has proved itself.
fn register(runtime: &Runtime, folder: &Path, receiver: &Receiver) -> Vec<(AccountId, WebhookId)> {
    let server = start(runtime, folder);
    let client = agent();
    let mut webhooks = Vec::new();
    for number in 0..ACCOUNTS {
        let (account, key) = sign_up(&server, &format!("owner{number}@example.com"));
        for place in 0..WEBHOOKS_EACH {
            let body = json!({ "url": format!("http://{}/{number}/{place}", receiver.address), "events": ["lead.captured"] });
            let request = client.post(format!("http://{}/api/v1/webhooks", server.address));
            let request = request.header("authorization", format!("Bearer {key}")).header("content-type", "application/json");
            let text = request.send(body.to_string()).unwrap().into_body().read_to_string().unwrap();
            let made: Value = serde_json::from_str(&text).unwrap();
            let id = made["id"].as_str().and_then(WebhookId::parse).unwrap_or_else(|| unreachable!("not registered: {text}"));
            webhooks.push((account.clone(), id));
        }
    }
    runtime.block_on(server.stop());
    webhooks
}

fn start(runtime: &Runtime, folder: &Path) -> Server {
    let mut config = Config::default();
    config.server.listen = "127.0.0.1:0".into();
    config.webhooks.threads = SENDERS;
    config.testing.allow_private_addresses = true;
    config.testing.public_limits = false;
    runtime.block_on(server::start(config, folder, World::machine(0))).unwrap()
}

fn sign_up(server: &Server, email: &str) -> (AccountId, String) {
    let (store, key) = (&server.app.store, auth::key::generate(&server.app.world));
    let new = NewAdministrator::parse("", email, "", "scale").ok().unwrap();
    let account = block_on(store.create_administrator(new, "none".into())).unwrap().id;
    let (hash, prefix) = (auth::hash(&key), auth::key::prefix(&key));
    let new = NewKey { name: "Bench".into(), permissions: Permission::ALL.to_vec(), hash, prefix, created_by: None };
    block_on(store.create_key(account.clone(), new)).unwrap();
    (account, key)
}

/// What arrives when a server starts with everything queued: so it never waits for an event to be made; and what it cost
/// the processors, the start included.
fn deliver(
    runtime: &Runtime,
    folder: &Path,
    webhooks: &[(AccountId, WebhookId)],
    events: usize,
    receiver: &Receiver,
) -> (Vec<Arrival>, f64) {
    let store = Store::open(folder, World::machine(0), Use::Command).unwrap();
    // At the same time, so that many share a commit.
    thread::scope(|scope| {
        for (account, webhook) in webhooks {
            let queue = || block_on(store.send_test(account.clone(), webhook.clone(), Keep(None))).unwrap();
            scope.spawn(move || (0..events).for_each(|_| drop(queue())));
        }
    });
    store.close();
    let (before, deliveries) = (cpu_time(), events * webhooks.len());
    let server = start(runtime, folder);
    let arrived = receiver.take(deliveries);
    let cpu = cpu_each(before, deliveries);
    runtime.block_on(server.stop());
    assert!(receiver.requests.lock().unwrap().is_empty(), "nothing comes twice");
    (arrived, cpu)
}

/// The same requests, byte for byte but for their order.
fn post_all(requests: &[Arrival], post: impl Fn(&Arrival) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    post(request);
                }
            });
        }
    });
}

/// With what stands between an endpoint and everything else: addresses that are checked, times that end, an agent each.
fn post_guarded(egress: &Egress, request: &Arrival, to: SocketAddr) {
    let sent = |name: &str| !["host", "content-length", "connection", "user-agent", "accept"].contains(&name);
    let headers: Vec<_> = request.headers.iter().filter(|(name, _)| sent(name)).collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), (*value).clone())).collect();
    let url = format!("http://{to}{}", request.path);
    let answer = egress.post(&Request { url: &url, headers: &headers, body: &request.body, timeout_ms: TIMEOUT_MS });
    assert_eq!(answer.status, Some(200));
}

fn open_egress() -> Egress {
    Egress::new(Policy { allow_http: true, allow_private: true, ..Policy::default() })
}

fn post(client: &ureq::Agent, request: &Arrival, to: SocketAddr) {
    let mut call = client.post(format!("http://{to}{}", request.path));
    for (name, value) in request.headers.iter().filter(|(name, _)| !["host", "content-length"].contains(&name.as_str())) {
        call = call.header(name, value);
    }
    let mut answer = call.send(&request.body[..]).unwrap();
    assert_eq!(answer.status(), 200);
    answer.body_mut().read_to_vec().unwrap();
}

/// Without kept connections, like the one that delivers.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().proxy(None).http_status_as_error(false).max_idle_connections(0).build().into()
}

/// Threads that confirm every challenge, and keep and accept everything else.
#[derive(Clone)]
struct Receiver {
    address: SocketAddr,
    answer_ms: Arc<AtomicU64>,
    requests: Arc<Mutex<Vec<Arrival>>>,
}

struct Arrival {
    at: Instant,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Receiver {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Self { address: listener.local_addr().unwrap(), answer_ms: Arc::default(), requests: Arc::default() };
        for _ in 0..SENDERS {
            let (listener, receiver) = (listener.try_clone().unwrap(), receiver.clone());
            // Until the process ends.
            thread::spawn(move || listener.incoming().for_each(|stream| receiver.serve(&stream.unwrap())));
        }
        receiver
    }

    fn serve(&self, mut stream: &TcpStream) {
        let Some(request) = read(stream) else { return };
        let challenge = challenge(&request.body);
        if challenge.is_none() {
            self.requests.lock().unwrap().push(request);
            thread::sleep(Duration::from_millis(self.answer_ms.load(Ordering::Relaxed)));
        }
        let answer = challenge.unwrap_or_default();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}", answer.len());
        stream.write_all(head.as_bytes()).unwrap();
    }

    /// The next so many, in the order of their arrival.
    fn take(&self, count: usize) -> Vec<Arrival> {
        let (started, arrived) = (Instant::now(), || self.requests.lock().unwrap().len());
        // Looked at now and then: to be woken for each would cost as much as what is measured.
        while arrived() < count {
            assert!(started.elapsed() < ROUND_LIMIT, "only {} of {count} have arrived within {ROUND_LIMIT:?}", arrived());
            thread::sleep(LOOK_EVERY);
        }
        let mut taken: Vec<_> = self.requests.lock().unwrap().drain(..).collect();
        taken.sort_by_key(|request| request.at);
        taken
    }
}

fn challenge(body: &[u8]) -> Option<String> {
    let marker = br#""webhook.verification""#;
    body.windows(marker.len()).find(|part| *part == marker)?;
    serde_json::from_slice::<Value>(body).ok()?["challenge"].as_str().map(str::to_owned)
}

fn read(stream: &TcpStream) -> Option<Arrival> {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let named = |line: String| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let headers: BTreeMap<_, _> = lines.filter_map(named).collect();
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Arrival { at: Instant::now(), path, headers, body })
}
