//! The log of who did what.

use serde_json::json;

use crate::browser::{Browser, EMAIL, PASSWORD, between, own_api, signed_in};
use crate::http::raw;
use crate::server::Span::{Days, Minutes};
use crate::server::{TestServer, until};

/// Action, actor's name and target of every entry, oldest first.
fn entries(server: &TestServer) -> Vec<(String, String, String)> {
    server.store_settles();
    let db = server.database();
    let mut find = db.prepare("SELECT action, actor_name, target FROM audit_log ORDER BY id").unwrap();
    find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect()
}

fn actions(server: &TestServer) -> Vec<String> {
    entries(server).into_iter().map(|(action, _, _)| action).collect()
}

#[test]
fn what_a_person_does_is_written_down_with_who_where_and_what() {
    let server = TestServer::empty_with(|config| config.server.trusted_proxies = vec!["127.0.0.1".into()]);
    let mut browser = crate::browser::set_up(&server);
    browser.client = browser
        .client
        .with("x-forwarded-for", "2001:db8:1:2:3::4")
        .with("user-agent", "Mozilla/5.0 (Windows) Firefox/140.0")
        .with("x-request-id", "request-1");
    browser.get("/agents").is(200);
    let made = browser.submit("/agents", &[("name", "B"), ("color", "#112233"), ("greeting", "Hi")]).is(303);
    let agent = between(made.header("location"), "/agents/", "?").unwrap().to_owned();
    browser.submit(&format!("/agents/{agent}/deactivate"), &[]).is(303);
    assert_eq!(
        entries(&server),
        [
            ("account.created".into(), "Jane".into(), String::new()),
            ("agent.created".into(), "Jane".into(), agent.clone()),
            ("agent.deactivated".into(), "Jane".into(), agent.clone()),
        ]
    );
    let origin = "SELECT count(*) FROM audit_log WHERE address = '2001:db8:1:2::/64' AND request_id = 'request-1'
                  AND user_agent LIKE '%Firefox%' AND actor = (SELECT id FROM users) AND account = (SELECT id FROM accounts)";
    assert_eq!(server.count(origin), 2);
    let page = browser.get("/settings/audit").is(200).text;
    assert!(page.contains("Agent created") && page.contains(&agent) && page.contains("Firefox on Windows"), "{page}");
}

#[test]
fn what_was_refused_is_not_written_down() {
    let (server, mut browser) = signed_in();
    let mut viewer = Browser::colleague_as(&server, "Vera", "viewer");
    let before = actions(&server);
    browser.get("/agents").is(200);
    browser.submit("/agents", &[("name", "")]).is(422);
    browser.submit("/agents/agt_a1b2c3d4e5/deactivate", &[]).is(404);
    browser.client.form("/agents", &[("name", "B")]).is(403);
    viewer.get("/agents").is(200);
    viewer.submit("/agents", &[("name", "B")]).is(403);
    own_api(&server).post("/api/v1/agents", &json!({ "name": "" })).is(422);
    assert_eq!(actions(&server), before);
}

#[test]
fn sign_in_sign_out_and_passwords_are_written_down() {
    let (server, mut browser) = signed_in();
    browser.get("/agents").is(200);
    browser.submit("/logout", &[]).is(303);
    browser.sign_in("wrong but long").is(401);
    browser.sign_in(PASSWORD).is(303);
    browser.get("/settings").is(200);
    let new = "battery staple correct";
    browser.submit("/settings/password", &[("password", PASSWORD), ("new_password", new)]).is(303);
    server.cli(&["admin", "reset-password", "--email", EMAIL]).is(0);
    let expected = [
        "account.created",
        "access.signed_out",
        "access.sign_in_refused",
        "access.signed_in",
        "access.password_changed",
        "access.password_reset",
    ];
    assert_eq!(actions(&server), expected);
    assert_eq!(entries(&server)[2].1, "Somebody");
    assert_eq!(entries(&server)[5].1, "Command line");
}

#[test]
fn g06_a_guesser_makes_one_entry_a_minute_that_counts() {
    let (server, _owner) = signed_in();
    let mut browser = Browser::new(&server);
    for _ in 0..5 {
        browser.sign_in("wrong but long").is(401);
    }
    let mut stranger = Browser::new(&server);
    stranger.get("/login").is(200);
    stranger.submit("/login", &[("email", "nobody@example.com"), ("password", PASSWORD)]).is(401);
    server.store_settles();
    let counts = "SELECT group_concat(times) FROM (SELECT times FROM audit_log WHERE actor = 'stranger' ORDER BY id)";
    let told = || -> String { server.database().query_row(counts, [], |row| row.get(0)).unwrap() };
    assert_eq!(told(), "1");
    server.pass(Minutes(1));
    until("the others are told of", || Some(()).filter(|()| told() == "1,4"));
    server.pass(Minutes(1));
    browser.sign_in("wrong but long").is(401);
    server.store_settles();
    assert_eq!(told(), "1,4,1");
}

#[test]
fn what_a_key_changes_is_written_down_once() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    server.get("/api/v1/agents").is(200);
    let once = server.with("idempotency-key", "k-1");
    let made = once.post("/api/v1/agents", &json!({ "name": "B" })).is(201).id();
    assert_eq!(once.post("/api/v1/agents", &json!({ "name": "B" })).is(201).id(), made);
    server.delete(&format!("/api/v1/agents/{agent}")).is(200);
    let expected = [("agent.created", &agent), ("agent.created", &made), ("agent.deactivated", &agent)];
    let expected = expected.map(|(action, target)| (action.to_owned(), "Production".to_owned(), target.clone()));
    assert_eq!(entries(&server), expected);
    assert_eq!(server.count("SELECT count(*) FROM audit_log WHERE actor IN (SELECT id FROM api_keys)"), 3);
}

#[test]
fn exports_and_deletions_are_written_down() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    server.visitor(&agent).ask("I am jane@example.com");
    let conversation = server.conversations_of(&api, &agent);
    browser.get("/leads/export").is(200);
    browser.get(&format!("/conversations/{conversation}/export?format=json")).is(200);
    browser.get(&format!("/conversations/{conversation}/export?format=none")).is(400);
    browser.get("/conversations").is(200);
    browser.submit(&format!("/conversations/{conversation}/delete-visitor"), &[]).is(303);
    browser.get("/settings/audit/export").is(200);
    let found = entries(&server);
    let names: Vec<_> = found.iter().map(|(action, _, target)| (action.as_str(), target.as_str())).collect();
    let conversation = conversation.as_str();
    assert_eq!(
        names[2..],
        [
            ("lead.exported", ""),
            ("conversation.exported", conversation),
            ("visitor.deleted", conversation),
            ("audit.exported", "")
        ]
    );
}

#[test]
fn commands_are_written_down_too() {
    let (server, _browser) = signed_in();
    server.cli(&["key", "create", "--name", "CRM"]).is(0);
    server.cli(&["account", "set-plan", EMAIL, "scale"]).is(0);
    let found = entries(&server);
    assert_eq!((found[1].0.as_str(), found[1].1.as_str()), ("key.created", "Command line"));
    assert!(found[1].2.starts_with("key_"));
    assert_eq!(found[2].0, "account.plan_changed");
}

#[test]
fn nothing_secret_and_nothing_that_was_written_stands_in_the_log() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    server.visitor(&agent).ask("I am jane@example.com");
    let conversation = server.conversations_of(&api, &agent);
    let page = browser.make_key(&[("name", "CRM"), ("permission", "leads:read")]).is(200).text;
    let key = between(&page, "data-copy=\"", "\"").unwrap().to_owned();
    assert!(key.starts_with("cfk_"));
    browser.get("/settings/team").is(200);
    let page = browser.submit("/settings/team/invites", &[("email", "bob@example.com"), ("role", "member")]).is(200).text;
    let token = between(&page, "/join?token=", "<").unwrap().to_owned();
    browser.submit(&format!("/conversations/{conversation}/claim"), &[]).is(303);
    browser.submit(&format!("/conversations/{conversation}/reply"), &[("content", "the-message-text")]).is(303);
    browser.submit(&format!("/conversations/{conversation}/notes"), &[("note", "the-note-text")]).is(303);
    Browser::new(&server).sign_in("the-wrong-password").is(401);
    let mut bob = Browser::new(&server);
    bob.get(&format!("/join?token={token}")).is(200);
    bob.submit("/join", &[("token", &token), ("name", "Bob"), ("password", "the-new-password")]).is(303);
    server.store_settles();
    let session = browser.client.sent("cookie").split('=').nth(1).unwrap().to_owned();
    let db = server.database();
    let mut all = db.prepare("SELECT * FROM audit_log").unwrap();
    let columns = all.column_count();
    let mut rows = all.query([]).unwrap();
    let mut text = String::new();
    while let Some(row) = rows.next().unwrap() {
        (0..columns).for_each(|at| text.push_str(&format!("{:?}\n", row.get_ref(at).unwrap())));
    }
    // As SQLite gives it, a text is a list of bytes.
    let holds = |secret: &str| {
        let bytes: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
        text.contains(&bytes.join(", ")) || text.contains(secret)
    };
    assert!(holds("conversation.answered") && holds("team.joined") && holds("bob@example.com, member"));
    for secret in
        [&key, &token, &session, "the-message-text", "the-note-text", "the-wrong-password", "the-new-password", PASSWORD]
    {
        assert!(!holds(secret), "{secret}");
    }
    assert!(!holds("jane@example.com"));
}

#[test]
fn k2_an_entry_can_be_neither_changed_nor_deleted() {
    let (server, mut browser) = signed_in();
    let before = entries(&server);
    let db = server.database_to_fill();
    for sql in [
        "UPDATE audit_log SET actor_name = 'Nobody'",
        "UPDATE audit_log SET times = 1",
        "DELETE FROM audit_log",
        "DELETE FROM audit_log WHERE id = 1",
        "REPLACE INTO audit_log SELECT * FROM audit_log WHERE id = 1",
        "REPLACE INTO audit_horizon (one, before) VALUES (1, 9000000000000000)",
        "DELETE FROM audit_horizon",
        "UPDATE audit_horizon SET before = -1",
    ] {
        let refused = db.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("the audit log is"), "{sql}: {refused}");
    }
    assert_eq!(entries(&server), before);
    assert!(browser.get("/settings/audit").is(200).text.contains("Account created"));
}

#[test]
fn k6_an_entry_is_forgotten_after_a_year() {
    let (server, mut browser) = signed_in();
    assert_eq!(actions(&server), ["account.created"]);
    server.pass(Days(200));
    browser.sign_in(PASSWORD).is(303);
    server.pass(Days(166));
    until("the first entry is forgotten", || Some(()).filter(|()| actions(&server) == ["access.signed_in"]));
    server.pass(Days(200));
    until("the second too", || Some(()).filter(|()| actions(&server).is_empty()));
    browser.sign_in(PASSWORD).is(303);
    assert_eq!(actions(&server), ["access.signed_in"]);
}

#[test]
fn the_log_is_narrowed_and_paged() {
    let (server, mut browser) = signed_in();
    let mut mary = Browser::colleague(&server, "Mary");
    browser.get("/agents").is(200);
    for number in 0..60 {
        browser.submit("/settings", &[("name", &format!("Jane {number}"))]).is(303);
    }
    mary.get("/").is(200);
    mary.submit("/settings/replies", &[("title", "Hours"), ("content", "Nine to five")]).is(303);
    let mary_id: String = server.database().query_row("SELECT id FROM users WHERE name = 'Mary'", [], |row| row.get(0)).unwrap();
    let rows = |text: &str| text.matches("class=\"main-cell\"").count();
    let page = browser.get(&format!("/settings/audit?actor={mary_id}")).is(200).text;
    assert!(rows(&page) == 2 && page.contains("Reply added") && page.contains("Signed in"), "{page}");
    let page = browser.get(&format!("/settings/audit?actor={mary_id}&about=reply")).is(200).text;
    assert!(rows(&page) == 1 && page.contains("Reply added"));
    assert_eq!(rows(&browser.get("/settings/audit?about=access").is(200).text), 25);
    assert!(browser.get("/settings/audit?about=agent").is(200).text.contains("No entries found"));
    let (mut path, mut seen) = (String::from("/settings/audit"), 0);
    loop {
        let page = browser.get(&path).is(200).text;
        seen += rows(&page);
        let Some(older) = between(&page, "rel=\"next\"", "<").and(page.rsplit_once("\" rel=\"next\"")) else { break };
        path = older.0.rsplit_once("href=\"").unwrap().1.replace("&#38;", "&");
    }
    assert_eq!(seen, 63);
    browser.get("/settings/audit?after=x&actor=%27&about=%3Cb%3E").is(200);
}

#[test]
fn the_log_as_a_file_holds_every_entry_and_no_formula() {
    let (server, mut browser) = signed_in();
    browser.get("/settings").is(200);
    browser.submit("/settings", &[("name", "=HYPERLINK(1)")]).is(303);
    for _ in 0..120 {
        browser.submit("/settings", &[("name", "=HYPERLINK(2)")]).is(303);
    }
    let file = browser.get("/settings/audit/export").is(200);
    assert!(file.header("content-disposition").contains("audit-log.csv"));
    assert_eq!(file.text.lines().count(), 1 + 122);
    assert!(file.text.contains(",\"'=HYPERLINK(1)\",") && !file.text.contains("\"=HYPERLINK"));
    let filtered = browser.get("/settings/audit/export?about=account").is(200).text;
    assert_eq!(filtered.lines().count(), 1 + 1);
    let mut mary = Browser::colleague(&server, "Mary");
    mary.get("/settings/audit").is(403);
    mary.get("/settings/audit/export").is(403);
}

#[test]
fn another_account_sees_nothing_of_it() {
    let (server, mut browser) = signed_in();
    let stranger = server.sign_up("stranger@example.com");
    stranger.agent(&json!({ "name": "Theirs" }));
    server.store_settles();
    let page = browser.get("/settings/audit").is(200).text;
    assert!(page.contains("Account created") && !page.contains("Agent created") && !page.contains("Production"), "{page}");
}

/// What was done stands in the log also when nobody waits for the answer.
#[test]
fn whoever_hangs_up_keeps_nothing_out_of_the_log() {
    let (server, mut browser) = signed_in();
    browser.get("/settings").is(200);
    let host = browser.client.base.trim_start_matches("http://").to_owned();
    let body = format!("name=Gone&csrf={}", browser.csrf);
    let head = format!(
        "POST /settings HTTP/1.1\r\nhost: {host}\r\ncookie: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        browser.client.sent("cookie"),
        body.len()
    );
    // Some of them come too late to be begun; then nothing has changed.
    until("a change without an answer", || {
        let mut stream = std::net::TcpStream::connect(&host).unwrap();
        std::io::Write::write_all(&mut stream, format!("{head}{body}").as_bytes()).unwrap();
        drop(stream);
        Some(()).filter(|()| server.count("SELECT count(*) FROM users WHERE name = 'Gone'") == 1)
    });
    until("its entry", || Some(()).filter(|()| actions(&server).contains(&"access.name_changed".to_owned())));
}

#[test]
fn a_page_that_only_asks_is_no_change() {
    let (server, mut browser) = signed_in();
    browser.get("/settings/backups").is(200);
    browser.submit("/settings/backups", &[]).is(303);
    let page = browser.get("/settings/backups").is(200).text;
    let copy = between(&page, "href=\"/settings/backups/", "\"").unwrap().to_owned();
    let agent = own_api(&server).agent(&json!({ "name": "A" }));
    server.visitor(&agent).ask("Hello");
    server.pass(Days(3));
    browser.sign_in(PASSWORD).is(303);
    server.pass(Minutes(11));
    let before = actions(&server).len();
    browser.get(&format!("/settings/backups/{copy}")).is(303);
    browser.get("/settings/retention").is(200);
    let days = [("conversations_days", "1"), ("events_days", "7"), ("requests_days", "7")];
    browser.submit("/settings/retention", &days).is(401);
    let mut wrong = days.to_vec();
    wrong.push(("proof", "not my password"));
    browser.submit("/settings/retention", &wrong).is(401);
    server.pass(Minutes(2));
    until("the wrong one to be noted", || Some(()).filter(|()| before < actions(&server).len()));
    assert_eq!(actions(&server)[before..], ["access.sign_in_refused"]);
    browser.get("/confirm").is(200);
    browser.submit("/confirm", &[("proof", PASSWORD)]).is(303);
    let headers = format!("Host: here\r\nCookie: {}\r\nConnection: close\r\n\r\n", browser.client.sent("cookie"));
    let answer = raw(browser.client.base(), format!("GET /settings/backups/{copy} HTTP/1.1\r\n{headers}").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..200]);
    let told = format!("SELECT count(*) FROM audit_log WHERE action = 'backup.downloaded' AND detail = '{copy}'");
    assert_eq!(server.count(&told), 1);
}
