//! The account's numbers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use chatforge::domain::time::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use crate::server::Span::{Days, Hours, Ms};
use crate::server::TestServer;
use crate::visitor::Visitor;

fn visit(server: &TestServer, agent: &str, page: &str) -> Visitor {
    let visitor = Visitor::open(&server.client(), json!({ "agent_id": agent, "page_url": page }));
    visitor.ask("Hello");
    visitor
}

#[test]
fn the_numbers_of_a_month() {
    let server = TestServer::start();
    server.set_plan("growth");
    let agent = server.agent(&json!({ "name": "A" }));
    let gone = server.agent(&json!({ "name": "B" }));
    visit(&server, &agent, "https://example.com/pricing?utm=1#top").lead(&json!({ "email": "jane@example.com" })).is(201);
    visit(&server, &agent, "https://example.com/pricing");
    server.pass(Hours(20));
    visit(&server, &gone, "https://example.com/");
    server.delete(&format!("/api/v1/agents/{gone}")).is(200);
    let analytics = server.get("/api/v1/analytics").is(200).json;
    let expected = json!({
        "period": "2026-03-01T00:00:00Z/2026-03-27T23:59:59Z",
        "agents_active": 1,
        "agents_limit": 10,
        "conversations": { "total": 3, "this_month": 3, "today": 1, "limit": 5000 },
        "leads": { "total": 1, "this_month": 1, "today": 0 },
        "response_time": { "avg_ms": 0, "p95_ms": 0 },
        "top_pages": [
            { "url": "https://example.com/pricing", "conversations": 2 },
            { "url": "https://example.com/", "conversations": 1 },
        ],
    });
    assert_eq!(analytics, expected);
    server.pass(Days(5));
    let april = server.get("/api/v1/analytics").is(200).json;
    assert_eq!(april["period"], "2026-04-01T00:00:00Z/2026-04-01T23:59:59Z");
    assert_eq!(april["conversations"], json!({ "total": 3, "this_month": 0, "today": 0, "limit": 5000 }));
    assert_eq!((&april["response_time"]["avg_ms"], &april["top_pages"]), (&Value::Null, &json!([])));
}

#[test]
fn an_unlimited_plan_has_no_limits_and_a_new_account_no_numbers() {
    let server = TestServer::start();
    let stranger = server.sign_up("stranger@example.com");
    visit(&server, &server.agent(&json!({ "name": "A" })), "https://example.com/");
    let expected = json!({
        "period": "2026-03-01T00:00:00Z/2026-03-26T23:59:59Z",
        "agents_active": 0,
        "agents_limit": null,
        "conversations": { "total": 0, "this_month": 0, "today": 0, "limit": null },
        "leads": { "total": 0, "this_month": 0, "today": 0 },
        "response_time": { "avg_ms": null, "p95_ms": null },
        "top_pages": [],
    });
    assert_eq!(stranger.get("/api/v1/analytics").is(200).json, expected);
}

#[test]
fn ten_pages_are_shown_most_visited_first() {
    let server = TestServer::start_with(|config| config.testing.public_limits = false);
    let agent = server.agent(&json!({ "name": "A" }));
    for number in 0..12 {
        for _ in 0..=usize::from(number == 11) {
            visit(&server, &agent, &format!("https://example.com/{number:02}"));
        }
    }
    let pages = server.get("/api/v1/analytics").is(200).json["top_pages"].as_array().unwrap().clone();
    assert_eq!(pages.len(), 10);
    assert_eq!(pages[0], json!({ "url": "https://example.com/11", "conversations": 2 }));
    assert_eq!(pages[1]["url"], "https://example.com/00");
}

/// The newest month alone counts as this month; what was there before stays in the total.
#[test]
fn the_numbers_of_two_agents_over_the_turn_of_two_months() {
    let server = TestServer::start();
    server.set_plan("growth");
    let agents = ["A", "B"].map(|name| server.agent(&json!({ "name": name })));
    let talk = |agent: &str, count: usize, leads: usize| {
        for number in 0..count {
            let visitor = visit(&server, agent, &format!("https://example.com/{}?visit={number}", number % 2));
            visitor.ask("And again");
            if number < leads {
                visitor.lead(&json!({ "email": format!("lead{number}@example.com") })).is(201);
            }
        }
    };
    let numbers = || {
        let analytics = server.get("/api/v1/analytics").is(200).json;
        let count = |kind: &str| ["total", "this_month", "today"].map(|name| analytics[kind][name].as_i64().unwrap());
        (count("conversations"), count("leads"), analytics["top_pages"].clone())
    };
    let page = |path: &str, conversations: usize| json!({ "url": format!("https://example.com/{path}"), "conversations": conversations });
    talk(&agents[0], 3, 2);
    talk(&agents[1], 2, 0);
    assert_eq!(numbers(), ([5, 5, 5], [2, 2, 2], json!([page("0", 3), page("1", 2)])));
    // The last second of March, and the first of April.
    server.pass(Ms(6 * DAY_MS - 10 * HOUR_MS - 1_000));
    talk(&agents[1], 1, 1);
    assert_eq!(numbers(), ([6, 6, 1], [3, 3, 1], json!([page("0", 4), page("1", 2)])));
    server.pass(Ms(1_000));
    assert_eq!(numbers(), ([6, 0, 0], [3, 0, 0], json!([])));
    talk(&agents[0], 2, 1);
    server.pass(Days(1));
    talk(&agents[0], 1, 0);
    assert_eq!(numbers(), ([9, 3, 1], [4, 1, 0], json!([page("0", 2), page("1", 1)])));
    let shown = agents.map(|id| server.get(&format!("/api/v1/agents/{id}")).json);
    let counts = shown.map(|agent| (agent["conversations_count"].as_i64(), agent["leads_count"].as_i64()));
    assert_eq!(counts, [(Some(6), Some(3)), (Some(3), Some(1))]);
}

#[test]
fn every_plan_has_its_limits() {
    let server = TestServer::start();
    for (plan, agents, conversations) in [
        ("free", json!(1), json!(100)),
        ("starter", json!(1), json!(500)),
        ("growth", json!(10), json!(5000)),
        ("scale", Value::Null, Value::Null),
    ] {
        server.set_plan(plan);
        server.pass(Hours(1));
        let analytics = server.get("/api/v1/analytics").is(200).json;
        assert_eq!((&analytics["agents_limit"], &analytics["conversations"]["limit"]), (&agents, &conversations), "{plan}");
    }
}

/// The clock runs while answers are given, so that they take as long as they happen to take.
#[test]
fn response_times_are_those_of_the_answers() {
    let server = TestServer::start_with(|config| config.testing.public_limits = false);
    let agent = server.agent(&json!({ "name": "A" }));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                server.pass(Ms(1));
                thread::sleep(Duration::from_micros(200));
            }
        });
        let visitor = server.visitor(&agent);
        (0..41).for_each(|_| drop(visitor.ask("Hello")));
        done.store(true, Ordering::Relaxed);
    });
    let db = server.database();
    let mut find = db.prepare("SELECT response_ms FROM messages WHERE response_ms IS NOT NULL ORDER BY response_ms").unwrap();
    let times: Vec<i64> = find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(times.len(), 41);
    // The smallest that 39 of 41 did not exceed: 95 of 100 are 38.95 of 41.
    let average = (times.iter().sum::<i64>() as f64 / 41.0).round();
    let expected = json!({ "avg_ms": average as i64, "p95_ms": times[38] });
    assert_eq!(server.get("/api/v1/analytics").is(200).json["response_time"], expected);
    assert_eq!(server.get(&format!("/api/v1/agents/{agent}")).json["avg_response_time_ms"], expected["avg_ms"]);
}

#[test]
fn days_are_counted_like_what_is_kept() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": "Q: Where is parking?\nA: Behind the house." }));
    for (hours, words) in [(1, "Where is parking?"), (20, "Do you repair violins?"), (3, "I am jane@example.com")] {
        server.pass(Hours(hours));
        server.visitor(&agent).ask(words);
    }
    let gone = server.conversations(&agent)[2]["id"].as_str().unwrap().to_owned();
    server.delete(&format!("/api/v1/conversations/{gone}")).is(200);
    let counted = days(&server.database());
    assert_eq!(counted.iter().map(|(_, conversations, leads)| (*conversations, *leads)).collect::<Vec<_>>(), [(0, 0), (2, 1)]);

    // What the migration would make of the same rows.
    let db = server.database_to_fill();
    let migration = include_str!("../../src/storage/migrations/0015_days.sql");
    let (_, filling) = migration.split_once("INSERT INTO").unwrap();
    db.execute_batch("DELETE FROM days; DELETE FROM answer_times;").unwrap();
    db.execute_batch(&format!("INSERT INTO{filling}")).unwrap();
    assert_eq!(days(&db), counted.into_iter().filter(|day| day.1 > 0).collect::<Vec<_>>());
    assert_eq!(server.count("SELECT CAST(sum(answers) * 10 + sum(unanswered) AS INTEGER) FROM answer_times"), 21);
}

fn days(db: &rusqlite::Connection) -> Vec<(i64, i64, i64)> {
    let mut find = db.prepare("SELECT day, conversations, leads FROM days ORDER BY day").unwrap();
    find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect()
}
