//! What an agent knows, what it is asked in vain, and how it answers: on its pages.

use serde_json::json;

use crate::browser::{between, own_api, signed_in};

const FAQ: &str = "Q: Where is parking?\nA: Behind the house.\n\nQ: When are you open?\nA: From 9:00 to 17:00.";

#[test]
fn an_entry_is_added_changed_and_deleted_on_its_page() {
    let (server, mut browser) = signed_in();
    let agent = own_api(&server).agent(&json!({ "name": "A" }));
    let page = format!("/agents/{agent}/knowledge");
    assert!(browser.get(&page).is(200).text.contains("This agent has no knowledge yet"));
    browser.submit(&page, &[("type", "faq"), ("content", FAQ)]).is(303);
    let shown = browser.get(&page).is(200).text;
    let entry = format!("{page}/{}", between(&shown, &format!("href=\"{page}/"), "\"").unwrap());
    let refused = browser.submit(&page, &[("type", "faq"), ("content", " ")]).is(422).text;
    assert!(refused.contains("id=\"content-error\""));
    assert!(browser.get(&entry).is(200).text.contains("Where is parking?"));
    browser.submit(&entry, &[("type", "nonsense"), ("content", "x")]).is(422);
    browser.submit(&entry, &[("type", "text"), ("content", "Parking is in front.")]).is(303);
    assert_eq!(server.count("SELECT knowledge_bytes FROM agents"), 20);
    assert_eq!(server.count("SELECT sum(size_bytes) FROM knowledge"), 20);
    let asked = browser.get(&format!("{page}?q=where+is+parking")).is(200).text;
    assert!(asked.contains("Parking is in front.") && !asked.contains("Behind the house."), "{asked}");
    browser.submit(&format!("{entry}/delete"), &[]).is(303);
    assert_eq!(server.count("SELECT knowledge_bytes + knowledge_entries FROM agents"), 0);
    browser.get(&entry).is(404);
}

#[test]
fn a_tested_question_shows_how_sure_the_answer_is_and_its_passages() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    api.teach(&agent, "faq", FAQ);
    let page = format!("/agents/{agent}/knowledge");
    let known = browser.get(&format!("{page}?q=Where+is+parking%3F")).is(200).text;
    assert!(known.contains(">Answered<") && known.contains("Behind the house.") && known.contains("class=\"score\""), "{known}");
    let unknown = browser.get(&format!("{page}?q=Do+you+repair+%3Cb%3Eviolins%3F")).is(200).text;
    assert!(unknown.contains("No answer found") && !unknown.contains("<b>violins"), "{unknown}");
    assert_eq!(server.count("SELECT count(*) FROM unanswered_questions"), 0);
    assert_eq!(server.count("SELECT count(*) FROM conversations"), 0);
}

#[test]
fn an_unanswered_question_becomes_knowledge_and_leaves_the_list() {
    let (server, mut browser) = signed_in();
    let agent = own_api(&server).agent(&json!({ "name": "A", "knowledge_base": FAQ }));
    let visitor = server.visitor(&agent);
    visitor.ask("Do you repair violins?");
    visitor.ask("Is there wifi?");
    let page = format!("/agents/{agent}/questions");
    let shown = browser.get(&page).is(200).text;
    assert!(shown.contains("Do you repair violins?") && shown.contains("Is there wifi?"), "{shown}");
    let link = shown.split("href=\"").find(|part| part.contains("answer=") && part.contains("violins")).unwrap();
    let link = link.split(['"', '#']).next().unwrap().replace("&amp;", "&").replace("&#38;", "&");
    let form = browser.get(&link).is(200).text;
    assert!(form.contains("Q: Do you repair violins?"));
    let subject = between(&form, "name=\"subject\" value=\"", "\"").unwrap().to_owned();
    let content = "Q: Do you repair violins?\r\nA: Yes, within a week.";
    browser
        .submit(&format!("/agents/{agent}/knowledge"), &[("type", "faq"), ("content", content), ("subject", &subject)])
        .is(303);
    let left = browser.get(&page).is(200).text;
    assert!(!left.contains("violins") && left.contains("Is there wifi?"));
    let subject = between(&left, "name=\"subject\" value=\"", "\"").unwrap().to_owned();
    browser.submit(&format!("{page}/dismiss"), &[("subject", &subject)]).is(303);
    assert!(browser.get(&page).is(200).text.contains("All answered"));
    browser.submit(&format!("{page}/dismiss"), &[("subject", &subject)]).is(404);
    assert!(server.visitor(&agent).ask("Do you repair violins?").text.contains("within a week"));
}

#[test]
fn saved_questions_asked_again_show_what_a_change_broke() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A", "knowledge_base": FAQ }));
    let page = format!("/agents/{agent}/questions");
    browser.get(&page).is(200);
    browser.submit(&page, &[("text", " ")]).is(422);
    browser.submit(&page, &[("text", "Where is parking?")]).is(303);
    browser.submit(&page, &[("text", "When are you open?")]).is(303);
    let again = format!("{page}?again=all");
    assert!(browser.get(&again).is(200).text.contains("All 2 answers are unchanged."));
    api.put(&format!("/api/v1/agents/{agent}"), &json!({ "knowledge_base": FAQ.replace("Behind", "Beside") })).is(200);
    let changed = browser.get(&again).is(200).text;
    assert!(changed.contains("1 of 2 answers has changed."), "{changed}");
    assert!(changed.contains("Beside the house.") && changed.contains("Behind the house."));
    browser.submit(&page, &[("text", "Where is parking?")]).is(303);
    let kept = browser.get(&again).is(200).text;
    assert!(kept.contains("All 2 answers are unchanged."));
    let saved = between(&kept, &format!("action=\"{page}/qst_"), "\"").unwrap().to_owned();
    browser.submit(&format!("{page}/qst_{saved}"), &[]).is(303);
    assert_eq!(server.count("SELECT count(*) FROM saved_questions"), 1);
}

#[test]
fn how_an_agent_answers_is_set_on_its_page() {
    let (server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    let page = format!("/agents/{agent}/answering");
    assert!(browser.get(&page).is(200).text.contains("This server has no model"));
    let chosen = [("tone", "formal"), ("caution", "high"), ("model", "off"), ("ask_unmatched", "yes")];
    let set = [chosen.as_slice(), &[("instructions", "Be kind.\r\nBe brief.")]].concat();
    browser.submit(&page, &set).is(303);
    let answering = api.get(&format!("/api/v1/agents/{agent}")).is(200).json["answering"].clone();
    let expected = json!({ "instructions": "Be kind.\nBe brief.", "tone": "formal", "caution": "high", "model": "off", "ask_unmatched": true });
    assert_eq!(answering, expected);
    let shown = browser.get(&page).is(200).text;
    assert!(shown.contains("<option value=\"high\" selected>") && shown.contains("Be kind."));
    let wrong = browser.submit(&page, &[("tone", "rude"), ("caution", "high"), ("model", "off")]).is(422).text;
    assert!(wrong.contains("id=\"tone-error\""));
    assert_eq!(api.get(&format!("/api/v1/agents/{agent}")).json["answering"], expected);
}

#[test]
fn b03_what_another_accounts_agent_knows_stays_theirs() {
    let (server, mut browser) = signed_in();
    let stranger = server.sign_up("stranger@example.com");
    let theirs = stranger.agent(&json!({ "name": "A", "knowledge_base": FAQ }));
    let entry = server.database().query_row("SELECT id FROM knowledge", [], |row| row.get::<_, String>(0)).unwrap();
    let mine = own_api(&server).agent(&json!({ "name": "Mine" }));
    browser.get(&format!("/agents/{theirs}/knowledge?q=parking")).is(404);
    for path in ["knowledge", "questions", "answering", &format!("knowledge/{entry}")] {
        browser.get(&format!("/agents/{theirs}/{path}")).is(404);
    }
    browser.get(&format!("/agents/{mine}/knowledge/{entry}")).is(404);
    browser.get("/agents").is(200);
    for agent in [&theirs, &mine] {
        browser.submit(&format!("/agents/{agent}/knowledge/{entry}"), &[("type", "text"), ("content", "Lies.")]).is(404);
        browser.submit(&format!("/agents/{agent}/knowledge/{entry}/delete"), &[]).is(404);
    }
    assert_eq!(server.count("SELECT count(*) FROM knowledge WHERE content LIKE '%Behind%'"), 1);
}
