//! Webhooks on their pages: registered, watched, repaired and deleted without a line of code.

use serde_json::json;

use crate::browser::{Browser, between, own_api, signed_in};
use crate::receiver::{Answer, Proof, Receiver};
use crate::server::{Span, TestServer, until};
use crate::webhooks::{WEBHOOKS, verify, wait_for_tries};

/// The secret that a page shows once.
fn secret_on(page: &str) -> String {
    format!("whsec_{}", between(page, "<code>whsec_", "</code>").unwrap())
}

/// Registers the receiver on the page, and gives the address of the webhook's own.
fn register(browser: &mut Browser, receiver: &mut Receiver) -> String {
    browser.get("/webhooks").is(200);
    let fields = [("url", receiver.url()), ("event", "lead.captured".into()), ("agent", String::new())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let page = browser.submit("/webhooks", &fields).is(200).text;
    receiver.secret = secret_on(&page);
    receiver.id = between(&page, "href=\"/webhooks/", "\"").unwrap().to_owned();
    format!("/webhooks/{}", receiver.id)
}

fn with_webhook() -> (TestServer, Browser, Receiver, String) {
    let (server, mut browser) = signed_in();
    let mut receiver = Receiver::listen();
    let page = register(&mut browser, &mut receiver);
    (server, browser, receiver, page)
}

#[test]
fn a_webhook_registered_on_the_page_shows_its_secret_once() {
    let (_server, mut browser, receiver, page) = with_webhook();
    let sent = browser.submit(&format!("{page}/test"), &[]).is(303).header("location").to_owned();
    verify(&receiver.next(), &receiver.secret);
    let listed = browser.get("/webhooks").is(200).text;
    assert!(listed.contains(&receiver.url()) && listed.contains("All agents") && listed.contains("lead.captured"));
    for path in ["/webhooks", &page, &sent] {
        assert!(!browser.get(path).is(200).text.contains(&receiver.secret), "{path}");
    }
}

#[test]
fn an_address_that_proves_nothing_is_refused_and_nothing_typed_is_lost() {
    let (server, mut browser) = signed_in();
    let receiver = Receiver::listen();
    receiver.prove_with(Proof::Status(500));
    browser.get("/webhooks").is(200);
    let url = receiver.url();
    let refused = browser.submit("/webhooks", &[("url", &url), ("event", "lead.captured")]).is(422).text;
    assert!(refused.contains("did not confirm the challenge: it did not send it back") && refused.contains(&url));
    let wrong = browser.submit("/webhooks", &[("url", "ftp://x"), ("agent", "")]).is(422).text;
    assert!(wrong.contains("choose at least one event") && wrong.contains("id=\"url-error\""));
    let wrong = browser.submit("/webhooks", &[("url", &url), ("event", "lead.captured"), ("agent", "agt_nothing000")]).is(422);
    assert!(wrong.text.contains("this agent does not exist"));
    assert_eq!(server.count("SELECT count(*) FROM webhooks"), 0);
    receiver.prove_with(Proof::Plain);
    browser.submit("/webhooks", &[("url", &url), ("event", "lead.captured")]).is(200);
    let twice = browser.submit("/webhooks", &[("url", &url), ("event", "lead.captured")]).is(422).text;
    assert!(twice.contains("already exists"));
}

#[test]
fn every_try_of_a_delivery_is_shown_and_it_can_be_sent_again() {
    let (server, mut browser, receiver, page) = with_webhook();
    receiver.script(&[Answer::Status(503), Answer::Body("<b>thanks</b>")]);
    let sent = browser.submit(&format!("{page}/test"), &[]).is(303).header("location").to_owned();
    let delivery = sent.split('?').next().unwrap().to_owned();
    receiver.next();
    wait_for_tries(&server, 1);
    let shown = browser.get(&delivery).is(200).text;
    assert!(shown.contains("Waiting") && shown.contains(">503<") && shown.contains("webhook.test"), "{shown}");
    browser.submit(&format!("{delivery}/resend"), &[]).is(303);
    receiver.next();
    wait_for_tries(&server, 2);
    let shown = browser.get(&delivery).is(200).text;
    assert!(shown.contains("Delivered") && shown.contains("Attempt 2") && !shown.contains("<b>thanks"), "{shown}");
    let listed = |browser: &mut Browser, state: &str| browser.get(&format!("{page}?status={state}")).is(200).text;
    assert!(listed(&mut browser, "delivered").contains(&delivery) && !listed(&mut browser, "exhausted").contains(&delivery));
    assert!(listed(&mut browser, "nonsense").contains(&delivery));
}

#[test]
fn a_disabled_webhook_is_enabled_once_it_proves_itself_and_recovers_what_it_missed() {
    let (server, mut browser, receiver, page) = with_webhook();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    browser.submit(&format!("{page}/disable"), &[]).is(303);
    assert!(browser.get(&page).is(200).text.contains("Disabled manually"));
    server.visitor(&agent).lead(&json!({ "email": "jane@example.com" })).is(201);
    let too_early = [("since", "2020-01-01T00:00"), ("until", "")];
    browser.submit(&format!("{page}/recover"), &too_early).is(422);
    receiver.prove_with(Proof::Wrong);
    assert!(browser.submit(&format!("{page}/enable"), &[]).is(422).text.contains("did not confirm the challenge"));
    receiver.prove_with(Proof::Plain);
    browser.submit(&format!("{page}/enable"), &[]).is(303);
    assert!(receiver.is_empty());
    assert!(browser.submit(&format!("{page}/recover"), &[("since", "tomorrow")]).is(422).text.contains("must be a time"));
    let done = browser.submit(&format!("{page}/recover"), &too_early).is(303).header("location").to_owned();
    assert!(browser.get(&done).is(200).text.contains("1 delivery queued."));
    assert_eq!(receiver.next().json["type"], "lead.captured");
}

#[test]
fn a_new_secret_is_shown_once_and_both_sign_for_a_day() {
    let (server, mut browser, receiver, page) = with_webhook();
    let rotated = browser.submit(&format!("{page}/rotate"), &[]).is(200).text;
    let next = secret_on(&rotated);
    assert!(next != receiver.secret && rotated.contains("both signatures"));
    let later = browser.get(&page).is(200).text;
    assert!(!later.contains(&next) && later.contains("You rotated the secret"));
    browser.submit(&format!("{page}/test"), &[]).is(303);
    let sent = receiver.next();
    assert_eq!(sent.header("webhook-signature").split(' ').count(), 2);
    wait_for_tries(&server, 1);
    server.pass(Span::Hours(25));
    until("the end of the rotation", || server.count("SELECT count(*) FROM webhooks WHERE flip_at IS NULL").eq(&1).then_some(()));
}

#[test]
fn a_webhook_is_changed_and_deleted_on_its_page() {
    let (server, mut browser, receiver, page) = with_webhook();
    let url = receiver.url();
    let change = [("url", url.as_str()), ("event", "payment.received"), ("event", "lead.captured"), ("agent", "")];
    browser.submit(&page, &change).is(303);
    assert_eq!(server.count("SELECT count(*) FROM webhooks WHERE events = 'lead.captured,payment.received'"), 1);
    assert!(browser.submit(&page, &[("url", &url)]).is(422).text.contains("choose at least one event"));
    assert_eq!(browser.submit(&format!("{page}/delete"), &[]).is(303).header("location"), "/webhooks?done=deleted");
    assert_eq!(server.count("SELECT count(*) FROM webhooks"), 0);
    browser.get(&page).is(404);
}

#[test]
fn events_are_listed_with_their_payloads_and_by_type() {
    let (server, mut browser) = signed_in();
    assert!(browser.get("/events").is(200).text.contains("No events yet"));
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    server.visitor(&agent).lead(&json!({ "email": "jane@example.com", "name": "<i>Jane" })).is(201);
    let page = browser.get("/events?type=lead.captured").is(200).text;
    assert!(page.contains("jane@example.com") && !page.contains("<i>Jane"));
    let other = browser.get("/events?type=payment.received").is(200).text;
    assert!(other.contains("No events of this type") && !other.contains("jane@example.com"));
}

#[test]
fn b03_the_webhooks_and_deliveries_of_others_do_not_exist() {
    let (server, mut browser) = signed_in();
    let stranger = server.sign_up("stranger@example.com");
    let mut receiver = Receiver::listen();
    let made = stranger.post(WEBHOOKS, &json!({ "url": receiver.url(), "events": ["lead.captured"] })).is(201);
    receiver.id = made.id();
    let delivery = stranger.post(&format!("{WEBHOOKS}/{}/test", receiver.id), &json!({})).is(202).id();
    let page = format!("/webhooks/{}", receiver.id);
    browser.get(&page).is(404);
    browser.get(&format!("{page}/deliveries/{delivery}")).is(404);
    browser.get("/webhooks").is(200);
    for action in
        ["", "/enable", "/disable", "/rotate", "/test", "/recover", "/delete", &format!("/deliveries/{delivery}/resend")]
    {
        let fields = [("url", "https://example.com/"), ("event", "lead.captured"), ("since", "2020-01-01T00:00")];
        browser.submit(&format!("{page}{action}"), &fields).is(404);
    }
    assert!(!browser.get("/webhooks").text.contains(&receiver.url()) && !browser.get("/events").text.contains("webhook.test"));
    let mut own = Receiver::listen();
    let mine = register(&mut browser, &mut own);
    browser.get(&format!("{mine}/deliveries/{delivery}")).is(404);
}
