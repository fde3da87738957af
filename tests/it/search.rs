//! The search over everything that an account has.

use serde_json::json;

use crate::browser::{own_api, signed_in};

#[test]
fn pages_agents_leads_and_conversations_are_found() {
    let (server, mut browser) = signed_in();
    let agent =
        own_api(&server).agent(&json!({ "name": "Harbour <b>Desk</b>", "knowledge_base": "Q: Where is parking?\nA: Here." }));
    let visitor = server.visitor(&agent);
    visitor.ask("Do you repair violins?");
    visitor.ask("I am jane@example.com");
    let mut found = |words: &str| browser.get(&format!("/search?q={words}")).is(200).text;
    assert!(found("harbour").contains(&format!("<a href=\"/agents/{agent}\"><span class=\"clamp-1\">Harbour &#60;b&#62;Desk")));
    assert!(found("violins").contains("<a href=\"/conversations/conv_"));
    assert!(found("jane%40example").contains("<a href=\"/leads/lead_"));
    assert!(found("payments").contains("<a href=\"/settings\"><span"));
    assert!(found(&agent).contains(&format!("<a href=\"/agents/{agent}\"><span")));
    let id: String = server.database().query_row("SELECT id FROM conversations", [], |row| row.get(0)).unwrap();
    assert!(found(&id).contains(&format!("<a href=\"/conversations/{id}\">")));
    assert!(found("cellos").contains("No results for “cellos”."));
}

#[test]
fn nothing_of_another_account_is_found() {
    let (server, mut browser) = signed_in();
    let stranger = server.sign_up("stranger@example.com");
    let agent = stranger.agent(&json!({ "name": "Harbour Desk" }));
    let visitor = server.visitor(&agent);
    visitor.ask("Do you repair violins? I am jane@example.com");
    let ids = ["conversations", "leads"].map(|table| -> String {
        server.database().query_row(&format!("SELECT id FROM {table}"), [], |row| row.get(0)).unwrap()
    });
    for words in ["harbour", "violins", "jane", &agent, &ids[0], &ids[1]] {
        let page = browser.get(&format!("/search?q={words}")).is(200).text;
        assert!(page.contains("No results for “"), "{words}");
    }
}

#[test]
fn five_of_a_kind_are_shown_and_the_rest_is_a_click_away() {
    let (server, mut browser) = signed_in();
    let agent = own_api(&server).agent(&json!({ "name": "A" }));
    for _ in 0..6 {
        server.visitor(&agent).ask("violins & cellos");
    }
    let page = browser.get("/search?q=violins+%26").is(200).text;
    assert_eq!(page.matches("<a href=\"/conversations/conv_").count(), 5);
    assert!(page.contains("href=\"/conversations?q=violins+%26\""));
    assert!(browser.get("/search").is(200).text.contains("<a href=\"/agents\"><span"));
}
