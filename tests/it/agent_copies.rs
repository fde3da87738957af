//! Agents found in a long list, duplicated, and carried from one place to another as files.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::binary::{Home, command};
use crate::browser::{Browser, EMAIL, between, own_api, signed_in};
use crate::server::Span::Ms;
use crate::server::TestServer;
use crate::visitor::Visitor;

const FAQ: &str = "Q: Where is parking?\nA: Behind the house.";

/// An agent with one of everything that a copy carries, and of what it does not.
fn furnished(server: &TestServer, browser: &mut Browser) -> String {
    let api = own_api(server);
    let agent = api.agent(&json!({
        "name": "Größe & Söhne", "greeting": "Hi \"you\"", "color": "#0f766e", "allowed_domains": ["*.example.com", "example.com"],
        "answering": { "instructions": "Be kind.\nAlways.", "tone": "brief", "caution": "high", "model": "primary", "ask_unmatched": true },
        "appearance": { "position": "left", "suggestions": ["Where?"], "texts": { "de": { "send": "Los" } }, "consent_text": "Ok?" },
    }));
    api.teach(&agent, "faq", FAQ);
    api.teach(&agent, "markdown", "# Prices\n\nCleaning is 80 €.");
    api.teach(&agent, "text", "Last of all.");
    browser.get("/agents").is(200);
    server.pass(Ms(1));
    let file = [("type", "text"), ("content", "From a file."), ("file_name", "notes.txt")];
    browser.submit(&format!("/agents/{agent}/knowledge"), &file).is(303);
    browser.submit(&format!("/agents/{agent}/questions"), &[("text", "Where is parking?")]).is(303);
    from_website(server, &agent).ask("I am jane@example.com");
    agent
}

fn from_website(server: &TestServer, agent: &str) -> Visitor {
    Visitor::open(&server.client().with("origin", "https://example.com"), json!({ "agent_id": agent }))
}

fn export(browser: &mut Browser, agent: &str) -> String {
    let file = browser.get(&format!("/agents/{agent}/export")).is(200);
    assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{agent}.json\""));
    assert_eq!((file.header("content-type"), file.header("cache-control")), ("application/json", "no-store"));
    file.text
}

fn made(location: &str) -> String {
    location.strip_prefix("/agents/").unwrap().split('?').next().unwrap().to_owned()
}

#[test]
fn a_duplicate_has_what_its_agent_is_made_of_and_nothing_that_it_did() {
    let (server, mut browser) = signed_in();
    let agent = furnished(&server, &mut browser);
    browser.get("/agents").is(200);
    let copy = made(browser.submit(&format!("/agents/{agent}/duplicate"), &[]).is(303).header("location"));
    let api = own_api(&server);
    let shown = |id: &str| api.get(&format!("/api/v1/agents/{id}")).is(200).json;
    let (before, after) = (shown(&agent), shown(&copy));
    assert_eq!(after["name"], "Größe & Söhne copy");
    for field in ["greeting", "color", "allowed_domains", "answering", "appearance", "knowledge_size_bytes", "status"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!((&after["conversations_count"], &after["leads_count"]), (&json!(0), &json!(0)));
    assert_eq!(before["leads_count"], 1);
    assert_eq!(server.count("SELECT count(*) FROM saved_questions"), 2);
    assert_eq!(server.count("SELECT count(*) FROM installations"), 1);
    assert!(from_website(&server, &copy).ask("Where is parking?").text.contains("Behind the house."));
    // What the one learns the other does not.
    api.teach(&copy, "text", "More.");
    assert_eq!(shown(&agent)["knowledge_size_bytes"], before["knowledge_size_bytes"]);
}

#[test]
fn a_plan_without_room_is_asked_before_anything_is_copied() {
    let (server, mut browser) = signed_in();
    let agent = own_api(&server).agent(&json!({ "name": "Only", "knowledge_base": FAQ }));
    let file = export(&mut browser, &agent);
    server.cli(&["account", "set-plan", EMAIL, "starter"]).is(0);
    browser.get("/agents").is(200);
    assert!(browser.submit(&format!("/agents/{agent}/duplicate"), &[]).is(403).text.contains("allows 1 active agents"));
    browser.get("/agents/import").is(200);
    assert!(browser.submit("/agents/import", &[("file", &file)]).is(422).text.contains("allows 1 active agents"));
    let path = server.folder().join("agent.json");
    std::fs::write(&path, &file).unwrap();
    let refused = server.cli(&["agent", "import", path.to_str().unwrap()]).is(1);
    assert!(refused.stderr.contains("limit of active agents of the plan starter") && refused.stdout.is_empty(), "{refused:?}");
    assert_eq!(server.count("SELECT count(*) FROM agents"), 1);
    assert_eq!(server.count("SELECT count(*) FROM knowledge"), 1);
}

#[test]
fn an_agent_that_is_exported_and_imported_exports_the_same() {
    let (server, mut browser) = signed_in();
    let agent = furnished(&server, &mut browser);
    let file = export(&mut browser, &agent);
    let json: Value = serde_json::from_str(&file).unwrap();
    assert_eq!((&json["format"], &json["version"]), (&json!("chatforge.agent"), &json!(1)));
    assert_eq!(json["agent"]["answering"]["model"], "primary");
    let sources: Vec<_> = json["knowledge"].as_array().unwrap().iter().map(|entry| entry["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["api", "api", "api", "file:notes.txt"]);
    for secret in [agent.as_str(), "jane@example.com", "agt_", "acc_", "2026-"] {
        assert!(!file.contains(secret), "{secret}: {file}");
    }
    browser.get("/agents/import").is(200);
    let copy = made(browser.submit("/agents/import", &[("file", &file)]).is(303).header("location"));
    assert_ne!(copy, agent);
    assert_eq!(export(&mut browser, &copy), file);
    assert!(browser.get(&format!("/agents/{copy}?done=imported")).is(200).text.contains("Agent imported."));
}

#[test]
fn a_file_that_is_wrong_says_where_and_leaves_nothing_behind() {
    let (server, mut browser) = signed_in();
    let refused = |browser: &mut Browser, file: &str| {
        browser.get("/agents/import").is(200);
        let page = browser.submit("/agents/import", &[("file", file)]).is(422).text;
        assert!(page.contains("Nothing was imported."), "{page}");
        page
    };
    assert!(refused(&mut browser, "").contains("must be an exported agent as JSON"));
    assert!(refused(&mut browser, "<b>").contains("&#60;b&#62;"));
    let version = |number: u32| json!({ "format": "chatforge.agent", "version": number, "agent": { "name": "A" } }).to_string();
    assert!(refused(&mut browser, &version(2)).contains("2 is from a newer ChatForge; this server supports version 1"));
    let entries: Vec<_> = (0..30).map(|n| json!({ "type": if n == 0 { "text" } else { "song" }, "content": "x" })).collect();
    let half = json!({ "format": "chatforge.agent", "version": 1, "agent": { "name": "A" }, "knowledge": entries });
    let page = refused(&mut browser, &half.to_string());
    assert!(page.contains("knowledge[1].type: must be text, faq, product or markdown") && page.contains("and 19 more"), "{page}");
    assert_eq!(server.count("SELECT count(*) FROM agents"), 0);
    assert_eq!(server.count("SELECT count(*) FROM knowledge"), 0);
}

#[test]
fn an_agent_with_much_knowledge_is_imported_on_the_page() {
    let (server, mut browser) = signed_in();
    let entries: Vec<_> =
        (0..60).map(|n| json!({ "type": "text", "content": format!("{n} \"{}\"", "word ".repeat(9_000)) })).collect();
    let file =
        json!({ "format": "chatforge.agent", "version": 1, "agent": { "name": "Large" }, "knowledge": entries }).to_string();
    assert!(file.len() > 2_500_000);
    browser.get("/agents/import").is(200);
    browser.submit("/agents/import", &[("file", &file)]).is(303);
    assert_eq!(server.count("SELECT knowledge_entries FROM agents"), 60);
    // Other forms are as small as they were.
    browser.get("/start").is(200);
    browser.submit("/start", &[("knowledge", &file)]).is(413);
}

#[test]
fn an_agent_goes_from_one_server_to_another_by_the_command_line() {
    let (server, mut browser) = signed_in();
    let agent = furnished(&server, &mut browser);
    let file = server.cli(&["agent", "export", &agent]).is(0).stdout;
    assert_eq!(file, export(&mut browser, &agent));
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\n");
    std::fs::write(home.path().join("agent.json"), &file).unwrap();
    let none = home.run(&["agent", "import", "agent.json"]).is(1);
    assert!(none.stderr.contains("admin create"), "{none:?}");
    for email in ["a@b.example", "b@b.example"] {
        home.run(&["admin", "create", "--email", email]).is(0);
    }
    assert!(home.run(&["agent", "import", "agent.json"]).is(1).stderr.contains("several accounts"));
    assert!(home.run(&["agent", "import", "missing.json", "--account", "b@b.example"]).is(1).stderr.contains("missing.json"));
    let imported = home.run(&["agent", "import", "agent.json", "--account", "b@b.example"]).is(0);
    let id = imported.line().to_owned();
    assert!(id.starts_with("agt_"));
    assert_eq!(home.run(&["agent", "export", &id]).is(0).stdout, file);
    let mut piped = home.command();
    piped.args(["agent", "import", "-", "--account", "a@b.example"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(file.as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    assert_eq!(home.run(&["agent", "list"]).is(0).stdout.lines().count(), 2);
    std::fs::write(home.path().join("wrong.json"), "{\"format\":\"chatforge.agent\",\"version\":9}").unwrap();
    let wrong = home.run(&["agent", "import", "wrong.json", "--account", "a@b.example"]).is(1);
    assert!(wrong.stderr.contains("version: 9 is from a newer ChatForge") && wrong.stdout.is_empty(), "{wrong:?}");
    assert!(
        command(home.path()).args(["agent", "export", "agt_a1b2c3d4e5", "--data", "data"]).output().unwrap().stdout.is_empty()
    );
}

#[test]
fn agents_are_found_by_name_id_and_status_page_by_page() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    for number in 0..60 {
        api.agent(&json!({ "name": format!("Branch {number}") }));
    }
    let odd = api.agent(&json!({ "name": "ÜBER 100%_sure" }));
    api.delete(&format!("/api/v1/agents/{odd}")).is(200);
    let rows = |page: &str| page.matches("class=\"row-link named\"").count();
    let first = browser.get("/agents").is(200).text;
    assert_eq!(rows(&first), 25);
    let older = |page: &str| {
        between(page, "href=\"/agents?", "\" rel=\"next\"").map(|query| format!("/agents?{}", query.replace("&#38;", "&")))
    };
    let second = browser.get(&older(&first).unwrap()).is(200).text;
    let last = browser.get(&older(&second).unwrap()).is(200).text;
    assert_eq!((rows(&second), rows(&last), older(&last)), (25, 11, None));
    for (query, expected) in [
        ("q=branch+5", 11),
        ("q=%C3%BCber", 1),
        ("q=100%25_", 1),
        ("q=h_5", 0),
        ("status=deactivated", 1),
        ("status=active&q=sure", 0),
        ("status=nonsense", 25),
        ("q=", 25),
    ] {
        let page = browser.get(&format!("/agents?{query}")).is(200).text;
        assert_eq!(rows(&page), expected, "{query}");
    }
    let by_id = browser.get(&format!("/agents?q={odd}")).is(200).text;
    assert!(rows(&by_id) == 1 && by_id.contains(&format!("value=\"{odd}\"")));
    let kept = browser.get("/agents?q=Branch&status=active").is(200).text;
    assert!(older(&kept).unwrap().starts_with("/agents?q=Branch&status=active&after=agt_"));
    assert!(browser.get("/agents?q=nothing+like+it").is(200).text.contains("No agents found"));
}
