//! How a visitor becomes a lead: by the widget's form, or by what is typed into the chat.

use serde_json::{Value, json};

use crate::widget::with_agent;

#[test]
fn an_address_in_a_message_is_a_lead_once_a_conversation() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let first = visitor.ask("Please write to jane@example.com about the check-up");
    assert_eq!(first.json["lead_captured"], true);
    visitor.ask("My number is +1-555-0123, or other@example.com");
    let leads = server.leads(&agent);
    assert_eq!(leads.len(), 1);
    assert_eq!((&leads[0]["email"], &leads[0]["phone"]), (&json!("jane@example.com"), &json!("+1-555-0123")));
    assert_eq!(leads[0]["conversation_id"].as_str(), first.conversation.as_deref());
    let said = "Please write to jane@example.com about the check-up\nMy number is +1-555-0123, or other@example.com";
    assert_eq!(leads[0]["message"], said);
    assert_eq!(leads[0]["page_url"], "https://example.com/pricing");
    assert_eq!(server.events("lead.captured").len(), 1);
    assert_eq!(server.conversations(&agent)[0]["lead_captured"], true);
}

#[test]
fn the_form_is_a_lead_and_later_words_complete_it() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    visitor.ask("Hello");
    let form =
        json!({ "name": "Jane Smith", "email": "jane@example.com", "phone": "", "company": "Acme Corp", "message": "Call me." });
    let lead = visitor.lead(&form).is(201).json["lead"].clone();
    for (field, value) in
        [("name", "Jane Smith"), ("email", "jane@example.com"), ("company", "Acme Corp"), ("message", "Call me.")]
    {
        assert_eq!(lead[field], value);
    }
    assert_eq!(lead["phone"], Value::Null);
    let again = visitor.lead(&json!({ "name": "Somebody Else", "phone": "+1-555-0123" })).is(201).json["lead"].clone();
    assert_eq!((&again["id"], &again["name"], &again["phone"]), (&lead["id"], &json!("Jane Smith"), &json!("+1-555-0123")));
    assert_eq!(again["message"], "Call me.\nName: Somebody Else");
    assert_eq!((server.leads(&agent).len(), server.events("lead.captured").len()), (1, 1));
}

#[test]
fn a_lead_before_the_first_message_belongs_to_the_conversation() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let lead = visitor.lead(&json!({ "email": "jane@example.com" })).is(201).json["lead"].clone();
    assert_eq!(lead["conversation_id"], Value::Null);
    let conversation = visitor.ask("Hello, write to jane@example.com").conversation;
    let leads = server.leads(&agent);
    assert_eq!((leads.len(), leads[0]["conversation_id"].as_str()), (1, conversation.as_deref()));
    assert_eq!((server.events("lead.captured").len(), &server.conversations(&agent)[0]["lead_captured"]), (1, &json!(true)));
}

#[test]
fn a_form_needs_a_way_to_answer() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    let cases = [
        (json!({}), "email"),
        (json!({ "name": "Jane" }), "email"),
        (json!({ "email": "", "phone": " " }), "email"),
        (json!({ "email": "jane" }), "email"),
        (json!({ "email": "jane@example.com", "phone": "soon" }), "phone"),
        (json!({ "email": 5 }), "email"),
        (json!({ "email": "jane@example.com", "name": "x".repeat(201) }), "name"),
        (json!({ "email": "jane@example.com", "message": "x".repeat(4_001) }), "message"),
    ];
    for (form, field) in cases {
        assert!(visitor.lead(&form).fails(422, "validation_error").refused().contains(&field), "{form}");
    }
    assert!(server.leads(&agent).is_empty() && server.events("lead.captured").is_empty());
}
