//! Deliveries while the server is killed again and again: nothing is lost, nothing is made up, and little comes twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chatforge::world::World;
use serde_json::json;

use crate::binary::{Binary, Home, register};
use crate::durability::post;
use crate::http::Client;
use crate::receiver::{Delivery, Receiver};
use crate::server::{open_database, until};

const CONFIG: &str = "
    [server]
    listen = \"127.0.0.1:0\"
    [testing]
    allow_private_addresses = true
    public_limits = false
    retry_base_ms = 50";

const KILLS: usize = 20;
const VISITORS: usize = 3;
const WEBHOOKS: usize = 4;
/// Deliveries of one account under way at once: as many as a kill can cut off.
const INFLIGHT_MAX: usize = 8;
/// Arrivals that a life sees before it ends: enough that what the last kill cut off gets through, for what is cut off ten
/// times is given up.
const ARRIVALS: std::ops::Range<usize> = 4 * INFLIGHT_MAX..8 * INFLIGHT_MAX;

/// The addresses of leads that the server has acknowledged, over all of its lives.
#[derive(Default)]
struct Leads {
    acknowledged: Mutex<BTreeSet<String>>,
    number: AtomicUsize,
}

impl Leads {
    /// Nothing once the server has died under it.
    fn leave(&self, server: &Client, agent: &str) -> Option<()> {
        let session = post(server, "/widget/v1/boot", &json!({ "agent_id": agent }))?;
        let visitor = server.with("authorization", &format!("Bearer {}", session["session"].as_str().unwrap()));
        let email = format!("lead{}@example.com", self.number.fetch_add(1, Ordering::Relaxed));
        post(&visitor, "/widget/v1/leads", &json!({ "email": email }))?;
        self.acknowledged.lock().unwrap().insert(email);
        Some(())
    }
}

/// Kills the server while it delivers, after a number of arrivals and a moment that chance decides.
fn live_and_die(server: Binary, agent: &str, leads: &Leads, receiver: &Receiver, [arrivals, moment]: [u8; 2]) -> Vec<Delivery> {
    let client = server.client();
    thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(|| while leads.leave(&client, agent).is_some() {});
        }
        let count = ARRIVALS.start + usize::from(arrivals) % ARRIVALS.len();
        let arrived = (0..count).map(|_| receiver.next()).collect();
        (0..moment).for_each(|_| thread::yield_now());
        server.kill();
        arrived
    })
}

/// How often each delivery has come, by its id.
fn tally(arrived: &[Delivery]) -> BTreeMap<&str, usize> {
    let mut times = BTreeMap::new();
    for delivery in arrived {
        *times.entry(delivery.header("x-chatforge-delivery")).or_default() += 1;
    }
    times
}

/// The ids of the events that tell of each lead, with the bytes that they came in.
fn told(arrived: &[Delivery]) -> BTreeMap<&str, BTreeSet<(&str, &[u8])>> {
    let mut told: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
    for delivery in arrived {
        let email = delivery.json["data"]["email"].as_str().unwrap();
        told.entry(email).or_default().insert((delivery.header("webhook-id"), delivery.body.as_slice()));
    }
    told
}

#[test]
fn f02_twenty_kills_lose_no_delivery_and_repeat_only_what_they_cut_off() {
    let home = Home::new(CONFIG);
    let mut server = home.serve();
    let api = home.sign_up(&server);
    let receiver = Receiver::listen();
    for number in 0..WEBHOOKS {
        register(&api, &format!("{}/{number}", receiver.url()), &["lead.captured"]);
    }
    let agent = api.post("/api/v1/agents", &json!({ "name": "A" })).is(201).id();
    let leads = Leads::default();
    let mut chance = [0; 2 * KILLS];
    World::machine(0).fill(&mut chance);
    let mut arrived = Vec::new();
    for life in chance.as_chunks::<2>().0 {
        arrived.extend(live_and_die(server, &agent, &leads, &receiver, *life));
        server = home.serve();
    }
    let db = open_database(&home.data());
    let count = |sql| usize::try_from(db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()).unwrap();
    let waiting = || count("SELECT count(*) FROM deliveries WHERE state IN ('pending', 'inflight')");
    until("the end of every delivery", || (waiting() == 0).then_some(()));
    arrived.extend(receiver.rest());

    // Everything in the books has arrived, and nothing else: no event is sent before it is safe.
    let mut find = db.prepare("SELECT id FROM deliveries WHERE state = 'delivered'").unwrap();
    let recorded: BTreeSet<String> = find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let times = tally(&arrived);
    assert_eq!(times.keys().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>(), recorded);
    assert_eq!(recorded.len(), WEBHOOKS * count("SELECT count(*) FROM events"));

    // What comes again was cut off by a kill, and each kill cuts off only what was under way.
    let cut_off = count("SELECT sum(interrupts) FROM deliveries");
    assert!(cut_off > 0 && cut_off <= KILLS * INFLIGHT_MAX, "{cut_off} were cut off");
    assert!(arrived.len() <= recorded.len() + cut_off, "{} arrived of {}, {cut_off} cut off", arrived.len(), recorded.len());
    assert!(times.values().all(|times| *times <= 1 + KILLS), "{times:?}");

    // Under one id and in the same bytes, whatever happened in between.
    let told = told(&arrived);
    assert!(told.values().all(|events| events.len() == 1), "{told:?}");
    let untold: Vec<_> =
        leads.acknowledged.lock().unwrap().iter().filter(|email| !told.contains_key(email.as_str())).cloned().collect();
    assert!(untold.is_empty(), "acknowledged, but never told: {untold:?}");
    assert_eq!(server.terminate(), 0);
}
