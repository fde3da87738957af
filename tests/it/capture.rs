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

#[test]
fn contact_details_are_taken_as_people_of_any_language_write_them() {
    for (message, email, phone, name) in [
        ("私のメールはtaro@example.jpです", Some("taro@example.jp"), None, None),
        ("رقمي ٠٥٠١٢٣٤٥٦٧", None, Some("0501234567"), None),
        ("電話は０９０－１２３４－５６７８です", None, Some("090-1234-5678"), None),
        ("call me: 07700 900123", None, Some("07700 900123"), None),
        ("+33\u{202f}6\u{202f}12\u{202f}34\u{202f}56\u{202f}78", None, Some("+33 6 12 34 56 78"), None),
        ("My number is 0171 1234567, I am Peter Braun", None, Some("0171 1234567"), Some("Peter Braun")),
        ("田中と申します。tanaka@example.jpへ", Some("tanaka@example.jp"), None, Some("田中")),
        ("I'm Interested, jane@example.com.Thanks", Some("jane@example.com"), None, None),
    ] {
        let (server, agent) = with_agent();
        assert_eq!(server.visitor(&agent).ask(message).json["lead_captured"], true, "{message}");
        let lead = &server.leads(&agent)[0];
        assert_eq!((&lead["email"], &lead["phone"], &lead["name"]), (&json!(email), &json!(phone), &json!(name)), "{message}");
    }
}

#[test]
fn what_only_looks_like_contact_details_is_no_lead() {
    let (server, agent) = with_agent();
    for message in [
        "see https://medium.com/@jane.doe/post",
        "https://bob:secret@intranet.example/x does not open",
        "my order number was 5550123456",
        "numéro de commande 123456789",
        "192.168.100.20",
        "52.5200 13.4050",
        "1764534180",
        "I am Peter Braun",
    ] {
        let visitor = server.visitor(&agent);
        assert_eq!(visitor.ask(message).json["lead_captured"], false, "{message}");
    }
    assert!(server.leads(&agent).is_empty() && server.events("lead.captured").is_empty());
}

#[test]
fn the_form_takes_what_a_person_can_type_and_keeps_it_in_one_form() {
    let (server, agent) = with_agent();
    for (field, typed, kept) in [
        ("phone", "+1 555 010 0123 ext. 45", "+1 555 010 0123 ext. 45"),
        ("phone", "+1 555 010 0123 x45", "+1 555 010 0123 ext. 45"),
        ("phone", "tel:+15550100123", "+15550100123"),
        ("phone", "\u{202a}+972 50 123 4567\u{202c}", "+972 50 123 4567"),
        ("phone", "٠٥٠١٢٣٤٥٦٧", "0501234567"),
        ("phone", "０９０－１２３４－５６７８", "090-1234-5678"),
        ("email", "jane@example.com\u{200b}", "jane@example.com"),
    ] {
        let lead = server.visitor(&agent).lead(&json!({ field: typed })).is(201).json["lead"].clone();
        assert_eq!(lead[field], kept, "{typed:?}");
    }
}

#[test]
fn a_form_without_a_message_is_about_the_last_question() {
    let (server, agent) = with_agent();
    let visitor = server.visitor(&agent);
    visitor.ask("Hello");
    visitor.ask("Do you rent kayaks for a week?");
    let lead = visitor.lead(&json!({ "email": "jane@example.com" })).is(201).json["lead"].clone();
    assert_eq!(lead["message"], "Do you rent kayaks for a week?");
    visitor.ask("And paddles?");
    let again = visitor.lead(&json!({ "phone": "+1 555 010 0123" })).is(201).json["lead"].clone();
    assert_eq!((&again["id"], &again["message"]), (&lead["id"], &lead["message"]));
}
