//! In which language the agent's own words are.

use serde_json::json;

use crate::server::TestServer;
use crate::visitor::Visitor;

fn told_by(server: &TestServer, agent: &str, locale: &str, question: &str) -> String {
    let client = server.client();
    let visitor = Visitor::open(&client, json!({ "agent_id": agent, "locale": locale }));
    visitor.ask(question).text
}

#[test]
fn a_message_that_tells_no_language_is_answered_in_that_of_the_page_or_else_of_the_knowledge() {
    let server = TestServer::start();
    let english = server.agent(&json!({ "name": "Ava" }));
    server.teach(&english, "faq", "Q: When are you open?\nA: We are open daily from 9 to 18.").is(201);
    let german = server.agent(&json!({ "name": "Ava" }));
    server.teach(&german, "faq", "Q: Wann haben Sie offen?\nA: Wir haben täglich von 9 bis 18 Uhr offen.").is(201);
    let unknown = "I don't know";
    for (agent, locale, question, holds) in [
        (&english, "de-AT", "köpek getirebilir miyim", "leider nicht"),
        (&english, "tr", "köpek getirebilir miyim", unknown),
        (&english, "fr", "可以带狗吗？", "désolé"),
        (&english, "ja-JP", "可以带狗吗？", "申し訳"),
        (&english, "zh-CN", "可以带狗吗？", unknown),
        (&english, "", "får jag ta med hund", unknown),
        (&english, "not a locale <b>", "mogu li doći sa psom", unknown),
        (&english, "de", "do you sell any pizza here?", unknown),
        (&german, "", "có chỗ đậu xe không", "leider nicht"),
        (&german, "en-US", "có chỗ đậu xe không", unknown),
        (&german, "en-US", "Verkaufen Sie auch Pizza?", "leider nicht"),
    ] {
        let told = told_by(&server, agent, locale, question);
        assert!(told.to_lowercase().contains(&holds.to_lowercase()), "{locale}, {question}: {told}");
    }
}
