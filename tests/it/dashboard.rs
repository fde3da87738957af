//! The dashboard, as a browser without JavaScript meets it.

use serde_json::json;

use crate::browser::{Browser, PASSWORD, between, signed_in};
use crate::server::until;
use crate::visitor::Visitor;

/// An agent made on the page for it.
fn make_agent(browser: &mut Browser, name: &str) -> String {
    browser.get("/agents").is(200);
    let fields = [("name", name), ("greeting", "Welcome!"), ("color", "#10b981"), ("knowledge", "")];
    let made = browser.submit("/agents", &fields).is(303);
    made.header("location").trim_start_matches("/agents/").split('?').next().unwrap().to_owned()
}

#[test]
fn g01_g02_a_form_from_anywhere_else_is_refused() {
    let (server, mut browser) = signed_in();
    let agent = make_agent(&mut browser, "Mine");
    let path = format!("/agents/{agent}/deactivate");
    browser.get("/agents").is(200);
    let own = browser.client.clone();
    let token = browser.csrf.clone();
    let foreign = [
        own.with("sec-fetch-site", "cross-site"),
        own.with("sec-fetch-site", "same-site"),
        own.without("sec-fetch-site").with("origin", "https://evil.example"),
        own.without("sec-fetch-site").with("origin", "null"),
        own.without("sec-fetch-site").with("origin", "http://127.0.0.1:1"),
    ];
    for client in foreign {
        client.form(&path, &[("csrf", &token)]).is(403);
    }
    own.form(&path, &[]).is(403);
    own.form(&path, &[("csrf", "")]).is(403);
    let mut other = Browser::new(&server);
    other.sign_in(PASSWORD).is(303);
    other.get("/agents").is(200);
    own.form(&path, &[("csrf", &other.csrf)]).is(403);
    assert_eq!(server.client().form(&path, &[("csrf", &token)]).is(303).header("location"), "/login");
    for get in [path.as_str(), "/logout"] {
        assert_eq!(own.get(get).is(405).header("allow"), "POST");
    }
    assert_eq!(server.count("SELECT count(*) FROM agents WHERE deactivated_at IS NULL"), 1);
    own.without("sec-fetch-site").with("origin", &server.base).form(&path, &[("csrf", &token)]).is(303);
}

/// The addresses of all pages for somebody signed in to an account with one of everything.
fn pages(browser: &mut Browser, agent: &str) -> Vec<String> {
    let listed = browser.get("/conversations").is(200).text;
    let conversation = between(&listed, "href=\"/conversations/", "\"").unwrap().to_owned();
    vec![
        "/".into(),
        "/agents".into(),
        format!("/agents/{agent}"),
        format!("/agents/{agent}/knowledge?q=hello"),
        format!("/agents/{agent}/questions"),
        format!("/agents/{agent}/answering"),
        format!("/agents/{agent}/install"),
        "/agents/import".into(),
        "/agents?q=no+such+agent&status=active".into(),
        "/start".into(),
        format!("/start/{agent}"),
        "/conversations".into(),
        format!("/conversations?agent={agent}"),
        format!("/conversations/{conversation}"),
        "/leads".into(),
        "/webhooks".into(),
        "/events".into(),
        "/settings".into(),
        "/settings/security".into(),
        "/leads?q=jane&status=new".into(),
        "/settings/replies".into(),
        "/settings/keys".into(),
        "/settings/activity".into(),
        format!("/preview/{agent}"),
        format!("/demo/{agent}"),
        "/setup".into(),
        "/nothing".into(),
    ]
}

#[test]
fn g12_only_the_preview_may_be_framed_and_only_by_us() {
    let (_server, mut browser) = signed_in();
    let agent = make_agent(&mut browser, "A");
    let mut framed_by = |path: &str| {
        let policy = browser.get(path).is(200).header("content-security-policy").to_owned();
        policy.split("frame-ancestors ").nth(1).unwrap().to_owned()
    };
    assert_eq!(framed_by("/agents"), "'none'");
    assert_eq!(framed_by(&format!("/preview/{agent}")), "'self'");
}

#[test]
fn g14_what_others_wrote_is_shown_and_never_run() {
    let (server, mut browser) = signed_in();
    let attack = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>";
    let agent = make_agent(&mut browser, attack);
    browser.get(&format!("/agents/{agent}")).is(200);
    browser.submit(&format!("/agents/{agent}"), &[("name", attack), ("greeting", attack), ("color", "#fff")]).is(303);
    browser.get(&format!("/agents/{agent}")).is(200);
    browser.submit(&format!("/agents/{agent}/knowledge"), &[("type", "text"), ("content", attack)]).is(303);
    let client = server.client().with("user-agent", attack);
    let visitor = Visitor::open(&client, json!({ "agent_id": agent, "page_url": "https://example.com/<script>?\"'" }));
    visitor.ask(attack);
    let lead = json!({ "name": attack, "email": "jane@example.com", "company": attack, "message": attack });
    visitor.lead(&lead).is(201);
    browser.make_key(&[("name", attack), ("permission", "agents:read")]).is(200);
    let pages = pages(&mut browser, &agent);
    let mut shown = 0;
    for path in &pages {
        let page = browser.get(path).text;
        assert!(!page.contains("<img") && !page.contains("<script>alert"), "{path}");
        assert!(!page.contains("\"'>"), "{path}");
        shown += usize::from(page.contains("&#60;img src=x") || page.contains("&lt;img src=x"));
    }
    assert!(shown >= 7, "it is shown on {shown} of {} pages", pages.len());
}

#[test]
fn a_new_key_is_shown_once_and_works() {
    let (server, mut browser) = signed_in();
    let made = browser.make_key(&[("name", "CRM sync"), ("permission", "agents:read"), ("permission", "leads:read")]).is(200);
    let key = between(&made.text, "<code>cfk_", "</code>").map(|rest| format!("cfk_{rest}")).unwrap();
    assert_eq!(key.len(), 42);
    let api = server.client().with("authorization", &format!("Bearer {key}"));
    let me = api.get("/api/v1/me").is(200).json;
    assert_eq!((&me["key_name"], &me["permissions"]), (&json!("CRM sync"), &json!(["agents:read", "leads:read"])));
    let listed = browser.get("/settings/keys").is(200).text;
    assert!(!listed.contains(&key) && listed.contains(me["key_prefix"].as_str().unwrap()));
}

#[test]
fn what_a_key_did_stands_on_the_activity_page() {
    let (server, mut browser) = signed_in();
    let made = browser.make_key(&[("name", "CRM sync"), ("permission", "agents:read")]).is(200);
    let key = between(&made.text, "<code>cfk_", "</code>").unwrap().to_owned();
    let api = server.client().with("authorization", &format!("Bearer cfk_{key}"));
    api.with("x-request-id", "mine-1").get("/api/v1/agents").is(200);
    server.sign_up("stranger@example.com").with("x-request-id", "theirs-1").get("/api/v1/me").is(200);
    let page = until("the request on the page", || {
        let page = browser.get("/settings/activity").is(200).text;
        page.contains("mine-1").then_some(page)
    });
    assert!(page.contains("/api/v1/agents") && page.contains("CRM sync"));
    assert!(!page.contains("theirs-1") && !page.contains(&key));
}

#[test]
fn b02_a_key_revoked_on_its_page_fails_on_the_next_request() {
    let (server, mut browser) = signed_in();
    let made = browser.make_key(&[("name", "CRM sync"), ("permission", "agents:read")]).is(200);
    let key = between(&made.text, "<code>cfk_", "</code>").unwrap().to_owned();
    let api = server.client().with("authorization", &format!("Bearer cfk_{key}"));
    api.get("/api/v1/me").is(200);
    let path = format!("/settings/keys/{}/revoke", between(&made.text, "action=\"/settings/keys/", "/").unwrap());
    browser.submit(&path, &[]).is(303);
    api.get("/api/v1/me").fails(401, "unauthorized");
    browser.get("/settings/keys").is(200);
    browser.submit(&path, &[]).is(404);
}

#[test]
fn b06_the_sixth_key_is_refused_on_the_page() {
    let (server, mut browser) = signed_in();
    for number in 1..=5 {
        browser.make_key(&[("name", &format!("Key {number}")), ("permission", "agents:read")]).is(200);
    }
    browser.make_key(&[("name", "Sixth"), ("permission", "agents:read")]).is(422);
    browser.make_key(&[("name", "")]).is(422);
    assert_eq!(server.count("SELECT count(*) FROM api_keys"), 5);
}

#[test]
fn agents_are_made_changed_taught_and_deactivated_on_their_pages() {
    let (server, mut browser) = signed_in();
    let agent = make_agent(&mut browser, "Before");
    let page = format!("/agents/{agent}");
    assert!(browser.get(&page).is(200).text.contains("data-agent="));
    let change = |domains| [("name", "After"), ("greeting", "Hi!"), ("color", "#fff"), ("allowed_domains", domains)];
    assert!(browser.submit(&page, &change("https://x.com/")).is(422).text.contains("host name"));
    browser.submit(&page, &change("example.com\n*.example.com")).is(303);
    browser.get(&page).is(200);
    browser.submit(&format!("{page}/knowledge"), &[("type", "faq"), ("content", "Q: When?\nA: At nine.")]).is(303);
    browser.submit(&format!("{page}/knowledge"), &[("type", "faq"), ("content", "")]).is(422);
    let shown = browser.get(&page).is(200).text;
    assert!(shown.contains("After") && shown.contains("*.example.com") && shown.contains("At nine."), "{shown}");
    let website = server.client().with("origin", "https://example.com");
    website.post("/widget/v1/boot", &json!({ "agent_id": agent })).is(200);
    browser.submit(&format!("{page}/deactivate"), &[]).is(303);
    website.post("/widget/v1/boot", &json!({ "agent_id": agent })).fails(404, "agent_not_found");
    browser.get(&page).is(200);
    browser.submit(&format!("{page}/activate"), &[]).is(303);
    website.post("/widget/v1/boot", &json!({ "agent_id": agent })).is(200);
}

#[test]
fn b03_another_accounts_pages_do_not_exist() {
    let (server, mut browser) = signed_in();
    let stranger = server.sign_up("stranger@example.com");
    let agent = stranger.agent(&json!({ "name": "Not yours" }));
    let conversation = server.visitor(&agent).ask("I am jane@example.com").conversation.unwrap();
    browser.get("/agents").is(200);
    for path in [format!("/agents/{agent}"), format!("/preview/{agent}"), format!("/conversations/{conversation}")] {
        browser.get(&path).is(404);
    }
    for path in [format!("/agents/{agent}/install"), format!("/agents/{agent}/export"), format!("/start/{agent}")] {
        browser.get(&path).is(404);
    }
    browser.get("/agents").is(200);
    for path in ["", "/knowledge", "/deactivate", "/activate", "/duplicate"] {
        browser.submit(&format!("/agents/{agent}{path}"), &[("name", "Taken"), ("content", "Lies.")]).is(404);
    }
    for path in ["/agents", "/conversations", "/leads", &format!("/conversations?agent={agent}")] {
        let page = browser.get(path).is(200).text;
        assert!(!page.contains("Not yours") && !page.contains("jane@example.com"), "{path}");
    }
    assert_eq!(stranger.get(&format!("/api/v1/agents/{agent}")).json["name"], "Not yours");
    assert_eq!(server.count("SELECT count(*) FROM agents"), 1);
}

#[test]
fn pages_of_an_empty_account_say_what_to_do() {
    let (_server, mut browser) = signed_in();
    for path in ["/agents", "/conversations", "/leads", "/webhooks", "/events", "/settings/keys", "/settings/activity"] {
        let page = browser.get(path).is(200).text;
        assert!(page.contains("class=\"empty\"") || page.contains("class=\"empty "), "{path}");
    }
    assert_eq!(browser.get("/").is(303).header("location"), "/start");
    browser.get("/start/skip").is(303);
    let home = browser.get("/").is(200).text;
    assert!(home.contains("Create an agent") && home.contains("No conversations in the last 30 days."));
    assert_eq!(browser.get("/login").is(303).header("location"), "/");
    assert!(browser.get("/nothing").is(404).header("content-type").starts_with("text/html"));
}
