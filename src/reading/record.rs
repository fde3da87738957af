//! One row of a table or one object of JSON: a question with its answer, or a product with its fields.

use crate::reading::faq;
use crate::reading::keys::{is_answer_key, is_category, is_ignored, is_name, is_question_key};
use crate::reading::lines::{windows, word_count};
use crate::reading::{CHUNK_WORDS_MAX, Chunk, markdown};

/// Names and values, as its owner wrote them.
pub type Field = (String, String);

pub fn is_pair(keys: &[&str]) -> bool {
    keys.iter().any(|key| is_question_key(key)) && keys.iter().any(|key| is_answer_key(key))
}

/// The chunks of a record that stands under these headings.
pub fn chunks(fields: &[Field], mut headings: Vec<String>) -> Vec<Chunk> {
    let fields = fields.iter().filter(|(key, value)| !value.trim().is_empty() && !is_ignored(key));
    let (categories, fields): (Vec<&Field>, Vec<&Field>) = fields.partition(|(key, _)| is_category(key));
    headings.extend(categories.iter().map(|(_, value)| markdown::inline(value)));
    let keys: Vec<&str> = fields.iter().map(|(key, _)| key.as_str()).collect();
    match is_pair(&keys) {
        true => pair(&fields, headings),
        false => product(&fields, headings),
    }
}

fn pair(fields: &[&Field], headings: Vec<String>) -> Vec<Chunk> {
    let (mut question, mut lines) = (String::new(), Vec::new());
    for (key, value) in fields {
        match () {
            () if question.is_empty() && is_question_key(key) => question = markdown::inline(value),
            () if is_answer_key(key) => lines.insert(0, value.clone()),
            () => lines.push(line(key, value)),
        }
    }
    let answer = markdown::readable(&lines.join("\n"));
    if answer.is_empty() { Vec::new() } else { faq::pair(&question, &answer, headings) }
}

fn product(fields: &[&Field], mut headings: Vec<String>) -> Vec<Chunk> {
    let name = fields.iter().position(|(key, _)| is_name(key));
    headings.extend(name.map(|at| markdown::inline(&fields[at].1)));
    // A product of which only the name is known is told by its name.
    let shown = |n: usize| Some(n) != name || fields.len() == 1;
    let lines: Vec<String> = (0..fields.len()).filter(|n| shown(*n)).map(|n| line(&fields[n].0, &fields[n].1)).collect();
    let text = lines.join("\n");
    let product = name.is_some();
    let texts = if word_count(&text) <= CHUNK_WORDS_MAX || product { vec![text] } else { windows(&text) };
    let chunk = |text| Chunk { headings: headings.clone(), text, whole: true, product, ..Chunk::default() };
    texts.into_iter().filter(|text: &String| !text.is_empty()).map(chunk).collect()
}

fn line(key: &str, value: &str) -> String {
    let value = markdown::readable(value);
    match key.trim() {
        "" => value,
        key => format!("{}: {value}", spoken(key)),
    }
}

/// "opening_hours" as a person writes it.
pub fn spoken(key: &str) -> String {
    let key = key.trim().replace('_', " ");
    let mut chars = key.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
