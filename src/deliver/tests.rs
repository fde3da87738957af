//! Tries whose way out times out, or breaks in a way that nothing was prepared for.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use pollster::block_on;
use tempfile::TempDir;

use crate::auth::vault::{MasterKey, Vault};
use crate::deliver::sign::Secret;
use crate::deliver::{Courier, Means};
use crate::domain::account::NewAdministrator;
use crate::domain::delivery::Delivery;
use crate::domain::id::{AccountId, WebhookId};
use crate::domain::page::Page;
use crate::domain::place;
use crate::domain::time::{SECOND_MS, Time};
use crate::domain::webhook::url::UrlPolicy;
use crate::domain::webhook::{EventType, NewWebhook, RETRY_BASE_MS, TIMEOUT_MS};
use crate::egress::Egress;
use crate::egress::guard::Policy;
use crate::egress::script::{Lookup, Script};
use crate::storage::{Keep, Store, Use};
use crate::world::World;

const LIMIT: Duration = Duration::from_secs(10);

/// One thread a lane, and one webhook.
struct Sending {
    _folder: TempDir,
    store: Store,
    world: World,
    courier: Courier,
    account: AccountId,
    webhook: WebhookId,
    script: Script,
}

impl Sending {
    fn start(lookups: &[Lookup]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::simulated(Time::parse("2026-03-26T10:00:00Z").unwrap());
        let store = Store::open(folder.path(), world.clone(), Use::Server).unwrap();
        let vault = Vault::new(&MasterKey::create(folder.path(), &world).unwrap());
        let owner = NewAdministrator::parse("", "owner@example.com", "", "scale").ok().unwrap();
        let account = block_on(store.create_administrator(owner, "none".into())).unwrap().id;
        let webhook = store.draw_webhook();
        let secret = vault.seal(&world, Secret::generate(&world).as_str(), &place::of_secret(&webhook));
        let new = NewWebhook { url: "http://hook.example/".into(), events: vec![EventType::LeadCaptured], agent: None };
        block_on(store.create_webhook(account.clone(), webhook.clone(), new, secret, Keep::nothing())).unwrap();
        let script = Script::new(lookups, Lookup::Finds(vec![endpoint()]));
        // As if 127.0.0.1 were the internet, and the rest of this machine a network inside.
        let policy = Policy { allow_http: true, allow_private: false, allow: vec!["127.0.0.1/32".parse().unwrap()] };
        let courier = Courier::start(Means {
            store: store.clone(),
            world: world.clone(),
            vault,
            egress: Egress::scripted(policy, script.clone()),
            url_policy: UrlPolicy::default(),
            retry_base_ms: RETRY_BASE_MS,
            timeout_ms: TIMEOUT_MS,
            threads: 2,
        });
        Self { _folder: folder, store, world, courier, account, webhook, script }
    }

    fn send(&self) {
        block_on(self.store.send_test(self.account.clone(), self.webhook.clone(), Keep::nothing())).unwrap();
    }

    fn deliveries(&self) -> Vec<Delivery> {
        block_on(self.store.deliveries(self.account.clone(), self.webhook.clone(), Page::first(100))).unwrap().rows
    }

    /// Waits until every lookup of the script has been made, and its try is over.
    fn play(&self) {
        until("the tries", || self.script.is_played() && !self.courier.0.is_busy());
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.courier.stop();
        self.store.close();
    }
}

/// Answers every request with 200.
fn endpoint() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

#[track_caller]
fn until(what: &str, mut there: impl FnMut() -> bool) {
    let started = Instant::now();
    while !there() {
        assert!(started.elapsed() < LIMIT, "{what}: not within {LIMIT:?}");
        thread::yield_now();
    }
}

/// The only sender breaks twice, each time in the middle of a try; it goes on with the next one.
#[test]
fn e22_a_sender_that_panics_goes_on_and_the_delivery_comes_again() {
    let sending = Sending::start(&[Lookup::Panics]);
    sending.send();
    sending.play();
    assert_eq!(sending.deliveries()[0].state, "inflight");
    sending.script.push(Lookup::Panics);
    sending.world.advance(31 * SECOND_MS);
    sending.play();
    assert_eq!(sending.deliveries()[0].state, "inflight");
    sending.world.advance(31 * SECOND_MS);
    until("the delivery", || sending.deliveries()[0].state == "delivered");
    sending.send();
    until("another delivery", || sending.deliveries()[0].state == "delivered" && sending.deliveries().len() == 2);
    // A try that came to no end is not counted against the endpoint.
    assert_eq!(sending.deliveries()[1].attempts.len(), 1);
    assert!(sending.courier.is_alive());
}

#[test]
fn e04_after_a_timeout_an_endpoint_is_left_alone_for_a_minute() {
    let wait_after = |lookup| {
        let sending = Sending::start(&[lookup]);
        sending.send();
        until("the try", || sending.deliveries()[0].attempts.len() == 1);
        let delivery = sending.deliveries().remove(0);
        (delivery.attempts[0].error.clone().unwrap(), delivery.next_attempt_at.unwrap().since(sending.world.now()))
    };
    assert_eq!(wait_after(Lookup::AnswerTimesOut), ("timeout".into(), 60 * SECOND_MS));
    assert_eq!(wait_after(Lookup::ConnectTimesOut), ("connect_timeout".into(), 60 * SECOND_MS));
    let (error, wait_ms) = wait_after(Lookup::NoSuchName);
    assert_eq!(error, "dns_error");
    assert!((8 * SECOND_MS..=12 * SECOND_MS).contains(&wait_ms), "{wait_ms}");
}

#[test]
fn d08_a_name_that_leads_inside_at_delivery_is_not_called_and_not_given_up() {
    let inside = TcpListener::bind("127.0.0.2:0").unwrap();
    inside.set_nonblocking(true).unwrap();
    let sending = Sending::start(&[Lookup::Finds(vec![inside.local_addr().unwrap()])]);
    sending.send();
    until("the try", || sending.deliveries()[0].attempts.len() == 1);
    let delivery = sending.deliveries().remove(0);
    assert_eq!((delivery.state.as_str(), delivery.attempts[0].error.as_deref()), ("pending", Some("blocked_address")));
    assert_eq!(inside.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    sending.world.advance(12 * SECOND_MS);
    until("the delivery", || sending.deliveries()[0].state == "delivered");
}
