//! Attacks on the way into the dashboard. Those on its forms and its content stand with their pages.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher};

use crate::browser::{Browser, EMAIL, PASSWORD, between, signed_in};
use crate::http::{Client, Reply};
use crate::server::Span::{Hours, Minutes, Seconds};
use crate::server::TestServer;

/// A server behind a proxy, so that a client can come from any address.
fn proxied() -> TestServer {
    let server = TestServer::empty_with(|config| config.server.trusted_proxies = vec!["127.0.0.1".into()]);
    crate::browser::set_up(&server);
    server
}

/// A browser at an address, on the page where one signs in.
fn at(server: &TestServer, address: &str) -> Browser {
    let mut browser = Browser::new(server);
    browser.client = browser.client.with("x-forwarded-for", address);
    browser.get("/login").is(200);
    browser
}

fn log_in(browser: &mut Browser, email: &str, password: &str) -> Reply {
    browser.submit("/login", &[("email", email), ("password", password)])
}

fn cookies(reply: &Reply) -> Vec<String> {
    let lines = reply.headers.get_all("set-cookie").iter();
    lines.map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned()).collect()
}

#[test]
fn g03_signing_in_ends_the_session_that_the_browser_had() {
    let (server, browser) = signed_in();
    let before = browser.client.clone();
    let mut again = at(&server, "192.0.2.1");
    again.client = again.client.with("cookie", before.sent("cookie"));
    let reply = log_in(&mut again, EMAIL, PASSWORD).is(303);
    assert!(!cookies(&reply).contains(&before.sent("cookie").to_owned()));
    before.get("/agents").asks_to_sign_in();
    again.get("/agents").is(200);
}

#[test]
fn g06_a_thousand_guesses_from_two_hundred_addresses_are_a_few() {
    let server = proxied();
    let mut browser = at(&server, "192.0.2.1");
    let token = browser.csrf.clone();
    let computed = server.app().hashes.computed();
    let guess = |number: usize| {
        let client = browser.client.with("x-forwarded-for", &format!("198.51.100.{}", number % 200));
        client.form("/login", &[("email", EMAIL), ("password", "wrong but long"), ("csrf", &token)]).status
    };
    let mut tried = 0;
    for number in 0..1_000 {
        let status = guess(number);
        assert!(matches!(status, 401 | 429), "{status}");
        tried += i32::from(status == 401);
        server.pass(Seconds(1));
    }
    // Of one network: forty at once, six while the wait doubles, and one a minute.
    assert!((55..=65).contains(&tried), "{tried}");
    assert_eq!(server.app().hashes.computed() - computed, u64::try_from(tried).unwrap());
    server.pass(Minutes(1));
    log_in(&mut browser, EMAIL, PASSWORD).is(303);
}

#[test]
fn g06_a_lock_is_told_before_anything_is_computed_and_says_how_long_it_lasts() {
    let (server, _) = signed_in();
    let mut browser = Browser::new(&server);
    for email in [EMAIL, "nobody@example.com"] {
        browser.get("/login").is(200);
        for _ in 0..5 {
            log_in(&mut browser, email, "wrong but long").is(401);
        }
        let computed = server.app().hashes.computed();
        let locked = log_in(&mut browser, email, PASSWORD).is(429);
        assert_eq!((locked.header("retry-after"), server.app().hashes.computed()), ("1", computed));
        assert!(locked.text.contains("Try again in 1 s") && locked.text.contains(email));
        server.pass(Minutes(1));
    }
    browser.sign_in(PASSWORD).is(303);
    // What failed before is forgotten.
    let mut browser = Browser::new(&server);
    for _ in 0..5 {
        browser.sign_in("wrong but long").is(401);
    }
    server.pass(Hours(24));
    for _ in 0..5 {
        browser.sign_in("wrong but long").is(401);
    }
}

#[test]
fn g06_whoever_guesses_elsewhere_does_not_keep_its_owner_out() {
    let server = proxied();
    let mut own = at(&server, "192.0.2.1");
    let device = cookies(&log_in(&mut own, EMAIL, PASSWORD).is(303)).into_iter().find(|cookie| cookie.starts_with("cf_device="));
    let device = device.unwrap();
    let guess = |client: &Client, number: usize, token: &str| {
        let client = client.with("x-forwarded-for", &format!("198.51.100.{number}"));
        client.form("/login", &[("email", EMAIL), ("password", "wrong but long"), ("csrf", token)]).status
    };
    let stranger = at(&server, "198.51.100.1");
    let tried = (0..100).filter(|number| guess(&stranger.client, *number, &stranger.csrf) == 401).count();
    // Forty of their network, not five for each of them.
    assert_eq!(tried, 40);
    log_in(&mut at(&server, "203.0.113.2"), EMAIL, PASSWORD).is(303);
    let mut beside = at(&server, "198.51.100.200");
    log_in(&mut beside, EMAIL, PASSWORD).is(429);
    let mut back = at(&server, "198.51.100.201");
    back.client = back.client.with("cookie", &device);
    log_in(&mut back, EMAIL, PASSWORD).is(303);
    // It opens nothing, and whoever has stolen it guesses no faster.
    let thief = at(&server, "198.51.100.1");
    let thief = thief.client.with("cookie", &device);
    thief.get("/agents").asks_to_sign_in();
    assert_eq!((100..200).filter(|number| guess(&thief, *number, &stranger.csrf) == 401).count(), 5);
}

#[test]
fn g06_an_address_has_ten_tries_in_a_minute_at_whomevers_door() {
    let server = proxied();
    let mut browser = at(&server, "192.0.2.1");
    for number in 0..10 {
        log_in(&mut browser, &format!("nobody{number}@example.com"), "wrong but long").is(401);
    }
    log_in(&mut browser, EMAIL, PASSWORD).is(429);
    log_in(&mut at(&server, "192.0.2.2"), EMAIL, PASSWORD).is(303);
    server.pass(Minutes(1));
    log_in(&mut browser, EMAIL, PASSWORD).is(303);
}

#[test]
fn g07_an_unknown_person_costs_the_work_of_a_known_one_and_is_answered_alike() {
    let (server, _) = signed_in();
    let mut browser = Browser::new(&server);
    browser.get("/login").is(200);
    let mut answer = |email: &str| {
        let computed = server.app().hashes.computed();
        let reply = log_in(&mut browser, email, "wrong but long").is(401);
        let csrf = between(&reply.text, "name=\"csrf\" value=\"", "\"").unwrap();
        (server.app().hashes.computed() - computed, reply.text.replace(csrf, "").replace(email, ""), cookies(&reply))
    };
    let (known, unknown) = (answer(EMAIL), answer("nobody@example.com"));
    assert_eq!(known, unknown);
    assert_eq!(known.0, 1);
}

#[test]
fn g08_a_password_longer_than_any_is_refused_before_it_is_hashed() {
    let (server, mut known) = signed_in();
    known.get("/settings/security").is(200);
    let mut browser = Browser::new(&server);
    browser.get("/login").is(200);
    let computed = server.app().hashes.computed();
    for length in [257, 10_000, 1_000_000] {
        let long = "x".repeat(length);
        log_in(&mut browser, EMAIL, &long).is(422);
        known.submit("/settings/password", &[("password", &long), ("new_password", "battery staple correct")]).is(422);
        known.get("/settings/security").is(200);
        known.submit("/settings/password", &[("password", PASSWORD), ("new_password", &long)]).is(422);
        browser.get("/login").is(200);
    }
    assert_eq!(server.app().hashes.computed(), computed);
    browser.sign_in(PASSWORD).is(303);
}

#[test]
fn g09_a_flood_of_sign_ins_is_told_to_come_again_and_that_is_no_wrong_password() {
    let server = proxied();
    let browser = at(&server, "192.0.2.1");
    let (barrier, token) = (Barrier::new(150), browser.csrf.clone());
    let sign_in = |number: usize, password: &str| {
        let client = browser.client.without("cookie").with("x-forwarded-for", &format!("198.18.{number}.1"));
        client.form("/login", &[("email", EMAIL), ("password", password), ("csrf", &token)])
    };
    let replies: Vec<Reply> = thread::scope(|scope| {
        let one = |number| {
            barrier.wait();
            sign_in(number, "wrong but long")
        };
        let threads: Vec<_> = (0..150).map(|number| scope.spawn(move || one(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let busy: Vec<_> = replies.iter().filter(|reply| reply.status == 503).collect();
    assert_eq!(replies.iter().filter(|reply| reply.status == 401).count() + busy.len(), 150);
    assert!(!busy.is_empty());
    assert!(busy[0].number("retry-after") > 0 && busy[0].header("content-type").starts_with("text/html"));
    // Those who were refused have failed at nothing, so each has five attempts.
    let refused = replies.iter().position(|reply| reply.status == 503).unwrap();
    (0..5).for_each(|_| drop(sign_in(refused, "wrong but long").is(401)));
    sign_in(refused, PASSWORD).is(429);
}

#[test]
fn g09_one_network_that_floods_keeps_nobody_else_out() {
    let server = proxied();
    let browser = at(&server, "192.0.2.1");
    let (token, stop) = (browser.csrf.clone(), AtomicBool::new(false));
    let flood = |number: usize| {
        let mut answered = 0_usize;
        while !stop.load(Ordering::Relaxed) {
            let address = format!("2001:db8:5:{:x}::1", number * 1_000 + answered);
            let client = browser.client.without("cookie").with("x-forwarded-for", &address);
            let fields = [("email", EMAIL), ("password", "wrong but long"), ("csrf", token.as_str())];
            assert!(matches!(client.form("/login", &fields).status, 401 | 429 | 503));
            answered += 1;
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..12).map(|number| scope.spawn(move || flood(number))).collect();
        for number in 0..5 {
            let mut owner = at(&server, &format!("203.0.113.{number}"));
            log_in(&mut owner, EMAIL, PASSWORD).is(303);
        }
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn g11_signing_in_leads_back_to_the_page_that_was_asked_for_and_nowhere_else() {
    let (server, _) = signed_in();
    let mut browser = Browser::new(&server);
    let led_to = |next: &str| {
        let mut browser = browser.clone();
        browser.get("/login").is(200);
        browser
            .submit("/login", &[("email", EMAIL), ("password", PASSWORD), ("next", next)])
            .is(303)
            .header("location")
            .to_owned()
    };
    assert_eq!(led_to("/leads?q=jane"), "/leads?q=jane");
    for foreign in
        ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/", "/.//evil.example", "\t//x"]
    {
        assert_eq!(led_to(foreign), "/", "{foreign}");
    }
    let asked = browser.get("/leads?q=jane&status=new").is(303).header("location").to_owned();
    assert_eq!(asked, "/login?next=%2Fleads%3Fq%3Djane%26status%3Dnew");
    let page = browser.get(&asked).is(200);
    let next = between(&page.text, "name=\"next\" value=\"", "\"").unwrap().replace("&#38;", "&");
    assert_eq!(next, "/leads?q=jane&status=new");
    let wrong = browser.submit("/login", &[("email", EMAIL), ("password", "wrong but long"), ("next", &next)]).is(401);
    assert!(wrong.text.contains("name=\"next\" value=\"/leads?q=jane&#38;status=new\""));
    browser.submit("/login", &[("email", EMAIL), ("password", PASSWORD), ("next", &next)]).is(303);
    // Whoever is signed in goes on at once.
    assert_eq!(browser.get(&asked).is(303).header("location"), next);
    assert_eq!(browser.get("/login?next=//evil.example").is(303).header("location"), "/");
    for attack in ["/login?next=//evil.example", "/login?next=/%5Cevil.example", "/login?next=\"><script>"] {
        let page = Browser::new(&server).get(&attack.replace('"', "%22").replace('<', "%3C").replace('>', "%3E")).is(200).text;
        assert!(page.contains("name=\"next\" value=\"/\""), "{attack}");
    }
}

#[test]
fn g16_a_session_whose_row_was_changed_or_is_too_old_is_none() {
    let (server, mut browser) = signed_in();
    let change = |sql: &str| assert_eq!(server.database_to_fill().execute(sql, []).unwrap(), 1, "{sql}");
    server.database_to_fill().execute("DELETE FROM sessions", []).unwrap();
    for (column, ms) in [("created_at", 7 * 24), ("seen_at", 12)].map(|(column, hours)| (column, hours * 3_600_000)) {
        browser.sign_in(PASSWORD).is(303);
        browser.get("/agents").is(200);
        change(&format!("UPDATE sessions SET {column} = {column} - {ms}"));
        browser.get("/agents").asks_to_sign_in();
        server.database_to_fill().execute("DELETE FROM sessions", []).unwrap();
    }
    browser.sign_in(PASSWORD).is(303);
    change("UPDATE sessions SET token_hash = zeroblob(32)");
    browser.get("/agents").asks_to_sign_in();
}

#[test]
fn a_password_that_was_hashed_more_cheaply_is_hashed_anew_at_the_next_sign_in() {
    let (server, _) = signed_in();
    let cheaper = Argon2::from(Params::new(8_192, 1, 1, None).unwrap());
    let cheap: PasswordHash = cheaper.hash_password_with_salt(PASSWORD.as_bytes(), b"salt of sixteen!").unwrap();
    let cheap = cheap.to_string();
    server.database_to_fill().execute("UPDATE users SET password_hash = ?1", [&cheap]).unwrap();
    let mut browser = Browser::new(&server);
    browser.sign_in("wrong but long").is(401);
    assert_eq!(server.count(&format!("SELECT count(*) FROM users WHERE password_hash = '{cheap}'")), 1);
    browser.sign_in(PASSWORD).is(303);
    assert_eq!(server.count("SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'"), 1);
    Browser::new(&server).sign_in(PASSWORD).is(303);
}
