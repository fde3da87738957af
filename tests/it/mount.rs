//! A server that shares its host with a site: everything stands under the path of `public_url`, whether the proxy takes the
//! path off or leaves it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chatforge::config::public_address::OWN;
use serde_json::json;

use crate::binary::Home;
use crate::browser::{Browser, EMAIL, PASSWORD, own_api, set_up};
use crate::http::Reply;
use crate::pages::{furnish, tags};
use crate::server::TestServer;

const SITE: &str = "https://site.example";
const BASE: &str = "https://site.example/chat";
const PAGES_MAX: usize = 600;

fn under_a_path() -> TestServer {
    TestServer::empty_with(|config| config.server.public_url = format!("{BASE}/"))
}

fn signed_in() -> (TestServer, Browser) {
    let server = under_a_path();
    let browser = set_up(&server);
    (server, browser)
}

/// What a page has a browser load or follow, but for what is within the page or on another host.
fn addresses(page: &Reply) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for tag in tags(&page.text) {
        for (name, value) in tag.attributes {
            let is_address = matches!(name, "href" | "src" | "action" | "formaction" | "data-composer");
            let is_inner = value.is_empty() || value.starts_with('#');
            let is_elsewhere =
                ["https://", "http://", "mailto:", "tel:", "data:", "otpauth:"].iter().any(|s| value.starts_with(s));
            if is_address && !is_inner && !is_elsewhere {
                found.insert(value.replace("&#38;", "&").replace("&amp;", "&"));
            }
        }
    }
    found
}

#[track_caller]
fn check(asked: &str, page: &Reply) -> BTreeSet<String> {
    let addresses = addresses(page);
    for address in &addresses {
        // The one that is relative leads from a page to the one beside it.
        let is_ours = address.starts_with("/chat/") || address == "chatforge.example.toml";
        assert!(is_ours, "{asked} leads to {address}, off the path");
    }
    addresses
}

/// Follows everything from the first page on; `asked` is how the proxy passes an address on.
fn walk(mut browser: Browser, asked: impl Fn(&str) -> String) {
    let mut waiting = vec!["/chat/".to_owned(), "/chat/docs/security".to_owned(), "/chat/settings/security/two-step".to_owned()];
    let (mut seen, mut shown) = (BTreeSet::new(), 0);
    while let Some(address) = waiting.pop() {
        let address = address.split('#').next().unwrap().replace("chatforge.example.toml", "/chat/docs/chatforge.example.toml");
        if !seen.insert(address.clone()) {
            continue;
        }
        assert!(seen.len() < PAGES_MAX, "the pages do not end: {seen:?}");
        let reply = browser.get(&asked(&address));
        assert_ne!(reply.status, 404, "{address}");
        if reply.header("content-type").starts_with("text/html") && !address.ends_with("/export") {
            shown += 1;
            waiting.extend(check(&address, &reply));
        }
        if matches!(reply.status, 303 | 307 | 308) {
            let location = reply.header("location");
            assert!(location.starts_with("/chat/"), "{address} leads to {location}");
        }
    }
    assert!(shown > 30, "{shown} of {seen:?}");
    let found = |start: &str| seen.iter().any(|path| path.starts_with(start) && path.len() > start.len());
    for start in ["agents/agt_", "conversations/conv_", "leads/lead_", "webhooks/wh_", "preview/", "settings/s", "assets/js/"] {
        assert!(found(&format!("/chat/{start}")), "{start}: {seen:?}");
    }
    for page in ["/chat/docs", "/chat/widget.js", "/chat/docs/chatforge.example.toml", "/chat/logout", "/chat/search"] {
        assert!(seen.contains(page), "{page}: {seen:?}");
    }
}

#[test]
fn behind_a_proxy_that_leaves_the_path_every_address_begins_with_it_and_leads_somewhere() {
    let (server, browser) = signed_in();
    furnish(&server);
    walk(browser, str::to_owned);
}

#[test]
fn behind_a_proxy_that_takes_the_path_off_they_do_so_too() {
    let (server, browser) = signed_in();
    furnish(&server);
    walk(browser, |address| address.strip_prefix("/chat").unwrap().to_owned());
}

#[test]
fn pages_that_answer_a_form_and_those_before_the_door_keep_to_the_path() {
    let (server, mut browser) = signed_in();
    let agent = own_api(&server).agent(&json!({ "name": "A" }));
    let mut out = Browser::new(&server);
    for path in ["/chat/login", "/chat/setup?token=wrong", "/chat/nothing", "/chat/join?token=wrong"] {
        assert!(!check(path, &out.get(path)).is_empty(), "{path}");
    }
    out.get("/chat/login").is(200);
    check("a wrong password", &out.submit("/chat/login", &[("email", EMAIL), ("password", "wrong but long")]).is(401));
    browser.get("/chat/agents").is(200);
    check("a wrong name", &browser.submit("/chat/agents", &[("name", "")]).is(422));
    check("wrong settings", &browser.submit(&format!("/chat/agents/{agent}"), &[("name", "")]).is(422));
    let asked = browser.submit("/chat/settings/keys", &[("name", "A"), ("permission", "agents:read")]).is(401);
    assert!(check("a key", &asked).contains("/chat/settings/keys"));
    browser.get("/chat/settings/keys").is(200);
    let made = browser.submit("/settings/keys", &[("name", "A"), ("permission", "agents:read"), ("proof", PASSWORD)]).is(200);
    check("a new key", &made);
    assert!(made.text.contains(&format!("{BASE}/api/v1")), "{}", made.text);
}

#[test]
fn whoever_has_to_sign_in_first_is_led_on_under_the_path() {
    let (server, _) = signed_in();
    for prefix in ["", "/chat"] {
        let mut browser = Browser::new(&server);
        let asked = browser.get(&format!("{prefix}/leads?q=jane"));
        assert_eq!(asked.is(303).header("location"), "/chat/login?next=%2Fleads%3Fq%3Djane");
        browser.get(&format!("{prefix}/login?next=%2Fleads%3Fq%3Djane")).is(200);
        let fields = [("email", EMAIL), ("password", PASSWORD), ("next", "/leads?q=jane")];
        assert_eq!(browser.submit(&format!("{prefix}/login"), &fields).is(303).header("location"), "/chat/leads?q=jane");
        browser.get("/chat").is(303);
        browser.get("/chat/agents").is(200);
        assert_eq!(browser.submit("/chat/logout", &[]).is(303).header("location"), "/chat/login");
    }
}

#[test]
fn cookies_are_for_the_path_alone() {
    for (public_url, expected) in [
        ("https://site.example/chat", "__Secure-cf_start=skipped; Path=/chat; HttpOnly; SameSite=Lax; Secure; Max-Age=31536000"),
        ("https://site.example/a/b/", "__Secure-cf_start=skipped; Path=/a/b; HttpOnly; SameSite=Lax; Secure; Max-Age=31536000"),
        ("http://site.example/chat/", "cf_start=skipped; Path=/chat; HttpOnly; SameSite=Lax; Max-Age=31536000"),
        ("https://site.example/", "__Host-cf_start=skipped; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=31536000"),
    ] {
        let server = TestServer::empty_with(|config| config.server.public_url = public_url.into());
        let mut browser = set_up(&server);
        assert_eq!(browser.get("/start/skip").is(303).header("set-cookie"), expected, "{public_url}");
        browser.get("/agents").is(200);
    }
}

#[test]
fn a_path_that_merely_begins_alike_is_not_ours() {
    let (_server, mut browser) = signed_in();
    for foreign in ["/chatter", "/chatter/login", "/chat-2/", "/Chat/login", "/x/chat/login", "/chat/chat/login"] {
        browser.get(foreign).is(404);
    }
    for ours in ["/login", "/chat/login", "/chat/healthz", "/healthz"] {
        assert_ne!(browser.get(ours).status, 404, "{ours}");
    }
}

#[test]
fn everything_that_names_an_address_names_it_with_the_path() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    let install = browser.get(&format!("/chat/agents/{agent}/install")).is(200).text;
    assert!(install.contains(&format!("{BASE}/widget.js")), "{install}");
    assert!(install.contains(&format!("script-src {SITE}; connect-src {SITE}")), "{install}");
    browser.get("/chat/settings/team").is(200);
    let fields = [("email", "bob@example.com"), ("role", "member"), ("proof", PASSWORD)];
    let invited = browser.submit("/chat/settings/team/invites", &fields);
    assert!(invited.is(200).text.contains(&format!("{BASE}/join?token=")));
    let made = api.post("/api/v1/agents", &json!({ "name": "B" })).is(201);
    assert_eq!(made.header("location"), format!("/chat/api/v1/agents/{}", made.id()));
    let document = server.client().get("/chat/api/v1/openapi.json").is(200).json;
    assert_eq!(document["servers"], json!([{ "url": "/chat/api/v1" }]));
    let docs = server.client().get("/chat/docs").is(200).text;
    assert!(docs.contains(&format!("{BASE}/api/v1/agents")) && !docs.contains(&format!("{SITE}/api")));
    let robots = server.client().get("/robots.txt").is(200).text;
    assert!(robots.contains("\nAllow: /chat/docs\n") && robots.ends_with("\nDisallow: /chat/\n"), "{robots}");
    let security = server.client().get("/chat/.well-known/security.txt").is(200).text;
    assert!(security.contains(&format!("Policy: {BASE}/docs/security")), "{security}");
    assert!(security.contains(&format!("Canonical: {SITE}/.well-known/security.txt")), "{security}");
}

#[test]
fn the_sites_own_pages_are_a_website_like_others() {
    let (server, _) = signed_in();
    let api = own_api(&server);
    let open = api.agent(&json!({ "name": "A" }));
    let closed = api.agent(&json!({ "name": "A", "allowed_domains": ["shop.example"] }));
    let installed = || server.events("agent.installed");
    let boot = |agent: &str, referer: &str| {
        let client = server.client().with("origin", SITE);
        let client = if referer.is_empty() { client } else { client.with("referer", referer) };
        client.post("/chat/widget/v1/boot", &json!({ "agent_id": agent, "page_url": "https://site.example/pricing" }))
    };
    for ours in [format!("{BASE}/preview/{closed}"), format!("{BASE}/agents/{closed}")] {
        boot(&closed, &ours).is(200);
        boot(&open, &ours).is(200);
    }
    assert!(installed().is_empty());
    for theirs in ["", SITE, "https://site.example/pricing", "https://site.example/chatter/x", "https://site.example/x/chat/"] {
        boot(&closed, theirs).fails(403, "domain_not_allowed");
    }
    boot(&open, "https://site.example/pricing").is(200);
    assert_eq!(installed().len(), 1);
}

#[test]
fn the_configuration_refuses_a_path_that_could_not_work() {
    for wrong in
        ["https://site.example/docs", "https://site.example/a b", "https://site.example/chat?x=1", "https://site.example/a/../b"]
    {
        let home = Home::new(&format!("[server]\npublic_url = \"{wrong}\"\n"));
        assert!(home.run(&["config", "check"]).is(2).stderr.contains("server.public_url"), "{wrong}");
    }
    Home::new(&format!("[server]\npublic_url = \"{BASE}\"\n")).run(&["config", "check"]).is(0);
}

#[test]
fn no_path_of_this_server_is_missing_among_those_that_are_refused() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web")];
    let mut routes = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                // What is nested in another router stands below that one's path.
                folders.extend((!["api", "widget", "hooks"].iter().any(|nested| entry.ends_with(nested))).then_some(entry));
                continue;
            }
            let text = fs::read_to_string(&entry).unwrap();
            routes.extend(text.split(".route(\"/").skip(1).filter_map(|rest| Some(rest.split(['/', '"']).next()?.to_owned())));
        }
    }
    assert!(routes.len() > 15, "{routes:?}");
    for first in routes.iter().map(String::as_str).filter(|first| !first.is_empty()).chain(["api", "hooks", "widget", "docs"]) {
        assert!(OWN.contains(&first), "/{first} is to be in src/config/public_address.rs");
    }
}

#[test]
fn templates_write_no_address_of_this_server_but_through_its_path() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut checked = 0;
    for folder in [templates.clone(), templates.join("partials")] {
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            let text = fs::read_to_string(&file).unwrap();
            for attribute in ["href", "src", "action", "formaction", "data-composer"] {
                let written = text.contains(&format!(" {attribute}=\"/"));
                assert!(!written, "{}: an {attribute} that begins with a slash", file.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 50);
}
