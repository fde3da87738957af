//! The description of the API holds together, and the committed copy is today's.

use std::collections::HashSet;

use serde_json::Value;

use crate::web::api::schema::{TAGS, document, text};

fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let items = document["paths"].as_object().unwrap().iter();
    items
        .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, op)| (path.as_str(), method.as_str(), op)))
        .collect()
}

#[test]
fn the_committed_document_is_todays() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == text(), "docs/openapi.json is not what the handlers say now: cargo run -- openapi > docs/openapi.json");
}

#[test]
fn every_operation_has_a_name_a_tag_and_words_for_every_answer() {
    let document = document();
    let mut ids = HashSet::new();
    for (path, method, operation) in operations(&document) {
        let place = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{place}: operationId twice");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty() && !text.ends_with('.')), "{place}: summary");
        let tags = operation["tags"].as_array().unwrap();
        assert!(tags.len() == 1 && TAGS.iter().any(|(name, _)| tags[0] == *name), "{place}: {tags:?}");
        assert!(operation["security"][0]["apiKey"].is_array(), "{place}: security");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let worded = response["description"].as_str().is_some_and(|text| !text.is_empty());
            assert!(worded || response["$ref"].is_string(), "{place}: {status}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("$ref") {
                    assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
                }
                object.values().for_each(|value| check(value, document));
            }
            Value::Array(items) => items.iter().for_each(|value| check(value, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}
