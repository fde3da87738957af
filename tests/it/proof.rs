//! What is asked of somebody who is signed in already: the password again, for what a stolen session must not do.

use serde_json::json;

use crate::browser::{Browser, EMAIL, PASSWORD, between, own_api, signed_in};
use crate::http::Reply;
use crate::receiver::Receiver;
use crate::server::Span::{Minutes, Seconds};
use crate::server::TestServer;

const KEY: [(&str, &str); 3] = [("name", "CRM <sync> & \"co\""), ("permission", "agents:read"), ("permission", "leads:read")];

const INVITES: &str = "/settings/team/invites";

const fn invite(email: &str) -> [(&str, &str); 2] {
    [("email", email), ("role", "member")]
}

fn keys(server: &TestServer) -> i64 {
    server.count("SELECT count(*) FROM api_keys")
}

/// Signed in a while ago, with a form of the page on the screen.
fn unproven(path: &str) -> (TestServer, Browser) {
    let (server, mut browser) = signed_in();
    browser.get(path).is(200);
    server.pass(Minutes(10));
    (server, browser)
}

/// The hidden fields of the page that asks, as a browser sends them.
fn carried(page: &Reply) -> Vec<(String, String)> {
    let main = page.text.split("<form").find(|form| form.contains("name=\"proof\"")).unwrap();
    let inputs = main.split("<input type=\"hidden\" name=\"").skip(1).map(|input| {
        let (name, rest) = input.split_once("\" value=\"").unwrap();
        (name.to_owned(), read(rest.split_once('"').unwrap().0))
    });
    inputs.filter(|(name, _)| name != "csrf").collect()
}

fn read(text: &str) -> String {
    let signs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    signs.iter().fold(text.to_owned(), |text, (escaped, sign)| text.replace(escaped, sign))
}

fn confirm(browser: &mut Browser, page: &Reply, proof: &str) -> Reply {
    let action = page.text.split("<form").find(|form| form.contains("name=\"proof\"")).unwrap();
    let action = between(action, "action=\"", "\"").unwrap().to_owned();
    let fields = carried(page);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("proof", proof)]).collect();
    browser.submit(&action, &fields)
}

#[test]
fn a_key_made_long_after_signing_in_takes_the_password_and_nothing_typed_is_lost() {
    let (server, mut browser) = unproven("/settings/keys");
    let asked = browser.submit("/settings/keys", &KEY).is(401);
    assert!(asked.text.contains("Confirm it’s you") && !asked.text.contains("<sync>"));
    assert_eq!(keys(&server), 0);
    let wrong = confirm(&mut browser, &asked, "wrong but long").is(401);
    assert!(wrong.text.contains("id=\"proof-error\"") && !wrong.text.contains("wrong but long"));
    assert_eq!((carried(&wrong), keys(&server)), (carried(&asked), 0));
    let made = confirm(&mut browser, &wrong, PASSWORD).is(200);
    let key = between(&made.text, "<code>cfk_", "</code>").unwrap();
    let me = server.client().with("authorization", &format!("Bearer cfk_{key}")).get("/api/v1/me").is(200).json;
    assert_eq!((&me["key_name"], &me["permissions"]), (&json!(KEY[0].1), &json!(["agents:read", "leads:read"])));
}

#[test]
fn a_proof_holds_for_ten_minutes() {
    let (server, mut browser) = unproven("/settings/team");
    let asked = browser.submit(INVITES, &invite("a@example.com")).is(401);
    assert!(asked.text.contains("We won’t ask again for 10 minutes."));
    confirm(&mut browser, &asked, PASSWORD).is(200);
    server.pass(Seconds(599));
    browser.submit(INVITES, &invite("b@example.com")).is(200);
    server.pass(Seconds(1));
    browser.submit(INVITES, &invite("c@example.com")).is(401);
    assert_eq!(server.count("SELECT count(*) FROM invites"), 2);
}

#[test]
fn a_key_takes_the_password_each_time_however_lately_it_was_given() {
    let (server, mut browser) = signed_in();
    browser.get("/settings/keys").is(200);
    let asked = browser.submit("/settings/keys", &KEY).is(401);
    assert!(asked.text.contains("We ask this every time.") && keys(&server) == 0);
    confirm(&mut browser, &asked, "wrong but long").is(401);
    confirm(&mut browser, &asked, PASSWORD).is(200);
    let again = browser.submit("/settings/keys", &KEY).is(401);
    assert_eq!(keys(&server), 1);
    // What was proved on a page of its own is proved for other forms.
    let page = browser.get("/confirm").is(200);
    confirm(&mut browser, &page, PASSWORD).is(303);
    browser.submit("/settings/keys", &KEY).is(401);
    confirm(&mut browser, &again, PASSWORD).is(200);
    assert_eq!(keys(&server), 2);
}

#[test]
fn signing_in_is_a_proof_and_a_clock_that_goes_back_is_none() {
    let (server, mut browser) = signed_in();
    browser.get("/settings/team").is(200);
    server.pass(Minutes(-1));
    browser.submit(INVITES, &invite("a@example.com")).is(401);
    server.pass(Minutes(1));
    browser.submit(INVITES, &invite("a@example.com")).is(200);
    assert_eq!(server.count("SELECT count(*) FROM invites"), 1);
}

#[test]
fn a_proof_counts_in_its_own_session_only() {
    let (server, mut browser) = signed_in();
    let mut other = Browser::new(&server);
    other.sign_in(PASSWORD).is(303);
    for browser in [&mut browser, &mut other] {
        browser.get("/settings/team").is(200);
    }
    server.pass(Minutes(10));
    let asked = browser.submit(INVITES, &invite("a@example.com")).is(401);
    confirm(&mut browser, &asked, PASSWORD).is(200);
    other.submit(INVITES, &invite("b@example.com")).is(401);
    browser.submit(INVITES, &invite("b@example.com")).is(200);
}

#[test]
fn whoever_stole_a_session_cannot_guess_the_password_with_it() {
    let (server, mut browser) = unproven("/settings/keys");
    let mut asked = browser.submit("/settings/keys", &KEY).is(401);
    for number in 0..5 {
        asked = confirm(&mut browser, &asked, &format!("guess {number}")).is(401);
    }
    let computed = server.app().hashes.computed();
    let locked = confirm(&mut browser, &asked, PASSWORD).is(429);
    assert_eq!((locked.header("retry-after"), server.app().hashes.computed()), ("1", computed));
    assert!(locked.text.contains("Try again in 1 s") && carried(&locked) == carried(&asked));
    server.pass(Seconds(1));
    confirm(&mut browser, &locked, PASSWORD).is(200);
    assert_eq!(keys(&server), 1);
}

#[test]
fn g08_a_proof_longer_than_any_password_is_refused_before_it_is_hashed() {
    let (server, mut browser) = unproven("/settings/keys");
    let computed = server.app().hashes.computed();
    let asked = browser.submit("/settings/keys", &KEY).is(401);
    confirm(&mut browser, &asked, &"x".repeat(257)).is(422);
    confirm(&mut browser, &asked, &"x".repeat(1_000_000)).is(422);
    assert_eq!((server.app().hashes.computed(), keys(&server)), (computed, 0));
}

#[test]
fn a_form_too_large_to_be_kept_is_refused_and_not_cut() {
    let (_server, mut browser) = unproven("/settings/keys");
    browser.submit("/settings/keys", &[("name", &"x".repeat(70_000)), ("permission", "agents:read")]).is(413);
}

#[test]
fn g01_a_proof_from_another_site_is_none() {
    let (server, browser) = unproven("/settings/keys");
    let fields = [("proof", PASSWORD), ("name", "Theirs"), ("permission", "agents:read"), ("csrf", browser.csrf.as_str())];
    browser.client.with("sec-fetch-site", "cross-site").form("/settings/keys", &fields).is(403);
    browser.client.form("/settings/keys", &fields[..3]).is(403);
    browser.client.form("/confirm", &[("proof", PASSWORD)]).is(403);
    assert_eq!(keys(&server), 0);
}

#[test]
fn a_secret_of_a_webhook_is_shown_to_nobody_who_has_not_proved_who_they_are() {
    let (server, mut browser) = signed_in();
    let receiver = Receiver::listen();
    let events = json!({ "url": receiver.url(), "events": ["lead.captured"] });
    let webhook = own_api(&server).post("/api/v1/webhooks", &events).is(201).id();
    server.pass(Minutes(10));
    browser.get(&format!("/webhooks/{webhook}")).is(200);
    let asked = browser.submit(&format!("/webhooks/{webhook}/rotate"), &[]).is(401);
    assert!(!asked.text.contains("whsec_"));
    assert_eq!(server.count("SELECT count(*) FROM webhooks WHERE next_secret IS NOT NULL"), 0);
    assert!(confirm(&mut browser, &asked, PASSWORD).is(200).text.contains("whsec_"));
    server.pass(Minutes(10));
    let other = Receiver::listen();
    let fields = [("url", other.url()), ("agent", String::new()), ("event", "lead.captured".into())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    browser.get("/webhooks").is(200);
    let asked = browser.submit("/webhooks", &fields).is(401);
    assert!(confirm(&mut browser, &asked, PASSWORD).is(200).text.contains("whsec_"));
    assert_eq!(server.count("SELECT count(*) FROM webhooks"), 2);
}

#[test]
fn g11_the_page_that_asks_leads_on_inside_this_server_only() {
    let (server, mut browser) = unproven("/settings/keys");
    let mut led_to = |next: &str| {
        let page = browser.get(&format!("/confirm?next={next}")).is(200);
        confirm(&mut browser, &page, PASSWORD).is(303).header("location").to_owned()
    };
    assert_eq!(led_to("/leads%3Fq=jane"), "/leads?q=jane");
    for foreign in ["//evil.example", "/\\evil.example", "https:evil.example", ""] {
        assert_eq!(led_to(foreign), "/");
    }
    browser.get("/settings/team").is(200);
    browser.submit(INVITES, &invite("a@example.com")).is(200);
    server.client().get("/confirm").asks_to_sign_in();
    assert_eq!(server.count(&format!("SELECT count(*) FROM users WHERE email = '{EMAIL}'")), 1);
}
