//! Questions that were not answered are kept in groups, and saved questions are asked again after a change.

use chatforge::domain::id::{AccountId, AgentId, Identifier};
use chatforge::domain::question::UnansweredQuestion;
use pollster::block_on;
use serde_json::{Value, json};

use crate::binary::{Ran, command};
use crate::server::TestServer;

impl TestServer {
    fn unanswered(&self, agent: &str) -> Vec<UnansweredQuestion> {
        let (account, agent) = (AccountId::parse(&self.account).unwrap(), AgentId::parse(agent).unwrap());
        block_on(self.store().unanswered_questions(account, agent, 100)).unwrap()
    }
}

#[test]
fn alike_questions_that_were_not_answered_are_one() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": "Q: Where is parking?\nA: Behind the house." }));
    let visitor = server.visitor(&agent);
    for text in [
        "Do you repair violins?",
        "thanks",
        "Where is parking?",
        "hi, do you repair violins",
        "violins repaired?",
        "Is there wifi?",
    ] {
        visitor.ask(text);
    }
    let questions = server.unanswered(&agent);
    let counted: Vec<_> = questions.iter().map(|q| (q.text.as_str(), q.asked_count, q.zone.as_str())).collect();
    assert_eq!(counted, [("violins repaired?", 3, "unknown"), ("Is there wifi?", 1, "unknown")]);
}

#[test]
fn an_unanswered_question_goes_with_its_conversation() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": "We sell bread." }));
    let first = server.visitor(&agent);
    first.ask("Do you repair violins? I am Jane Doe");
    server.visitor(&agent).ask("Is there wifi?");
    assert_eq!(server.unanswered(&agent).len(), 2);
    server.delete(&format!("/api/v1/visitors/{}", first.id)).is(200);
    let left = server.unanswered(&agent);
    assert_eq!(left.iter().map(|q| q.text.as_str()).collect::<Vec<_>>(), ["Is there wifi?"]);
}

#[test]
fn saved_questions_show_what_a_change_of_knowledge_changed() {
    let server = TestServer::start();
    let faq = "Q: Where is parking?\nA: Behind the house.\n\nQ: When are you open?\nA: From 9:00 to 17:00.";
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": faq }));
    for question in ["Where is parking?", "When do you open?"] {
        server.cli(&["agent", "ask", &agent, question, "--save"]).is(0);
    }
    let eval = ["eval", "--agent", &agent, "--json"];
    let same = json_of(&server.cli(&eval).is(0).stdout);
    assert_eq!((&same["questions"][0]["changed"], &same["questions"][1]["changed"]), (&json!(false), &json!(false)));
    let moved = faq.replace("Behind the house.", "In Mill Lane.");
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "knowledge_base": moved })).is(200);
    let changed = json_of(&server.cli(&eval).is(1).stdout);
    let parking = &changed["questions"][1];
    assert_eq!((&parking["question"], &parking["changed"]), (&json!("Where is parking?"), &json!(true)));
    assert_eq!((&parking["before"]["answer"], &parking["now"]["answer"]), (&json!("Behind the house."), &json!("In Mill Lane.")));
    let told = server.cli(&["eval", "--agent", &agent]).is(1).stdout;
    assert!(told.contains("was answer: Behind the house.") && told.contains("now answer: In Mill Lane."), "{told}");
    server.cli(&["eval", "--agent", &agent, "--accept"]).is(0);
    server.cli(&eval).is(0);
}

#[test]
fn measuring_takes_a_file_and_says_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let passage =
        r#"{"type": "passage", "id": "p1", "title": "Shop", "headings": ["Parking"], "text": "Behind the house.", "kind": "x"}"#;
    let query = r#"{"type": "query", "id": "q1", "split": "test", "text": "parking?", "relevant": ["p1"], "answerable": true}"#;
    let good = file("good.jsonl", &format!("{passage}\n\n{query}\n{{\"type\": \"utterance\", \"text\": \"hi\"}}\n"));
    let run = |arguments: &[&str]| Ran::of(command(folder.path()).args(arguments));
    let figures = json_of(&run(&["eval", "--data", &good, "--split", "test", "--json"]).is(0).stdout);
    assert_eq!(
        (&figures["hit@1"], &figures["queries"], &figures["passages"], &figures["auroc"]),
        (&json!(1.0), &json!(1), &json!(1), &Value::Null)
    );
    for key in ["hit@3", "mrr@10", "ndcg@10", "zones", "ms_per_query"] {
        assert!(!figures[key].is_null(), "{key}");
    }
    let refused = |arguments: &[&str], code: i32, says: &str| {
        let ran = run(arguments).is(code);
        assert!(ran.stderr.contains(says) && ran.stdout.is_empty(), "{arguments:?}: {ran:?}");
    };
    refused(&["eval", "--data", &good, "--split", "train"], 1, "the splits are test");
    refused(&["eval", "--data", &file("bad.jsonl", &format!("{passage}\n{{\"type\": \"query\"}}")), "--json"], 1, "line 2");
    refused(&["eval", "--data", &file("twice.jsonl", &format!("{passage}\n{passage}\n{query}"))], 1, "twice");
    refused(&["eval", "--data", &file("empty.jsonl", "\n")], 1, "no passage");
    refused(&["eval", "--data", "/nowhere.jsonl"], 1, "/nowhere.jsonl");
    refused(&["eval"], 1, "chatforge-data");
    refused(&["eval", "--data", "/tmp"], 1, "needs --data FILE or --agent ID");
    refused(&["eval", "--data", &good, "--accept"], 2, "--agent");
    refused(&["eval", "--agent", "agt_0000000000", "--split", "test"], 2, "--split");
    refused(&["eval", "--agent", "agt_0000000000"], 1, "there is no agent");
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
