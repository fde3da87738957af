//! What knowledge means is learnt in the background: questions in other words are answered, and nothing is learnt twice.

use std::collections::BTreeMap;

use chatforge::answer::encoder::Encoder;
use serde_json::json;

use crate::server::{TestServer, until};

const SHOP: &str = "Q: Do you treat nervous patients?\nA: Yes. We offer sedation and take all the time you need.\n\n\
    Q: Where can I leave my car?\nA: There is free parking behind the house.";
/// None of its words stands in the knowledge.
const IN_OTHER_WORDS: &str = "is there somewhere to put my vehicle?";

impl TestServer {
    fn wait_until_learnt(&self) {
        until("what is learnt", || Some(()).filter(|()| self.client().get("/readyz").is(200).json["agents_learning"] == 0));
    }

    /// The hash of every text that has a vector, and the vector.
    fn vectors(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let db = self.database();
        let mut list = db.prepare("SELECT text_hash, vector FROM vectors").unwrap();
        list.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    }
}

#[test]
fn a_question_in_other_words_is_answered_once_the_knowledge_is_learnt() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    server.teach(&agent, "faq", SHOP);
    server.wait_until_learnt();
    let answer = server.visitor(&agent).ask(IN_OTHER_WORDS);
    assert_eq!(answer.text.contains("free parking"), Encoder::embedded().is_some(), "{}", answer.text);
    assert!(server.visitor(&agent).ask("Do you treat nervous patients?").text.contains("sedation"));
}

#[test]
fn a_change_is_learnt_and_what_stayed_is_not_learnt_again() {
    if Encoder::embedded().is_none() {
        return;
    }
    let mut server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": SHOP }));
    server.wait_until_learnt();
    let before = server.vectors();
    assert_eq!(before.len(), 4, "two pairs, each with its question");
    let changed = SHOP.replace("behind the house", "in Mill Lane");
    server.put(&format!("/api/v1/agents/{agent}"), &json!({ "knowledge_base": changed })).is(200);
    server.wait_until_learnt();
    let after = server.vectors();
    assert_eq!(after.len(), 4, "what no passage holds any more is forgotten");
    assert_eq!(after.keys().filter(|hash| before.contains_key(*hash)).count(), 3);
    server.stop();
    // Another encoder's vectors would mean nothing: they are made anew.
    let db = server.database_to_fill();
    db.execute_batch("UPDATE encoder SET name = 'another'; UPDATE vectors SET vector = zeroblob(3)").unwrap();
    drop(db);
    server.restart();
    server.wait_until_learnt();
    until("the vectors", || Some(()).filter(|()| server.vectors() == after));
    assert!(server.visitor(&agent).ask(IN_OTHER_WORDS).text.contains("free parking"));
}

#[test]
fn knowledge_in_a_language_that_the_encoder_does_not_serve_is_found_by_words() {
    let server = TestServer::start();
    let german = "Q: Wo kann ich parken?\nA: Hinter dem Haus gibt es kostenlose Parkplätze für unsere Kunden und Gäste.\n\n\
        Q: Wann haben Sie geöffnet?\nA: Wir haben von Montag bis Freitag von 9 bis 17 Uhr geöffnet. Am Wochenende ist das Geschäft \
        geschlossen, und an Feiertagen sind wir nicht da.";
    let agent = server.agent(&json!({ "name": "A", "knowledge_base": german }));
    server.wait_until_learnt();
    assert!(server.vectors().is_empty());
    assert!(server.visitor(&agent).ask("Wo kann man hier parken?").text.contains("Parkplätze"));
}
