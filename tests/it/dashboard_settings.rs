//! A person's own settings, and what the first page says of their account.

use serde_json::json;

use crate::browser::{Browser, EMAIL, PASSWORD, between, own_api, signed_in};
use crate::server::Span;

const NEW_PASSWORD: &str = "battery staple correct";

#[test]
fn g04_a_changed_password_ends_every_other_session() {
    let (server, mut browser) = signed_in();
    let mut other = Browser::new(&server);
    other.sign_in(PASSWORD).is(303);
    browser.get("/settings/security").is(200);
    let before = browser.client.clone();
    let refused = browser.submit("/settings/password", &[("password", "wrong"), ("new_password", NEW_PASSWORD)]).is(401).text;
    assert!(refused.contains("is not your password") && !refused.contains(NEW_PASSWORD));
    let refused = browser.submit("/settings/password", &[("password", PASSWORD), ("new_password", "password")]).is(422).text;
    assert!(refused.contains("is too common"));
    browser.submit("/settings/password", &[("password", PASSWORD), ("new_password", NEW_PASSWORD)]).is(303);
    browser.get("/settings/security").is(200);
    for ended in [&other.client, &before] {
        ended.get("/settings/security").asks_to_sign_in();
    }
    Browser::new(&server).sign_in(PASSWORD).is(401);
    Browser::new(&server).sign_in(NEW_PASSWORD).is(303);
}

#[test]
fn the_password_in_force_cannot_be_guessed_with_a_stolen_session() {
    let (_server, mut browser) = signed_in();
    browser.get("/settings/security").is(200);
    for number in 0..5 {
        let guess = format!("guess {number}");
        browser.submit("/settings/password", &[("password", &guess), ("new_password", NEW_PASSWORD)]).is(401);
    }
    browser.submit("/settings/password", &[("password", PASSWORD), ("new_password", NEW_PASSWORD)]).is(429);
}

#[test]
fn sessions_are_listed_and_ended_one_by_one_or_all_but_this() {
    let (server, mut browser) = signed_in();
    let mut phone = Browser::new(&server);
    phone.client = phone.client.with("user-agent", "Mozilla/5.0 (iPhone; <b>) Safari/604.1");
    phone.sign_in(PASSWORD).is(303);
    let mut third = Browser::new(&server);
    third.sign_in(PASSWORD).is(303);
    let page = browser.get("/settings/security").is(200).text;
    assert!(page.contains("Safari on an iPhone") && page.contains("This session"));
    let phones = page.split("Safari on an iPhone").nth(1).unwrap();
    let id = between(phones, "name=\"session\" value=\"", "\"").unwrap().to_owned();
    browser.submit("/settings/sessions", &[("session", &id)]).is(303);
    phone.get("/settings/security").is(303);
    third.get("/settings/security").is(200);
    browser.submit("/settings/sessions", &[("session", &id)]).is(404);
    for nonsense in ["", "zz", "ü1", "00"] {
        browser.submit("/settings/sessions", &[("session", nonsense)]).is(404);
    }
    browser.submit("/settings/sessions", &[("session", "others")]).is(303);
    third.get("/settings/security").is(303);
    browser.get("/settings/security").is(200);
}

#[test]
fn the_address_that_one_signs_in_with_is_changed_with_a_proof() {
    let (server, mut browser) = signed_in();
    server.sign_up("taken@example.com");
    let path = "/settings/security/email";
    browser.get("/settings/security").is(200);
    for (wrong, says) in [("nobody", "must be an e-mail address"), ("Taken@example.com", "is already in use on this server")] {
        let refused = browser.submit(path, &[("email", wrong)]).is(422).text;
        assert!(refused.contains(says) && refused.contains(wrong), "{refused}");
    }
    server.pass(Span::Minutes(10));
    browser.submit(path, &[("email", "New@Example.com")]).is(401);
    assert_eq!(server.count("SELECT count(*) FROM users WHERE email = 'owner@example.com'"), 1);
    browser.submit(path, &[("email", "New@Example.com"), ("proof", PASSWORD)]).is(303);
    assert!(browser.get("/settings/security").is(200).text.contains("value=\"new@example.com\""));
    assert_eq!(server.count("SELECT count(*) FROM accounts WHERE email = 'new@example.com'"), 1);
    let mut other = Browser::new(&server);
    other.sign_in(PASSWORD).is(401);
    other.submit("/login", &[("email", "new@example.com"), ("password", PASSWORD)]).is(303);
}

#[test]
fn names_are_changed_on_the_settings_page() {
    let (_server, mut browser) = signed_in();
    browser.get("/settings").is(200);
    browser.submit("/settings", &[("name", "Jane <i>Doe")]).is(303);
    browser.submit("/settings/account", &[("account", "Acme & Sons")]).is(303);
    let page = browser.get("/settings").is(200).text;
    assert!(page.contains("Acme &#38; Sons") && page.contains("Jane &#60;i&#62;Doe"));
    let refused = browser.submit("/settings", &[("name", "")]).is(422).text;
    assert!(refused.contains("id=\"name-error\"") && refused.contains("value=\"Acme &#38; Sons\""));
    let long = "x".repeat(101);
    let refused = browser.submit("/settings/account", &[("account", &long)]).is(422).text;
    assert!(refused.contains("id=\"account-error\"") && refused.contains(&long));
    browser.get("/start/skip").is(303);
    assert!(browser.get("/").is(200).text.contains("Acme &#38; Sons"));
}

#[test]
fn payments_are_listed_with_their_invoices() {
    let (server, mut browser) = signed_in();
    assert!(browser.get("/settings").is(200).text.contains("No payments."));
    let paid = ["payment", "record", "--account", EMAIL, "--amount-cents", "2900", "--currency", "eur", "--plan", "scale"];
    server.cli(&paid).is(0);
    let page = browser.get("/settings").is(200).text;
    assert!(page.contains("29.00 EUR") && !page.contains("No payments."));
}

#[test]
fn the_first_page_counts_what_happened() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A", "knowledge_base": "Q: Where is parking?\nA: Behind the house." }));
    let visitor = server.visitor(&agent);
    for question in ["Where is parking?", "Do you repair violins?", "Where is parking?", "I am jane@example.com"] {
        visitor.ask(question);
    }
    let page = browser.get("/").is(200).text;
    assert!(page.contains("75 %") && page.contains("of 4 answers this month"), "{page}");
    assert!(page.contains("Conversations 1, Leads 1</title>") && page.contains("Do you repair violins?"));
    assert!(page.contains("All answers 4, From knowledge 3</title>") && page.contains("Answers are quoted from your content."));
    assert!(page.contains("example.com/pricing") && page.contains("1 of 1 conversations this month"));
    let stranger = server.sign_up("stranger@example.com");
    let theirs = stranger.agent(&json!({ "name": "B" }));
    server.visitor(&theirs).ask("Is there wifi?");
    let same = browser.get("/").is(200).text;
    assert!(same.contains("of 4 answers this month") && !same.contains("wifi"));
    server.pass(Span::Days(40));
    browser.sign_in(PASSWORD).is(303);
    let later = browser.get("/").is(200).text;
    assert!(later.contains("No conversations in the last 30 days.") && later.contains("of 0 answers this month"));
}
