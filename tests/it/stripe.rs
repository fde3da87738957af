//! Stripe's webhook: events that are signed, read and taken once, in whatever order they come.

use chatforge::config::Config;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::binary::Home;
use crate::http::{Client, Reply};
use crate::server::Span::Days;
use crate::server::{TestServer, until};
use crate::webhooks::verify;

const PATH: &str = "/hooks/stripe";
const SECRET: &str = "whsec_it0NlyT3stsTh1s";
const ROLLED: &str = "whsec_th3N3xtOne";
/// 2026-03-26T10:00:00Z, when every simulated clock starts.
const NOW: i64 = 1_774_519_200;
const CUSTOMER: &str = "cus_9s6XKzkNRiz8i3";

fn configure(config: &mut Config) {
    config.stripe = std::mem::take(&mut config.stripe).with_secrets(&[SECRET, ROLLED]);
    config.stripe.prices = vec!["price_starter=starter".into(), "price_growth=growth".into(), "price_scale=scale".into()];
}

/// A server whose account is linked to the customer.
fn linked() -> TestServer {
    let server = TestServer::start_with(configure);
    send(&server, &checkout("evt_checkout", &server.account, CUSTOMER)).is(200);
    server
}

fn signature(secret: &str, time: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn post(client: &Client, header: &str, body: &str) -> Reply {
    client.with("stripe-signature", header).json("POST", PATH, body.as_bytes())
}

fn send_to(client: &Client, now: i64, event: &Value) -> Reply {
    let body = event.to_string();
    post(client, &format!("t={now},v1={}", signature(SECRET, now, &body)), &body)
}

fn send(server: &TestServer, event: &Value) -> Reply {
    send_to(&server.client(), server.now().seconds(), event)
}

fn event(id: &str, kind: &str, created: i64, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "api_version": "2025-03-31.basil", "created": created, "livemode": true,
        "type": kind, "data": { "object": object },
    })
}

fn checkout(id: &str, account: &str, customer: &str) -> Value {
    let session = json!({ "id": "cs_1", "object": "checkout.session", "client_reference_id": account, "customer": customer });
    event(id, "checkout.session.completed", NOW, session)
}

fn invoice(id: &str, invoice: &str, price: &str) -> Value {
    let line = json!({
        "id": "il_1", "type": "subscription", "proration": false, "amount": 9700, "price": { "id": price },
        "period": { "start": NOW - 36_000, "end": NOW - 36_000 + 31 * 86_400 },
    });
    let object = json!({
        "id": invoice, "object": "invoice", "customer": CUSTOMER, "amount_due": 9700, "amount_paid": 9700, "currency": "usd",
        "hosted_invoice_url": format!("https://pay.stripe.com/invoice/{invoice}"), "lines": { "data": [line] },
    });
    event(id, "invoice.paid", NOW, object)
}

/// The change of a subscription at a second, counted from now.
fn change(kind: &str, second: i64, subscription: &str, status: &str, price: &str) -> Value {
    let object = json!({
        "id": subscription, "object": "subscription", "customer": CUSTOMER, "status": status, "created": NOW,
        "items": { "data": [{ "id": "si_1", "price": { "id": price } }] },
    });
    let id = format!("evt_{kind}_{second}_{subscription}_{status}_{price}");
    event(&id, &format!("customer.subscription.{kind}"), NOW + second, object)
}

fn plan(server: &TestServer) -> String {
    server.get("/api/v1/me").is(200).json["plan"].as_str().unwrap().to_owned()
}

fn payments(server: &TestServer) -> i64 {
    let rows = server.count("SELECT count(*) FROM payments");
    assert_eq!(i64::try_from(server.events("payment.received").len()).unwrap(), rows);
    rows
}

#[test]
fn i01_a_paid_invoice_is_told_as_documented_and_once() {
    let server = linked();
    let receiver = server.receiver();
    let paid = invoice("evt_1", "in_1", "price_starter");
    assert_eq!(send(&server, &paid).is(200).json, json!({ "received": true }));
    let delivery = receiver.next();
    verify(&delivery, &receiver.secret);
    let id = delivery.json["id"].as_str().unwrap();
    assert!(id.starts_with("evt_pr_") && id.len() == 17, "{id}");
    let expected = json!({
        "id": id, "type": "payment.received", "created_at": "2026-03-26T10:00:00Z", "agent_id": null,
        "data": {
            "amount_cents": 9700, "currency": "usd", "plan": "starter", "period_start": "2026-03-26T00:00:00Z",
            "period_end": "2026-04-26T00:00:00Z", "invoice_url": "https://pay.stripe.com/invoice/in_1",
        },
    });
    assert_eq!(delivery.json, expected);
    send(&server, &paid).is(200);
    assert_eq!(payments(&server), 1);
    assert!(receiver.is_empty());
    assert_eq!(plan(&server), "scale", "the plan follows the subscription, not the invoice");
}

#[test]
fn i02_a_signature_is_all_or_nothing() {
    let server = linked();
    let body = invoice("evt_1", "in_1", "price_starter").to_string();
    let good = signature(SECRET, NOW, &body);
    let forged = [
        String::new(),
        format!("t={NOW},v1="),
        format!("t={NOW},v1={}", &good[..40]),
        format!("t={NOW},v1={good}0"),
        format!("t={NOW},v1={}", good.to_uppercase()),
        format!("t={NOW},v0={good}"),
        format!("v1={good}"),
        format!("t={NOW},t={NOW},v1={good}"),
        format!("t={NOW},v1={}", signature("whsec_another", NOW, &body)),
    ];
    for header in forged {
        post(&server.client(), &header, &body).fails(400, "bad_request");
    }
    server.client().json("POST", PATH, body.as_bytes()).fails(400, "bad_request");
    assert_eq!((payments(&server), server.count("SELECT count(*) FROM stripe_events")), (0, 1));
    post(&server.client(), &format!("t={NOW},v1={},v1={good}", good.replace('a', "b")), &body).is(200);
    assert_eq!(payments(&server), 1);
}

#[test]
fn i03_a_signature_is_good_for_five_minutes() {
    let server = linked();
    let body = invoice("evt_1", "in_1", "price_starter").to_string();
    for time in [NOW - 301, NOW + 301] {
        post(&server.client(), &format!("t={time},v1={}", signature(SECRET, time, &body)), &body).fails(400, "bad_request");
    }
    assert_eq!(payments(&server), 0);
    for time in [NOW - 300, NOW + 300] {
        post(&server.client(), &format!("t={time},v1={}", signature(SECRET, time, &body)), &body).is(200);
    }
    assert_eq!(payments(&server), 1);
}

#[test]
fn i04_a_body_that_was_written_anew_is_not_what_was_signed() {
    let server = linked();
    let paid = invoice("evt_1", "in_1", "price_starter");
    let header = format!("t={NOW},v1={}", signature(SECRET, NOW, &paid.to_string()));
    post(&server.client(), &header, &serde_json::to_string_pretty(&paid).unwrap()).fails(400, "bad_request");
    assert_eq!(payments(&server), 0);
}

#[test]
fn i05_an_event_that_comes_twenty_times_at_once_pays_once() {
    let server = linked();
    let paid = invoice("evt_1", "in_1", "price_starter");
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| send(&server, &paid).is(200));
        }
    });
    assert_eq!(payments(&server), 1);
    // The same invoice by another event, and by a kind of event that tells of payments too.
    send(&server, &invoice("evt_2", "in_1", "price_starter")).is(200);
    let mut succeeded = invoice("evt_3", "in_1", "price_starter");
    succeeded["type"] = json!("invoice.payment_succeeded");
    send(&server, &succeeded).is(200);
    assert_eq!(payments(&server), 1);
}

#[test]
fn i06_the_newest_word_on_a_subscription_counts_whenever_it_comes() {
    let server = linked();
    let tell = |changes: &[Value]| {
        changes.iter().for_each(|change| assert_eq!(send(&server, change).status, 200));
        plan(&server)
    };
    let updated = change("updated", 2, "sub_1", "active", "price_growth");
    let created = change("created", 1, "sub_1", "incomplete", "price_starter");
    assert_eq!(tell(&[updated, created]), "growth");
    let newer = change("updated", 9, "sub_1", "active", "price_starter");
    let older = change("updated", 5, "sub_1", "active", "price_scale");
    assert_eq!(tell(&[newer, older]), "starter");
    // Of one second, the end counts, and then what was updated, whichever came first.
    let same_created = change("created", 20, "sub_2", "incomplete", "price_growth");
    assert_eq!(tell(&[change("updated", 20, "sub_2", "active", "price_growth"), same_created]), "growth");
    let deleted = [change("deleted", 30, "sub_2", "canceled", "price_growth"), change("deleted", 30, "sub_1", "canceled", "p")];
    tell(&deleted);
    assert_eq!(tell(&[change("updated", 30, "sub_2", "active", "price_growth")]), "free");
}

#[test]
fn i07_an_event_whose_server_was_killed_after_the_commit_pays_once() {
    let config =
        format!("[server]\nlisten = \"127.0.0.1:0\"\n[stripe]\nwebhook_secrets = [\"{SECRET}\"]\nprices = [\"p=growth\"]\n");
    let home = Home::new(&config);
    let server = home.serve();
    home.sign_up(&server);
    home.run(&["account", "link-stripe", "owner@example.com", CUSTOMER]).is(0);
    let now = std::fs::metadata(home.data().join("chatforge.db")).unwrap().modified().unwrap();
    let now = i64::try_from(now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let paid = invoice("evt_1", "in_1", "p");
    send_to(&server.client(), now, &paid).is(200);
    server.kill();
    let server = home.serve();
    send_to(&server.client(), now, &paid).is(200);
    send_to(&server.client(), now, &invoice("evt_2", "in_1", "p")).is(200);
    let listed = home.run(&["payment", "list", "--account", "owner@example.com"]).is(0);
    assert!(listed.line().contains("\t9700\tusd\tgrowth\t") && listed.line().contains("\tin_1\t"), "{listed:?}");
    let db = crate::server::open_database(&home.data());
    let events: i64 = db.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!(events, 1);
    assert!(!server.log().contains(SECRET));
    assert_eq!(server.terminate(), 0);
}

#[test]
fn i08_what_is_no_event_for_this_server_is_refused_or_let_pass() {
    let server = linked();
    let mut test = invoice("evt_1", "in_1", "price_starter");
    test["livemode"] = json!(false);
    send(&server, &test).fails(400, "bad_request");
    send(&server, &event("evt_2", "customer.created", NOW, json!({ "id": CUSTOMER }))).is(200);
    send(&server, &json!({ "padding": "x".repeat(2 << 20) })).fails(413, "payload_too_large");
    let get = server.client().get(PATH).fails(405, "method_not_allowed");
    assert_eq!(get.header("allow"), "POST");
    send(&server, &json!({ "hello": "world" })).fails(400, "bad_request");
    server.client().get("/hooks/paypal").fails(404, "not_found");
    assert_eq!(payments(&server), 0);
    let off = TestServer::start();
    send(&off, &test).fails(404, "not_found");
    let testing = TestServer::start_with(|config| {
        configure(config);
        config.stripe.mode = "test".into();
    });
    send(&testing, &test).is(200);
    send(&testing, &invoice("evt_3", "in_1", "price_starter")).fails(400, "bad_request");
}

#[test]
fn two_secrets_count_while_one_replaces_the_other() {
    let server = linked();
    for (number, secret) in [SECRET, ROLLED].iter().enumerate() {
        let body = invoice(&format!("evt_{number}"), &format!("in_{number}"), "price_starter").to_string();
        post(&server.client(), &format!("t={NOW},v1={}", signature(secret, NOW, &body)), &body).is(200);
    }
    assert_eq!(payments(&server), 2);
}

#[test]
fn what_comes_before_the_checkout_waits_for_it() {
    let server = TestServer::start_with(configure);
    let receiver = server.receiver();
    send(&server, &invoice("evt_1", "in_1", "price_growth")).is(200);
    send(&server, &change("updated", 2, "sub_1", "active", "price_growth")).is(200);
    send(&server, &change("created", 1, "sub_1", "incomplete", "price_growth")).is(200);
    assert_eq!((payments(&server), server.count("SELECT count(*) FROM stripe_unclaimed")), (0, 3));
    send(&server, &checkout("evt_2", "acc_0000000000", CUSTOMER)).is(200);
    send(&server, &checkout("evt_3", "' OR 1=1", CUSTOMER)).is(200);
    assert_eq!(payments(&server), 0);
    send(&server, &checkout("evt_4", &server.account, CUSTOMER)).is(200);
    assert_eq!(receiver.next().json["data"]["plan"], "growth");
    assert_eq!((payments(&server), plan(&server).as_str()), (1, "growth"));
    send(&server, &invoice("evt_5", "in_1", "price_growth")).is(200);
    assert_eq!((payments(&server), server.count("SELECT count(*) FROM stripe_unclaimed")), (1, 0));
}

#[test]
fn a_customer_stays_with_its_account() {
    let server = linked();
    let other = server.sign_up("other@example.com");
    send(&server, &checkout("evt_1", &other.account, CUSTOMER)).is(200);
    send(&server, &change("updated", 1, "sub_1", "active", "price_starter")).is(200);
    assert_eq!((plan(&server).as_str(), &other.get("/api/v1/me").json["plan"]), ("starter", &json!("scale")));
    let refused = server.cli(&["account", "link-stripe", "other@example.com", CUSTOMER]).is(1);
    assert!(refused.stderr.contains("another account"), "{refused:?}");
    // A second checkout brings another customer; the first one's subscription is still the account's.
    send(&server, &checkout("evt_2", &server.account, "cus_second")).is(200);
    send(&server, &change("deleted", 2, "sub_1", "canceled", "price_starter")).is(200);
    assert_eq!(plan(&server), "free");
    send(&server, &invoice("evt_3", "in_1", "price_starter")).is(200);
    assert_eq!(payments(&server), 1);
}

#[test]
fn what_nobody_claims_is_forgotten_after_ninety_days() {
    let server = TestServer::start_with(configure);
    send(&server, &invoice("evt_1", "in_1", "price_growth")).is(200);
    let kept = || server.count("SELECT (SELECT count(*) FROM stripe_unclaimed) + (SELECT count(*) FROM stripe_events)");
    // The log of requests is forgotten earlier, by the same sweep.
    let logged = || server.count("SELECT count(*) FROM api_requests");
    server.get("/api/v1/me").is(200);
    until("the request's log row", || Some(()).filter(|()| logged() == 1));
    server.pass(Days(89));
    until("a sweep", || Some(()).filter(|()| logged() == 0));
    assert_eq!(kept(), 2);
    server.pass(Days(2));
    until("another sweep", || Some(()).filter(|()| kept() == 0));
}

#[test]
fn of_what_nobody_claims_the_ten_thousand_newest_are_kept() {
    let server = TestServer::start_with(configure);
    server
        .database_to_fill()
        .execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
             INSERT INTO stripe_unclaimed (number, event, customer, payload, received_at)
             SELECT n, 'old_' || n, 'cus_other', '{}', ?1 FROM n",
            [server.now().ms()],
        )
        .unwrap();
    send(&server, &invoice("evt_1", "in_1", "price_growth")).is(200);
    let kept = |event: &str| server.count(&format!("SELECT count(*) FROM stripe_unclaimed WHERE event LIKE '{event}'"));
    assert_eq!(["%", "old_1", "old_2", "evt_1"].map(kept), [10_000, 0, 1, 1]);
}

#[test]
fn the_plan_of_an_invoice_is_that_of_its_price() {
    let server = linked();
    let told = |number: usize, change: &dyn Fn(&mut Value)| {
        let mut paid = invoice(&format!("evt_{number}"), &format!("in_{number}"), "price_growth");
        change(&mut paid["data"]["object"]);
        send(&server, &paid).is(200);
        server.events("payment.received").last().unwrap()["data"].clone()
    };
    let newer = json!({
        "parent": { "type": "subscription_item_details", "subscription_item_details": { "proration": false } },
        "pricing": { "type": "price_details", "price_details": { "price": "price_growth", "product": "prod_1" } },
        "period": { "start": NOW, "end": NOW + 86_400 },
    });
    let proration = json!({ "type": "subscription", "proration": true, "price": { "id": "price_starter" }, "period": { "start": 1, "end": 2 } });
    let data = told(1, &|invoice| invoice["lines"]["data"] = json!([proration, newer]));
    assert_eq!((&data["plan"], &data["period_end"]), (&json!("growth"), &json!("2026-03-27T10:00:00Z")));
    let unknown = told(2, &|invoice| invoice["lines"]["data"][0]["price"]["id"] = json!("price_other"));
    assert_eq!((&unknown["plan"], &unknown["amount_cents"]), (&json!("scale"), &json!(9700)));
    let bare = told(3, &|invoice| (invoice["lines"], invoice["hosted_invoice_url"]) = (json!({ "data": [] }), Value::Null));
    assert_eq!((&bare["plan"], &bare["invoice_url"]), (&json!("scale"), &Value::Null));
    assert_eq!(payments(&server), 3);
    told(4, &|invoice| invoice["amount_paid"] = json!(0));
    assert_eq!(payments(&server), 3, "an invoice over nothing is no payment");
}

#[test]
fn a_subscription_sets_the_plan_at_once() {
    let server = linked();
    let limits = |second: i64, status: &str, price: &str| {
        send(&server, &change("updated", second, "sub_1", status, price)).is(200);
        let me = server.get("/api/v1/me").is(200);
        (me.json["plan"].as_str().unwrap().to_owned(), me.number("x-ratelimit-limit"))
    };
    assert_eq!(limits(1, "active", "price_starter"), ("starter".into(), 100));
    server.agent(&json!({ "name": "A" }));
    server.post("/api/v1/agents", &json!({ "name": "B" })).fails(403, "plan_limit_reached");
    assert_eq!(limits(2, "past_due", "price_growth"), ("growth".into(), 1000));
    server.agent(&json!({ "name": "B" }));
    assert_eq!(limits(3, "active", "price_unknown"), ("growth".into(), 1000));
    assert_eq!(limits(4, "incomplete", "price_starter"), ("growth".into(), 1000));
    assert_eq!(limits(5, "trialing", "price_starter"), ("starter".into(), 100));
    for (second, status) in [(6, "unpaid"), (8, "canceled"), (10, "incomplete_expired"), (12, "paused")] {
        assert_eq!(limits(second, status, "price_starter"), ("free".into(), 100), "{status}");
        assert_eq!(limits(second + 1, "active", "price_growth"), ("growth".into(), 1000));
    }
}

#[test]
fn an_account_with_two_subscriptions_is_on_the_plan_of_the_newer_one() {
    let server = linked();
    let mut newer = change("created", 5, "sub_2", "active", "price_growth");
    newer["data"]["object"]["created"] = json!(NOW + 5);
    send(&server, &change("created", 1, "sub_1", "active", "price_starter")).is(200);
    send(&server, &newer).is(200);
    send(&server, &change("updated", 6, "sub_1", "active", "price_starter")).is(200);
    assert_eq!(plan(&server), "growth");
    send(&server, &change("deleted", 7, "sub_1", "canceled", "price_starter")).is(200);
    assert_eq!(plan(&server), "growth");
    send(&server, &change("deleted", 8, "sub_2", "canceled", "price_growth")).is(200);
    assert_eq!(plan(&server), "free");
}

#[test]
fn a_secret_is_never_shown_and_a_wrong_price_is_named() {
    let home = Home::new(&format!("[stripe]\nwebhook_secrets = [\"{SECRET}\"]\nprices = [\"price_1=growth\"]\n"));
    let shown = home.run(&["config", "show"]).is(0);
    assert!(shown.stdout.contains("webhook_secrets = [\"(hidden)\"]"), "{shown:?}");
    let mut from_file = home.command();
    std::fs::write(home.path().join("secret"), format!("{SECRET},{ROLLED}\n")).unwrap();
    from_file.env("CHATFORGE_STRIPE_WEBHOOK_SECRETS_FILE", "secret").args(["config", "show"]);
    let shown = crate::binary::Ran::of(&mut from_file).is(0);
    assert_eq!(shown.stdout.matches("(hidden)").count(), 2, "{shown:?}");
    let refused = [
        (format!("webhook_secrets = \"{SECRET}\""), "stripe.webhook_secrets"),
        (format!("webhook_secrets = [\"{SECRET}\""), "line 2"),
        (format!("webhook_secrets = [\"sk_{SECRET}\"]"), "stripe.webhook_secrets"),
        ("webhook_secrets = [5]".into(), "stripe.webhook_secrets"),
        ("mode = \"sandbox\"".into(), "stripe.mode"),
        ("prices = [\"price_1\"]".into(), "stripe.prices"),
        ("prices = [\"price_1=gold\"]".into(), "unknown plan `gold`; the plans are free, growth, scale, starter"),
        ("prices = [\"a=free\", \"a=growth\"]".into(), "stripe.prices"),
        ("canceled_plan = \"gold\"".into(), "stripe.canceled_plan"),
        ("payment_link = \"buy\"".into(), "stripe.payment_link"),
        ("webhook_secret = []".into(), "did you mean stripe.webhook_secrets?"),
    ];
    for (line, says) in refused {
        let ran = Home::new(&format!("[stripe]\n{line}\n")).run(&["config", "check"]).is(2);
        assert!(ran.stderr.contains(says) && !ran.stderr.contains(SECRET), "{ran:?}");
    }
}
