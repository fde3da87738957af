//! What each role may do in the dashboard.

use serde_json::json;

use crate::browser::{Browser, own_api, signed_in};
use crate::server::TestServer;

/// The dashboard's rules as they stand in the source: method, path, least role.
fn rules() -> Vec<(&'static str, String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/dashboard/access.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let table = source.split("pub const RULES").nth(1).unwrap().split("];").next().unwrap().to_owned();
    let rows = table.lines().filter_map(|line| {
        let (kind, rest) = line.trim().split_once("(\"")?;
        let (path, rest) = rest.split_once("\", ")?;
        let least = rest.split([',', ')']).next()?.to_lowercase();
        match kind {
            "post" | "passing" => Some(("POST", path.to_owned(), least)),
            "get" => Some(("GET", path.to_owned(), least)),
            _ => None,
        }
    });
    rows.collect()
}

const ROLES: [&str; 4] = ["viewer", "member", "admin", "owner"];

fn rank(role: &str) -> usize {
    ROLES.iter().position(|known| *known == role).unwrap_or_else(|| panic!("unknown role {role}"))
}

/// Ids of things that exist, so that only the role stands in the way.
struct Things {
    agent: String,
    entry: String,
    conversation: String,
    lead: String,
    webhook: String,
}

impl Things {
    fn of(server: &TestServer) -> Self {
        let api = own_api(server);
        let agent = api.agent(&json!({ "name": "A" }));
        api.teach(&agent, "faq", "Q: Where is parking?\nA: Behind the house.");
        let visitor = server.visitor(&agent);
        visitor.ask("I am jane@example.com");
        let column = |sql: &str| -> String { server.database().query_row(sql, [], |row| row.get(0)).unwrap() };
        let receiver = crate::receiver::Receiver::listen();
        let hook = json!({ "url": receiver.url(), "events": ["agent.installed"] });
        let webhook = api.post("/api/v1/webhooks", &hook).is(201).id();
        Self {
            conversation: column("SELECT id FROM conversations"),
            entry: column("SELECT id FROM knowledge"),
            lead: column("SELECT id FROM leads"),
            agent,
            webhook,
        }
    }

    fn fill(&self, path: &str) -> String {
        let names = [
            ("{agent}", &self.agent),
            ("{entry}", &self.entry),
            ("{conversation}", &self.conversation),
            ("{lead}", &self.lead),
            ("{webhook}", &self.webhook),
        ];
        let path = names.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        // Of what is left nothing exists: the role is asked before it is looked for.
        let rest = [("{note}", "note"), ("{reply}", "rpl"), ("{question}", "qst"), ("{key}", "key"), ("{delivery}", "dlv")];
        rest.iter().fold(path, |path, (name, prefix)| path.replace(name, &format!("{prefix}_a1b2c3d4e5")))
    }
}

/// Every row of every table, but for what a request changes by being made: when sessions were seen.
fn everything(server: &TestServer) -> Vec<(String, String)> {
    let db = server.database();
    let mut find = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'message_words%'").unwrap();
    let tables: Vec<String> = find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut rows = Vec::new();
    for table in tables.into_iter().filter(|table| table != "sessions" && table != "api_requests") {
        let mut all = db.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = all.column_count();
        let mut found = all.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cells: Vec<_> = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            rows.push((table.clone(), cells.join("|")));
        }
    }
    rows
}

#[test]
fn whoever_has_too_low_a_role_is_refused_everywhere_and_changes_nothing() {
    let (server, _owner) = signed_in();
    let things = Things::of(&server);
    let mut people: Vec<_> = ROLES.iter().map(|role| Browser::colleague_as(&server, &format!("A{role}"), role)).collect();
    people.iter_mut().for_each(|person| drop(person.get("/").is(200)));
    // Log rows ride along with a later write.
    server.store_settles();
    let before = everything(&server);
    let (rules, mut refusals) = (rules(), 0);
    assert!(rules.len() > 40, "only {} rules were found", rules.len());
    for (method, path, least) in &rules {
        for person in people.iter_mut().take(rank(least)) {
            let path = things.fill(path);
            let reply = match *method {
                "GET" => person.client.get(&path),
                _ => person.submit(&path, &[("name", "Taken over"), ("account", "Taken over"), ("note", "x")]),
            };
            assert_eq!(reply.status, 403, "{method} {path}: {}", reply.text);
            assert!(reply.text.contains("This requires the role"), "{method} {path}");
            refusals += 1;
        }
    }
    assert!(refusals > 50, "only {refusals} refusals");
    server.store_settles();
    assert_eq!(everything(&server), before);
}

#[test]
fn a_refusal_says_which_role_is_needed() {
    let (server, _owner) = signed_in();
    let mut viewer = Browser::colleague_as(&server, "Vera", "viewer");
    viewer.get("/agents").is(200);
    let refused = viewer.submit("/agents", &[("name", "B")]).is(403).text;
    assert!(refused.contains("the role “admin” or more. Your role is “read-only”"), "{refused}");
    let mut admin = Browser::colleague_as(&server, "Adam", "admin");
    admin.get("/settings").is(200);
    let refused = admin.submit("/settings/account", &[("account", "Mine")]).is(403).text;
    assert!(refused.contains("the role “owner”. Your role is “admin”"), "{refused}");
    assert_eq!(server.count("SELECT count(*) FROM accounts WHERE name = 'Mine'"), 0);
}

#[test]
fn whoever_only_reads_sees_every_page_without_forms_to_send() {
    let (server, _owner) = signed_in();
    let things = Things::of(&server);
    let mut viewer = Browser::colleague_as(&server, "Vera", "viewer");
    let pages = ["/", "/agents", "/conversations", "/leads", "/webhooks", "/events", "/settings", "/settings/activity"];
    for path in pages {
        viewer.get(path).is(200);
    }
    let mut hidden = |path: &str, actions: &[&str]| {
        let page = viewer.get(&things.fill(path)).is(200).text;
        for action in actions {
            assert!(!page.contains(&things.fill(action)), "{path} shows {action}");
        }
    };
    hidden("/conversations/{conversation}", &["{conversation}/claim", "{conversation}/export", "delete-visitor"]);
    hidden("/leads/{lead}", &["{lead}/status", "<textarea"]);
    hidden("/leads", &["/leads/export"]);
    hidden("/settings/replies", &["method=\"post\" action=\"/settings/replies\""]);
    hidden("/webhooks", &["action=\"/webhooks\"", "/settings/keys"]);
    hidden("/webhooks/{webhook}", &["{webhook}/test", "{webhook}/rotate", "{webhook}/delete"]);
    hidden("/settings", &["/settings/account", "Payments"]);
    viewer.submit("/settings", &[("name", "Vera V.")]).is(303);
    assert_eq!(server.count("SELECT count(*) FROM users WHERE name = 'Vera V.'"), 1);
}

#[test]
fn a_member_works_the_inbox_and_an_admin_the_agents() {
    let (server, _owner) = signed_in();
    let things = Things::of(&server);
    let mut member = Browser::colleague_as(&server, "Mary", "member");
    member.get("/").is(200);
    member.submit(&things.fill("/conversations/{conversation}/claim"), &[]).is(303);
    member.submit(&things.fill("/leads/{lead}/status"), &[("status", "won")]).is(303);
    member.submit(&things.fill("/leads/{lead}/notes"), &[("note", "Call back")]).is(303);
    let knowledge = [("type", "text"), ("content", "We open at nine.")];
    member.submit(&things.fill("/agents/{agent}/knowledge"), &knowledge).is(303);
    member.get("/leads/export").is(200);
    member.submit(&things.fill("/agents/{agent}/deactivate"), &[]).is(403);
    let mut admin = Browser::colleague_as(&server, "Adam", "admin");
    admin.make_key(&[("name", "CRM"), ("permission", "leads:read")]).is(200);
    admin.submit(&things.fill("/agents/{agent}/deactivate"), &[]).is(303);
    admin.submit(&things.fill("/webhooks/{webhook}/delete"), &[]).is(303);
}

#[test]
fn a_role_counts_from_the_next_request_on() {
    let (server, _owner) = signed_in();
    let mut adam = Browser::colleague_as(&server, "Adam", "admin");
    adam.get("/agents").is(200);
    adam.submit("/agents", &[("name", "First"), ("color", "#112233"), ("greeting", "Hi")]).is(303);
    server.database_to_fill().execute("UPDATE users SET role = 'viewer' WHERE name = 'Adam'", []).unwrap();
    adam.submit("/agents", &[("name", "Second"), ("color", "#112233"), ("greeting", "Hi")]).is(403);
    assert_eq!(server.count("SELECT count(*) FROM agents"), 1);
}

#[test]
fn nobody_who_is_not_signed_in_gets_past_the_door() {
    let (server, _owner) = signed_in();
    let things = Things::of(&server);
    let mut stranger = Browser::new(&server);
    for (method, path, _) in rules() {
        let path = things.fill(&path);
        let reply = if method == "GET" { stranger.client.get(&path) } else { stranger.submit(&path, &[]) };
        reply.asks_to_sign_in();
    }
}
