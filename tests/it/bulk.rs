//! Many agents, or knowledge for many agents, in one request.

use serde_json::{Value, json};

use crate::server::TestServer;

const AGENTS: &str = "/api/v1/agents/bulk";
const KNOWLEDGE: &str = "/api/v1/knowledge/bulk";

#[test]
fn agents_are_created_in_the_order_they_were_sent() {
    let server = TestServer::start();
    let names = ["Client A - Sales", "Client B - Support", "Client C - Booking"];
    let items: Vec<_> = names.iter().map(|name| json!({ "name": name, "greeting": "Hello!", "color": "#6366f1" })).collect();
    let made = server.post(AGENTS, &json!({ "agents": items })).is(201).json;
    assert_eq!((&made["created"], &made["failed"]), (&json!(3), &json!(0)));
    for (row, name) in made["agents"].as_array().unwrap().iter().zip(names) {
        assert_eq!((&row["name"], &row["status"]), (&json!(name), &json!("active")));
        server.get(&format!("/api/v1/agents/{}", row["id"].as_str().unwrap())).is(200);
    }
}

#[test]
fn a12_each_agent_is_judged_by_itself() {
    let server = TestServer::start();
    let items = json!([{ "name": "A" }, { "name": "", "color": "red" }, { "name": "C" }, 5, {}]);
    let made = server.post(AGENTS, &json!({ "agents": items })).is(201).json;
    assert_eq!((&made["created"], &made["failed"]), (&json!(2), &json!(3)));
    let errors = made["errors"].as_array().unwrap();
    let seen: Vec<_> = errors.iter().map(|error| (error["index"].as_i64().unwrap(), error["code"].as_str().unwrap())).collect();
    assert_eq!(seen, [(1, "validation_error"), (3, "validation_error"), (4, "bad_request")]);
    let fields: Vec<_> = errors[0]["details"].as_array().unwrap().iter().map(|detail| &detail["field"]).collect();
    assert_eq!(fields, ["agents[1].name", "agents[1].color"]);
    assert_eq!(server.get("/api/v1/agents").json["total"], 2);
}

#[test]
fn a12_one_to_twenty_agents_and_not_all_of_them_wrong() {
    let server = TestServer::start();
    let many = |count: usize| json!({ "agents": vec![json!({ "name": "A" }); count] });
    for body in [many(0), many(21), json!({ "agents": "A" })] {
        assert_eq!(server.post(AGENTS, &body).fails(422, "validation_error").refused(), ["agents"]);
    }
    server.post(AGENTS, &json!({})).fails(400, "bad_request");
    let refused = server.post(AGENTS, &json!({ "agents": [{ "name": "" }, { "name": 5 }] })).fails(422, "validation_error");
    assert_eq!((&refused.json["created"], &refused.json["failed"]), (&json!(0), &json!(2)));
    assert_eq!(server.get("/api/v1/agents").json["total"], 0);
    server.post(AGENTS, &many(20)).is(201);
    assert_eq!(server.get("/api/v1/agents").json["total"], 20);
}

#[test]
fn a12_twenty_agents_with_all_the_knowledge_there_may_be() {
    let server = TestServer::start();
    let agent = format!("{{\"name\":\"A\",\"knowledge_base\":\"{}\"}}", "\\ud83d\\ude00".repeat(50_000));
    let body = format!("{{\"agents\":[{}]}}", vec![agent; 20].join(","));
    assert!(body.len() > 12_000_000);
    assert_eq!(server.json("POST", AGENTS, body.as_bytes()).is(201).json["created"], 20);
    assert_eq!(server.count("SELECT min(knowledge_bytes) FROM agents"), 200_000);
}

#[test]
fn the_agents_past_the_plan_are_refused_one_by_one() {
    let server = TestServer::start();
    server.set_plan("free");
    let made = server.post(AGENTS, &json!({ "agents": [{ "name": "A" }, { "name": "B" }] })).is(201).json;
    assert_eq!((&made["created"], &made["errors"][0]["index"]), (&json!(1), &json!(1)));
    assert_eq!(made["errors"][0]["code"], "plan_limit_reached");
    assert_eq!(server.get("/api/v1/agents").json["total"], 1);
}

#[test]
fn a25_knowledge_reaches_every_agent_that_is_ones_own() {
    let server = TestServer::start();
    let ids = ["A", "B"].map(|name| server.agent(&json!({ "name": name })));
    let foreign = server.sign_up("stranger@example.com").agent(&json!({ "name": "Foreign" }));
    let targets = json!([ids[0], foreign, ids[1], ids[0], "agt_a1b2c3d4e5", "nonsense"]);
    let body = json!({ "content": "Business hours: Mon-Fri 8am-6pm MST.", "agent_ids": targets, "type": "text" });
    let given = server.post(KNOWLEDGE, &body).is(200).json;
    assert_eq!((&given["updated"], &given["failed"]), (&json!(2), &json!(3)));
    let results: Vec<_> =
        given["results"].as_array().unwrap().iter().map(|r| (&r["agent_id"], &r["status"], &r["error"]["code"])).collect();
    let (success, failed, missing) = (json!("success"), json!("failed"), json!("agent_not_found"));
    let expected = [
        (&targets[0], &success, &Value::Null),
        (&targets[1], &failed, &missing),
        (&targets[2], &success, &Value::Null),
        (&targets[4], &failed, &missing),
        (&targets[5], &failed, &missing),
    ];
    assert_eq!(results, expected);
    assert_eq!(server.count("SELECT count(*) FROM knowledge"), 2);
    for id in &ids {
        assert!(server.visitor(id).ask("What are your business hours?").text.contains("8am-6pm"));
    }
}

#[test]
fn a25_knowledge_goes_to_1_to_50_agents() {
    let server = TestServer::start();
    let id = server.agent(&json!({ "name": "A" }));
    let body = |ids: Value| json!({ "content": "Something.", "agent_ids": ids });
    let many = |count: usize| json!((0..count).map(|n| format!("agt_{n:010}")).collect::<Vec<_>>());
    for ids in [json!([]), many(51), json!("agt_a1b2c3d4e5"), json!([5])] {
        let refused = server.post(KNOWLEDGE, &body(ids)).fails(422, "validation_error");
        assert!(refused.refused().iter().all(|field| field.starts_with("agent_ids")), "{}", refused.text);
    }
    for body in [json!({ "content": "x" }), json!({ "agent_ids": [id] }), json!({})] {
        server.post(KNOWLEDGE, &body).fails(400, "bad_request");
    }
    server.post(KNOWLEDGE, &body(many(50))).is(200);
    assert_eq!(server.count("SELECT count(*) FROM knowledge"), 0);
}
