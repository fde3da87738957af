//! Reads JSON: lists of questions or products, pages of schema.org, and any other object as headings with fields.

use serde_json::{Map, Value};

use crate::reading::keys::{asks, is_answer_key, is_ignored, is_name, is_question_key};
use crate::reading::lines::{windows, word_count};
use crate::reading::record::{self, Field, spoken};
use crate::reading::{CHUNK_WORDS_MAX, Chunk, faq, markdown};

/// Characters of a field's value, its parts written one after the other.
const VALUE_CHARS_MAX: usize = 2_000;

/// The chunks of a text that is one JSON value, or one a line.
pub fn cut(content: &str) -> Option<Vec<Chunk>> {
    let content = content.trim();
    if !content.starts_with(['[', '{']) {
        return None;
    }
    let mut chunks = Vec::new();
    for value in values(content)? {
        walk(&value, &[], &mut chunks);
    }
    Some(chunks)
}

fn values(content: &str) -> Option<Vec<Value>> {
    if let Ok(value) = serde_json::from_str::<Value>(content) {
        return Some(vec![value]);
    }
    let lines = content.lines().filter(|line| !line.trim().is_empty());
    let values: Option<Vec<Value>> = lines.map(|line| serde_json::from_str(line).ok().filter(Value::is_object)).collect();
    values.filter(|values| values.len() > 1)
}

fn walk(value: &Value, path: &[String], chunks: &mut Vec<Chunk>) {
    match value {
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let lines: Vec<String> =
                items.iter().map(flat).filter(|item| !item.is_empty()).map(|item| format!("- {item}")).collect();
            told(&lines.join("\n"), path, chunks);
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, path, chunks)),
        Value::Object(object) => walk_object(object, path, chunks),
        scalar => told(&flat(scalar), path, chunks),
    }
}

fn walk_object(object: &Map<String, Value>, path: &[String], chunks: &mut Vec<Chunk>) {
    if let Some((question, answer)) = pair_of(object) {
        chunks.extend(faq::pair(&markdown::inline(&question), &markdown::readable(&answer), path.to_vec()));
        return;
    }
    if !object.is_empty() && object.iter().all(|(key, value)| asks(key) && !value.is_object()) {
        for (question, answer) in object {
            chunks.extend(faq::pair(&markdown::inline(question), &markdown::readable(&flat(answer)), path.to_vec()));
        }
        return;
    }
    let keys: Vec<&str> = object.keys().map(String::as_str).collect();
    let fields: Vec<Field> = object.iter().filter(|(key, _)| shown(key)).map(|(key, value)| (key.clone(), flat(value))).collect();
    let words: usize = fields.iter().map(|(_, value)| word_count(value)).sum();
    let inner = object
        .values()
        .any(|value| value.is_object() || value.as_array().is_some_and(|items| items.iter().any(Value::is_object)));
    let one = keys.iter().any(|key| is_name(key)) && words <= CHUNK_WORDS_MAX && !holds_records(object);
    if one || !inner || record::is_pair(&keys) {
        chunks.extend(record::chunks(&fields, path.to_vec()));
        return;
    }
    parts(object, path, chunks);
}

/// The object's own fields under its heading, and each part under its key.
fn parts(object: &Map<String, Value>, path: &[String], chunks: &mut Vec<Chunk>) {
    let nested = |value: &Value| value.is_object() || value.is_array();
    let own = object.iter().filter(|(key, value)| shown(key) && !nested(value));
    let own: Vec<Field> = own.map(|(key, value)| (key.clone(), flat(value))).collect();
    let mut path = path.to_vec();
    path.extend(own.iter().find(|(key, _)| is_name(key)).map(|(_, name)| markdown::inline(name)));
    let fields: Vec<Field> = own.into_iter().filter(|(key, _)| !is_name(key)).collect();
    chunks.extend(record::chunks(&fields, path.clone()));
    for (key, value) in object.iter().filter(|(key, value)| shown(key) && nested(value)) {
        let named = !matches!(key.as_str(), "mainEntity" | "@graph" | "items" | "data" | "results" | "entries");
        let below: Vec<String> = path.iter().cloned().chain(named.then(|| spoken(key))).collect();
        walk(value, &below, chunks);
    }
}

/// A question of schema.org: its name, and the text of the answer that was accepted.
fn pair_of(object: &Map<String, Value>) -> Option<(String, String)> {
    let question = object.get("name")?.as_str()?;
    let answer = object.get("acceptedAnswer")?;
    let answer = answer.get(0).unwrap_or(answer).get("text")?.as_str()?;
    Some((question.to_owned(), answer.to_owned()))
}

/// Whether a list in it holds questions or products of their own.
fn holds_records(object: &Map<String, Value>) -> bool {
    let record = |item: &Value| {
        item.as_object().is_some_and(|item| item.keys().any(|key| is_question_key(key) || is_answer_key(key) || is_name(key)))
    };
    object.values().filter_map(Value::as_array).any(|items| items.len() > 1 && items.iter().all(record))
}

fn shown(key: &str) -> bool {
    !key.starts_with(['@', '$']) && !is_ignored(key)
}

fn told(text: &str, path: &[String], chunks: &mut Vec<Chunk>) {
    let text = markdown::readable(text);
    let texts = windows(&text).into_iter().filter(|text| !text.is_empty());
    chunks.extend(texts.map(|text| Chunk { headings: path.to_vec(), text, ..Chunk::default() }));
}

/// A value in one line.
fn flat(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out.truncate(out.char_indices().nth(VALUE_CHARS_MAX).map_or(out.len(), |(at, _)| at));
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => {}
        Value::String(text) => out.push_str(text),
        Value::Array(items) => items.iter().for_each(|item| part(None, item, out)),
        Value::Object(object) => object.iter().for_each(|(key, item)| part(Some(key), item, out)),
        other => out.push_str(&other.to_string()),
    }
}

fn part(key: Option<&String>, value: &Value, out: &mut String) {
    if out.len() > VALUE_CHARS_MAX * 4 || value.is_null() {
        return;
    }
    if !out.is_empty() && !out.ends_with(": ") {
        out.push_str(", ");
    }
    if let Some(key) = key {
        out.push_str(&spoken(key).to_lowercase());
        out.push_str(": ");
    }
    write(value, out);
}
