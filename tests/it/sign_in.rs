//! How people get into the dashboard, stay in it, and leave.

use crate::browser::{Browser, EMAIL, PASSWORD, between, set_up, signed_in};
use crate::server::Span::{Days, Hours, Minutes};
use crate::server::TestServer;

#[test]
fn g13_the_set_up_link_works_once() {
    let server = TestServer::empty();
    let path = server.setup_path();
    let mut browser = set_up(&server);
    browser.get("/agents").is(200);
    let mut late = Browser::new(&server);
    late.get(&path).is(404);
    assert_eq!(server.count("SELECT count(*) FROM users"), 1);
}

#[test]
fn g13_of_six_who_use_the_set_up_link_at_once_one_gets_in() {
    let server = TestServer::empty();
    let path = server.setup_path();
    let token = path.split_once('=').unwrap().1.to_owned();
    let mut browsers: Vec<_> = (0..6).map(|_| Browser::new(&server)).collect();
    browsers.iter_mut().for_each(|browser| drop(browser.get(&path).is(200)));
    let begin = std::sync::Barrier::new(6);
    let replies: Vec<_> = std::thread::scope(|scope| {
        let send = |(number, browser): (usize, &mut Browser)| {
            let email = format!("a{number}@example.com");
            let (token, begin, mut browser) = (token.as_str(), &begin, browser.clone());
            scope.spawn(move || {
                let fields =
                    [("token", token), ("account", "Acme"), ("name", "J"), ("email", email.as_str()), ("password", PASSWORD)];
                begin.wait();
                browser.submit("/setup", &fields)
            })
        };
        let threads: Vec<_> = browsers.iter_mut().enumerate().map(send).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 303);
    assert_eq!((won.len(), lost.len()), (1, 5));
    let gone = server.client().get("/setup?token=wrong").is(404).text;
    for reply in lost {
        assert_eq!(reply.header("set-cookie"), "");
        assert_eq!(reply.is(404).text, gone);
    }
    for table in ["users", "accounts", "sessions", "audit_log WHERE action = 'account.created'"] {
        assert_eq!(server.count(&format!("SELECT count(*) FROM {table}")), 1, "{table}");
    }
    server.cli(&["admin", "create", "--email", "second@example.com"]).is(0);
    assert_eq!(server.count("SELECT count(*) FROM accounts"), 2);
}

#[test]
fn g13_a_set_up_link_is_good_for_half_an_hour_and_to_the_letter() {
    let server = TestServer::empty();
    let mut browser = Browser::new(&server);
    for wrong in ["/setup", "/setup?token=", "/setup?token=wrong"] {
        browser.get(wrong).is(404);
    }
    server.pass(Minutes(30));
    browser.get(&server.setup_path()).is(404);
    assert_eq!(server.count("SELECT count(*) FROM users"), 0);
}

#[test]
fn a_refused_set_up_shows_what_is_wrong_and_keeps_the_link() {
    let server = TestServer::empty();
    let mut browser = Browser::new(&server);
    let path = server.setup_path();
    let token = path.split_once('=').unwrap().1.to_owned();
    for (email, password) in [(EMAIL, "short"), (EMAIL, "password"), ("nobody", PASSWORD)] {
        browser.get(&path).is(200);
        let fields = [("token", token.as_str()), ("account", "Acme"), ("name", "J"), ("email", email), ("password", password)];
        let refused = browser.submit("/setup", &fields).is(422);
        assert!(refused.text.contains("field-error") && !refused.text.contains(PASSWORD), "{}", refused.text);
    }
    assert_eq!(server.count("SELECT count(*) FROM users"), 0);
}

#[test]
fn a_wrong_password_and_an_unknown_person_are_answered_alike() {
    let (server, _) = signed_in();
    let mut browser = Browser::new(&server);
    let mut refused = |email: &str| {
        browser.get("/login").is(200);
        let reply = browser.submit("/login", &[("email", email), ("password", "wrong but long")]).is(401);
        assert!(reply.header("set-cookie").is_empty());
        let alert = between(&reply.text, "role=\"alert\">", "<").unwrap().to_owned();
        (alert, reply.text.len() - 2 * email.len())
    };
    let (known, unknown) = (refused(EMAIL), refused("nobody@example.com"));
    assert_eq!(known.0, unknown.0);
    browser.sign_in(PASSWORD).is(303);
    browser.get("/agents").is(200);
}

#[test]
fn g04_signing_out_ends_the_session() {
    let (_server, mut browser) = signed_in();
    browser.get("/agents").is(200);
    let signed_in = browser.client.clone();
    let out = browser.submit("/logout", &[]).is(303);
    assert_eq!(out.header("location"), "/login");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    for path in ["/agents", "/conversations", "/leads", "/settings/keys"] {
        signed_in.get(path).asks_to_sign_in();
    }
}

#[test]
fn g04_a_new_password_ends_every_session() {
    let (server, mut browser) = signed_in();
    let changed = server.cli(&["admin", "reset-password", "--email", EMAIL]).is(0);
    assert!(changed.stderr.contains(EMAIL));
    browser.get("/agents").asks_to_sign_in();
    browser.sign_in(PASSWORD).is(401);
}

#[test]
fn g16_a_session_ends_when_it_is_not_used() {
    let (server, mut browser) = signed_in();
    server.pass(Hours(11));
    browser.get("/agents").is(200);
    server.pass(Hours(13));
    browser.get("/agents").asks_to_sign_in();
    browser.sign_in(PASSWORD).is(303);
    browser.get("/agents").is(200);
    server.pass(Days(7));
    browser.get("/agents").is(303);
}

#[test]
fn g03_a_cookie_that_was_planted_is_not_taken_over() {
    let (server, _) = signed_in();
    let mut browser = Browser::new(&server);
    browser.client = browser.client.with("cookie", "cf_session=planted");
    let cookie = browser.sign_in(PASSWORD).is(303).header("set-cookie").to_owned();
    assert!(cookie.starts_with("cf_session=") && !cookie.contains("planted"));
    let planted = server.client().with("cookie", "cf_session=planted");
    planted.get("/agents").asks_to_sign_in();
}

#[test]
fn g05_the_cookie_is_for_this_host_and_no_script() {
    let server = TestServer::empty();
    let cookie = cookie_of(&server);
    assert!(cookie.starts_with("cf_session=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let server = TestServer::empty_with(|config| config.server.public_url = "https://chat.example.com".into());
    let cookie = cookie_of(&server);
    assert!(cookie.starts_with("__Host-cf_session=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    assert!(!cookie.contains("Domain"));
}

fn cookie_of(server: &TestServer) -> String {
    set_up(server);
    let mut browser = Browser::new(server);
    browser.sign_in(PASSWORD).is(303).header("set-cookie").to_owned()
}

#[test]
fn g01_signing_in_needs_a_form_of_ours_too() {
    let (server, _) = signed_in();
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    let client = server.client();
    client.form("/login", &fields).is(403);
    let mut browser = Browser::new(&server);
    browser.get("/login").is(200);
    let fields = [("email", EMAIL), ("password", PASSWORD), ("csrf", browser.csrf.as_str())];
    client.with("sec-fetch-site", "cross-site").form("/login", &fields).is(403);
    server.pass(Hours(12));
    client.form("/login", &fields).is(403);
}
