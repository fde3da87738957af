//! The first run: from the set-up link to a website that carries the agent.

use serde_json::json;

use crate::browser::{Browser, between, own_api, signed_in};
use crate::server::Span::Minutes;
use crate::server::TestServer;
use crate::visitor::Visitor;

const SAMPLE: [(&str, &str); 4] = [("name", "Acme"), ("greeting", "Hello!"), ("color", "#0f766e"), ("from", "sample")];

/// The agent that the form of the first run makes.
fn begin(browser: &mut Browser, fields: &[(&str, &str)]) -> String {
    browser.get("/start").is(200);
    let made = browser.submit("/start", fields).is(303);
    made.header("location").strip_prefix("/start/").unwrap().to_owned()
}

fn load(server: &TestServer, agent: &str, site: &str) {
    let browser = server.client().with("origin", &format!("https://{site}"));
    Visitor::open(&browser, json!({ "agent_id": agent, "page_url": format!("https://{site}/prices?who=jane") }));
}

#[test]
fn a_newcomer_is_led_to_an_agent_that_answers_and_to_its_code() {
    let (server, mut browser) = signed_in();
    assert_eq!(browser.get("/").is(303).header("location"), "/start");
    assert!(browser.get("/agents").is(200).text.contains("href=\"/start\""));
    assert!(browser.get("/start").is(200).text.contains("value=\"Acme\""));
    let agent = begin(&mut browser, &SAMPLE);
    let page = browser.get(&format!("/start/{agent}")).is(200).text;
    assert!(
        page.contains(&format!("data-agent=&#34;{agent}&#34;")) && page.contains(&format!("src=\"/preview/{agent}\"")),
        "{page}"
    );
    assert!(page.contains("What are your opening hours?") && page.contains("Do you accept new patients?"), "{page}");
    let answer = server.visitor(&agent).ask("Where are you located?");
    assert!(answer.answered && answer.text.contains("42 Harbour Street"), "{}", answer.text);
    let booted = server.visitor(&agent).booted;
    assert_eq!(booted["agent"]["suggestions"][1], "Where are you located?");
    browser.get("/").is(200);
}

#[test]
fn an_own_text_gives_the_agent_its_knowledge_and_its_first_questions() {
    let (server, mut browser) = signed_in();
    let text = "# Delivery\n\nWe deliver within two days.\n\n## How much is it?\n\nFour euros.";
    let fields = [
        ("name", "Shop"),
        ("greeting", "Hi"),
        ("color", "#123"),
        ("from", "own"),
        ("knowledge", text),
        ("type", "markdown"),
        ("file_name", "delivery.md"),
    ];
    let agent = begin(&mut browser, &fields);
    let listed = browser.get(&format!("/agents/{agent}/knowledge")).is(200).text;
    assert!(listed.contains("delivery.md") && listed.contains("<span class=\"badge\">Markdown</span>"), "{listed}");
    assert!(server.visitor(&agent).ask("How much is delivery?").text.contains("Four euros"));
}

#[test]
fn what_is_wrong_with_a_first_agent_is_said_at_once_and_nothing_is_made() {
    let (server, mut browser) = signed_in();
    browser.get("/start").is(200);
    let wrong = [("name", " "), ("greeting", ""), ("color", "red"), ("from", "own"), ("knowledge", " ")];
    let page = browser.submit("/start", &wrong).is(422).text;
    for field in ["name", "greeting", "color", "knowledge"] {
        assert!(page.contains(&format!("id=\"{field}-error\"")), "{field}: {page}");
    }
    let long = "x".repeat(50_001);
    let page =
        browser.submit("/start", &[("name", "A"), ("greeting", "Hi"), ("color", "#fff"), ("knowledge", &long)]).is(422).text;
    assert!(page.contains("50000 characters"), "the limit is named");
    assert_eq!(server.count("SELECT count(*) FROM agents"), 0);
    own_api(&server).agent(&json!({ "name": "First" }));
    server.cli(&["account", "set-plan", crate::browser::EMAIL, "starter"]).is(0);
    browser.get("/start").is(200);
    assert!(browser.submit("/start", &SAMPLE).is(422).text.contains("allows 1 active agents"));
    assert_eq!(server.count("SELECT count(*) FROM agents"), 1);
}

#[test]
fn whoever_wants_to_look_around_first_is_not_led_back() {
    let (_server, mut browser) = signed_in();
    browser.get("/").is(303);
    assert_eq!(browser.get("/start/skip").is(303).header("location"), "/");
    assert!(browser.get("/").is(200).text.contains("href=\"/start\""));
}

#[test]
fn the_cookie_of_looking_around_is_for_tls_alone_where_there_is_tls() {
    let kept = |public_url: &str| {
        let server = TestServer::empty_with(|config| config.server.public_url = public_url.into());
        let mut browser = crate::browser::set_up(&server);
        let cookie = browser.get("/start/skip").is(303).header("set-cookie").to_owned();
        assert!(browser.get("/").is(200).text.contains("href=\"/start\""));
        cookie
    };
    assert_eq!(kept(""), "cf_start=skipped; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
    let secure = "__Host-cf_start=skipped; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=31536000";
    assert_eq!(kept("https://chat.example.com"), secure);
}

#[test]
fn the_first_load_on_a_website_turns_the_page_green() {
    let (server, mut browser) = signed_in();
    let agent = begin(&mut browser, &SAMPLE);
    let (first, install) = (format!("/start/{agent}"), format!("/agents/{agent}/install"));
    for path in [&first, &install] {
        let page = browser.get(path).is(200).text;
        assert!(page.contains("Waiting for your website") && page.contains("reload this page"), "{path}");
    }
    // Our own pages are no website.
    Visitor::open(&server.client().with("origin", &server.client().base), json!({ "agent_id": agent }));
    assert!(browser.get(&first).text.contains("Waiting for your website"));
    load(&server, &agent, "shop.example");
    for path in [&first, &install] {
        let page = browser.get(path).is(200).text;
        assert!(page.contains("Live on shop.example") && !page.contains("Waiting"), "{path}");
    }
    load(&server, &agent, "blog.example");
    let page = browser.get(&install).text;
    assert!(
        page.contains("https://shop.example/prices\"") && page.contains("blog.example/prices") && !page.contains("jane"),
        "{page}"
    );
}

#[test]
fn an_open_page_hears_of_an_installation_and_of_none_elsewhere() {
    let (server, mut browser) = signed_in();
    let agent = begin(&mut browser, &SAMPLE);
    let stranger = server.sign_up("stranger@example.com");
    let theirs = stranger.agent(&json!({ "name": "Theirs" }));
    let mut events = browser.client.stream("/conversations/events");
    load(&server, &theirs, "theirs.example");
    load(&server, &agent, "shop.example");
    let (name, data, _) = events.whole_event().unwrap();
    assert_eq!((name.as_str(), &data), ("installed", &json!({ "agent": agent })));
}

#[test]
fn a_later_load_is_noted_once_an_hour_and_is_no_event() {
    let (server, mut browser) = signed_in();
    let agent = begin(&mut browser, &SAMPLE);
    let seen = || server.count("SELECT last_seen_at - first_seen_at FROM installations");
    load(&server, &agent, "shop.example");
    server.pass(Minutes(59));
    load(&server, &agent, "shop.example");
    assert_eq!(seen(), 0);
    server.pass(Minutes(1));
    load(&server, &agent, "shop.example");
    assert_eq!(seen(), 3_600_000);
    assert_eq!(server.events("agent.installed").len(), 1);
}

#[test]
fn the_notes_name_this_server_and_warn_where_nobody_else_reaches_it() {
    let (_local, mut browser) = signed_in();
    let agent = begin(&mut browser, &SAMPLE);
    assert!(browser.get(&format!("/agents/{agent}/install")).text.contains("only works on this computer"));
    let server = TestServer::empty_with(|config| config.server.public_url = "https://chat.example.com".into());
    let mut browser = crate::browser::set_up(&server);
    let agent = begin(&mut browser, &SAMPLE);
    let page = browser.get(&format!("/agents/{agent}/install")).is(200).text;
    assert!(page.contains("script-src https://chat.example.com; connect-src https://chat.example.com"), "{page}");
    assert!(!page.contains("only works on this computer"));
    let copied = between(&page, "data-copy=\"&#60;script", "\"").unwrap();
    assert!(copied.contains("https://chat.example.com/widget.js") && copied.contains(&agent), "{copied}");
}

#[test]
fn whoever_may_not_make_agents_is_not_led_to_making_one() {
    let (server, mut browser) = signed_in();
    let mut viewer = Browser::colleague_as(&server, "Vera", "viewer");
    assert!(!viewer.get("/").is(200).text.contains("href=\"/start\""));
    let empty = viewer.get("/agents").is(200).text;
    assert!(
        !empty.contains("href=\"/start\"") && !empty.contains("/agents/import") && empty.contains("class=\"empty\""),
        "{empty}"
    );
    for page in ["/start", "/agents/import"] {
        viewer.get(page).is(403);
    }
    let agent = begin(&mut browser, &SAMPLE);
    let (entry, page) = (format!("/agents/{agent}/knowledge/"), format!("/agents/{agent}"));
    viewer.get(&format!("{page}/export")).is(403);
    let listed = viewer.get("/agents").is(200).text;
    assert!(listed.contains(&page) && !listed.contains("/duplicate") && !listed.contains("new-agent"), "{listed}");
    let knowledge = viewer.get(&format!("{page}/knowledge")).is(200).text;
    let id = between(&knowledge, &format!("href=\"{entry}"), "\"").unwrap();
    for path in [page.clone(), format!("{page}/answering"), format!("{entry}{id}")] {
        let shown = viewer.get(&path).is(200).text;
        assert!(
            shown.contains("<fieldset class=\"stack locked\" disabled>") && !shown.contains("button-main"),
            "{path}: {shown}"
        );
        assert!(browser.get(&path).text.contains("<fieldset class=\"stack locked\">"), "{path}");
    }
    assert!(!knowledge.contains("id=\"content\""));
    assert!(viewer.get(&format!("/start/{agent}")).is(200).text.contains("Waiting for your website"));
}

#[test]
fn sign_in_says_how_to_set_up_only_while_there_is_nobody() {
    let server = TestServer::empty();
    let says = "ChatForge is not set up yet";
    let mut browser = Browser::new(&server);
    assert_eq!(browser.get("/").is(303).header("location"), "/login");
    let page = browser.get("/login").is(200).text;
    assert!(page.contains(says) && page.contains("chatforge admin create") && !page.contains("name=\"password\""), "{page}");
    crate::browser::set_up(&server);
    let page = browser.get("/login").is(200).text;
    assert!(!page.contains(says) && page.contains("name=\"password\""), "{page}");
}

#[test]
fn the_step_of_the_website_is_done_by_a_load_and_not_by_a_talk() {
    let (server, mut browser) = signed_in();
    let agent = begin(&mut browser, &SAMPLE);
    let mut is_open = || browser.get("/").is(200).text.contains(&format!("/agents/{agent}/install\">Put it on your site"));
    let own = server.client().with("origin", &server.client().base);
    Visitor::open(&own, json!({ "agent_id": agent })).ask("Are you open on Saturdays?");
    assert!(is_open());
    load(&server, &agent, "shop.example");
    assert!(!is_open());
}
