//! Knowledge: what an agent is taught, it says in the next answer.

use serde_json::json;

use crate::server::TestServer;

#[test]
fn new_knowledge_is_in_the_next_answer() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    let visitor = server.visitor(&agent);
    assert!(!visitor.ask("What are your opening hours?").answered);
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00 on weekdays.");
    let answer = visitor.ask("What are your opening hours?");
    assert!(answer.answered && answer.text.contains("9:00 to 17:00"), "{}", answer.text);
    assert!(!answer.json["message"]["sources"].as_array().unwrap().is_empty());
}

#[test]
fn replaced_knowledge_is_forgotten() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": "Returns are free within 30 days of delivery." }));
    let visitor = server.visitor(&agent);
    assert!(visitor.ask("How long can I return an order?").text.contains("30 days"));
    let path = format!("/api/v1/agents/{agent}");
    server.teach(&agent, "text", "The shop is in Harbour Street.");
    server.put(&path, &json!({ "knowledge_base": "Returns are free within 14 days of delivery." })).is(200);
    let answer = visitor.ask("How long can I return an order?").text;
    assert!(answer.contains("14 days") && !answer.contains("30 days"), "{answer}");
    assert_eq!(server.get(&format!("{path}/knowledge")).json["total"], 1);
    let emptied = server.put(&path, &json!({ "knowledge_base": "" })).is(200).json;
    assert_eq!((&emptied["knowledge_base"], &emptied["knowledge_size_bytes"]), (&json!(false), &json!(0)));
    assert!(!visitor.ask("How long can I return an order?").answered);
}

#[test]
fn adding_answers_with_the_totals_of_all_entries() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": "Grüezi!" }));
    let added = server.teach(&agent, "markdown", "## Pricing\n- Starter: $49/mo");
    let expected = json!({
        "agent_id": agent, "knowledge_entries": 2, "total_size_bytes": 8 + 28, "added_at": "2026-03-26T10:00:00Z",
    });
    assert_eq!(added.json, expected);
    assert_eq!(server.get(&format!("/api/v1/agents/{agent}")).json["knowledge_size_bytes"], 36);
}

#[test]
fn entries_are_listed_and_deleted() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": "One." }));
    server.teach(&agent, "faq", "Q: What is the code?\nA: The code is 1234.");
    let path = format!("/api/v1/agents/{agent}/knowledge");
    let listed = server.get(&path).is(200).json;
    assert_eq!(listed["total"], 2);
    let entry = listed["knowledge"].as_array().unwrap().iter().find(|entry| entry["type"] == "faq").unwrap();
    assert_eq!(entry["content"], "Q: What is the code?\nA: The code is 1234.");
    assert_eq!(entry["source"], "api");
    let id = entry["id"].as_str().unwrap();
    assert!(server.visitor(&agent).ask("What is the code?").text.contains("1234"));
    assert_eq!(server.delete(&format!("{path}/{id}")).is(200).json, json!({ "id": id, "deleted": true }));
    server.delete(&format!("{path}/{id}")).fails(404, "not_found");
    assert!(!server.visitor(&agent).ask("What is the code?").text.contains("1234"));
    assert_eq!(server.get(&format!("/api/v1/agents/{agent}")).json["knowledge_size_bytes"], 4);
}

#[test]
fn content_has_1_to_50000_characters_and_a_known_type() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    let path = format!("/api/v1/agents/{agent}/knowledge");
    let add = |body| server.post(&path, &body);
    add(json!({})).fails(400, "bad_request");
    add(json!({ "content": null })).fails(400, "bad_request");
    for body in [
        json!({ "content": "" }),
        json!({ "content": " \n " }),
        json!({ "content": "ü".repeat(50_001) }),
        json!({ "content": 5 }),
    ] {
        assert_eq!(add(body).fails(422, "validation_error").refused(), ["content"]);
    }
    for kind in [json!("html"), json!(""), json!(1), json!(null)] {
        assert_eq!(add(json!({ "content": "x", "type": kind })).fails(422, "validation_error").refused(), ["type"]);
    }
    add(json!({ "content": "ü".repeat(50_000) })).is(201);
    for kind in ["text", "faq", "product", "markdown"] {
        add(json!({ "content": "Something.", "type": kind })).is(201);
    }
    assert_eq!(server.get(&path).json["total"], 5);
}

#[test]
fn no_answer_draws_on_another_agents_knowledge() {
    let server = TestServer::start();
    let knowing = server.agent(&json!({ "name": "A" }));
    let other = server.agent(&json!({ "name": "B" }));
    server.teach(&knowing, "faq", "Q: What is the secret recipe?\nA: The secret recipe is saffron.");
    assert!(server.visitor(&knowing).ask("What is the secret recipe?").text.contains("saffron"));
    let answer = server.visitor(&other).ask("What is the secret recipe?");
    assert!(!answer.answered && !answer.text.contains("saffron"), "{}", answer.text);
}

#[test]
fn addresses_names_and_characters_are_quoted_as_their_owner_meant_them() {
    let server = TestServer::start();
    for (kind, told, quoted) in [
        (
            "text",
            "The kayak handbook is at https://en.wikipedia.org/wiki/Kayak_(boat).",
            "https://en.wikipedia.org/wiki/Kayak_(boat).",
        ),
        ("markdown", "The kayak handbook is [here](https://shop.example/size_(eu)).", "here (https://shop.example/size_(eu))."),
        ("faq", "Q: Where is the kayak handbook?\nA: In file__init__.py.", "In file__init__.py."),
        ("text", "<p>The kayak handbook co&ucirc;te 49&nbsp;&euro; &ndash; &#8222;frei&#8220;.</p>", "coûte 49 € – „frei“."),
        (
            "markdown",
            "The kayak handbook: [call us](tel:+15550100123) or see [pricing](/pricing).",
            "call us (+15550100123) or see pricing.",
        ),
    ] {
        let agent = server.agent(&json!({ "name": "A" }));
        server.teach(&agent, kind, told);
        let answer = server.visitor(&agent).ask("Where is the kayak handbook?").text;
        assert!(answer.contains(quoted), "{answer}");
    }
}

#[test]
fn an_agent_knows_no_more_than_the_cap_and_says_so() {
    let server = TestServer::start_with(|config| {
        config.knowledge.max_mb = 1;
        config.knowledge.max_passages = 60;
    });
    let agent = server.agent(&json!({ "name": "A" }));
    let pairs = |from: usize, count: usize| -> String {
        (from..from + count).map(|n| format!("Q: What is number {n}?\nA: It is {n}.\n\n")).collect()
    };
    server.teach(&agent, "faq", &pairs(0, 50));
    let path = format!("/api/v1/agents/{agent}/knowledge");
    let teach = |server: &TestServer, agent: &str, content: &str| {
        server.post(&format!("/api/v1/agents/{agent}/knowledge"), &json!({ "type": "faq", "content": content }))
    };
    let refused = teach(&server, &agent, &pairs(50, 11)).fails(422, "validation_error");
    assert!(refused.json["error"]["message"].as_str().unwrap().contains("the limit of 60 passages"), "{}", refused.text);
    let other = server.agent(&json!({ "name": "B" }));
    let shared = json!({ "agent_ids": [agent, other], "type": "faq", "content": pairs(50, 11) });
    let told = server.post("/api/v1/knowledge/bulk", &shared).is(200).json;
    assert_eq!((&told["updated"], &told["failed"]), (&json!(1), &json!(1)));
    assert_eq!(told["results"][0]["error"]["code"], "validation_error");
    let entries = server.get(&path).json;
    assert_eq!(entries["total"], 1);
    let first = entries["knowledge"][0]["id"].as_str().unwrap();
    server.teach(&agent, "faq", &pairs(50, 10));
    server.delete(&format!("{path}/{first}")).is(200);
    server.teach(&agent, "faq", &pairs(60, 50));

    let long = TestServer::start_with(|config| config.knowledge.max_mb = 1);
    let agent = long.agent(&json!({ "name": "A" }));
    let text = "Our kayaks are made of wood. ".repeat(1_700);
    (0..20).for_each(|_| drop(long.teach(&agent, "text", &text)));
    let refused = teach(&long, &agent, &text).fails(422, "validation_error");
    assert!(refused.text.contains("the limit of 1 MB"), "{}", refused.text);
}
