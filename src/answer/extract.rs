//! Takes from a chunk the words that answer, as they stand there: all of a short one, else its two best sentences.

use std::collections::HashSet;

use crate::answer::index::Index;
use crate::answer::query::Query;
use crate::answer::retrieve::held;
use crate::reading::lines::{sentences, word_count};
use crate::reading::{Chunk, product};

const WHOLE_WORDS_MAX: usize = 80;
const SENTENCES: usize = 2;
const LIST_LINES_MAX: usize = 6;
const PRODUCT_WORDS_MAX: usize = 150;
const EXCERPT_CHARS_MAX: usize = 200;
/// How much a sentence's meaning counts against its words.
const ALIKE: f32 = 0.6;

pub fn answer(index: &Index, query: &Query, at: usize) -> String {
    let chunk = &index.chunks[at];
    let words = word_count(&chunk.text);
    if chunk.product {
        return named(chunk, if words <= PRODUCT_WORDS_MAX { chunk.text.clone() } else { best_fields(index, query, chunk) });
    }
    if words <= WHOLE_WORDS_MAX {
        return chunk.text.clone();
    }
    best(index, query, at)
}

/// Whether an answer takes some of the chunk's sentences, and not all of it.
pub fn is_quoted_in_part(chunk: &Chunk) -> bool {
    !chunk.product && word_count(&chunk.text) > WHOLE_WORDS_MAX
}

/// At most 200 characters of the chunk, from the sentence that answers best.
pub fn excerpt(index: &Index, query: &Query, at: usize) -> String {
    let chunk = &index.chunks[at];
    let sentences = sentences(&chunk.text);
    let first = match chunk.text.chars().count() <= EXCERPT_CHARS_MAX {
        true => 0,
        false => ranked_of(index, query, at, &sentences).first().copied().unwrap_or(0),
    };
    shortened(&sentences[first.min(sentences.len())..].concat())
}

/// In one line, cut off at a word where it is longer than an excerpt may be.
pub fn shortened(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= EXCERPT_CHARS_MAX {
        return text;
    }
    let cut: String = text.chars().take(EXCERPT_CHARS_MAX - 1).collect();
    let end = cut.rfind(' ').filter(|end| *end > cut.len() / 2).unwrap_or(cut.len());
    format!("{}\u{2026}", cut[..end].trim_end_matches([',', ';', ':', '.', ' ']))
}

fn named(chunk: &Chunk, text: String) -> String {
    match chunk.headings.last() {
        Some(name) => format!("{name}\n{text}"),
        None => text,
    }
}

/// The fields of a long product that the question asks about, each uncut, in their order.
fn best_fields(index: &Index, query: &Query, chunk: &Chunk) -> String {
    let mut fields: Vec<String> = Vec::new();
    for line in chunk.text.lines() {
        match fields.last_mut() {
            Some(field) if product::key(line).is_none() => *field = format!("{field}\n{line}"),
            _ => fields.push(line.to_owned()),
        }
    }
    let parts: Vec<&str> = fields.iter().map(String::as_str).collect();
    let mut taken: Vec<usize> = ranked(index, query, &parts).into_iter().take(LIST_LINES_MAX).collect();
    taken.sort_unstable();
    taken.iter().map(|n| parts[*n]).collect::<Vec<_>>().join("\n")
}

fn best(index: &Index, query: &Query, at: usize) -> String {
    let sentences = sentences(&index.chunks[at].text);
    let ranked = ranked_of(index, query, at, &sentences);
    let item = |n: usize| sentences[n].trim_start().starts_with("- ");
    let list = ranked.first().is_some_and(|n| item(*n));
    let mut taken: Vec<usize> = ranked.iter().copied().take(SENTENCES).collect();
    // What stands before a list says what its lines are.
    if let Some(head) = ranked.first().filter(|_| list).and_then(|n| (0..*n).rev().find(|n| !item(*n))) {
        taken.push(head);
    }
    // A line that only announces a list brings the list.
    if let Some(first) = ranked.first().filter(|n| sentences[**n].trim_end().ends_with(':')) {
        taken.extend((first + 1..sentences.len()).take_while(|n| item(*n)).take(LIST_LINES_MAX));
    }
    taken.sort_unstable();
    taken.dedup();
    let mut text = String::new();
    for pair in taken.iter().enumerate() {
        let (at, n) = pair;
        let next = taken.get(at + 1).copied();
        text.push_str(sentences[*n].trim());
        match next {
            Some(next) if item(next) || item(*n) => text.push('\n'),
            Some(_) => text.push(' '),
            None => {}
        }
    }
    text
}

/// The sentences of a chunk by how much of the question they hold, in words and in meaning.
fn ranked_of(index: &Index, query: &Query, chunk: usize, sentences: &[&str]) -> Vec<usize> {
    let meant = index.vectors.as_ref().zip(query.vector.as_ref());
    let Some(alike) = meant.and_then(|(vectors, vector)| vectors.sentences(chunk, vector)) else {
        return ranked(index, query, sentences);
    };
    let most = query.most();
    let worths = worths(index, query, sentences).into_iter().zip(alike);
    ordered(sentences, &worths.map(|(held, alike)| ALIKE * alike + (1.0 - ALIKE) * held / most).collect::<Vec<_>>())
}

/// By words alone.
fn ranked(index: &Index, query: &Query, sentences: &[&str]) -> Vec<usize> {
    ordered(sentences, &worths(index, query, sentences))
}

fn worths(index: &Index, query: &Query, sentences: &[&str]) -> Vec<f32> {
    let worth = |sentence: &&str| {
        let stems: HashSet<String> = index.language.filed(sentence).iter().map(|word| index.language.stem(word)).collect();
        held(query, &stems)
    };
    sentences.iter().map(worth).collect()
}

/// Best first; the earlier of two equals first.
fn ordered(sentences: &[&str], worths: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sentences.len()).filter(|n| !sentences[*n].trim().is_empty()).collect();
    order.sort_by(|a, b| worths[*b].total_cmp(&worths[*a]).then(a.cmp(b)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_at_a_word() {
        assert_eq!(shortened("Short\n\ntext."), "Short text.");
        let long = shortened(&"word ".repeat(100));
        assert!(long.ends_with("word\u{2026}") && long.chars().count() <= EXCERPT_CHARS_MAX, "{long}");
        assert_eq!(shortened(&"ü".repeat(300)).chars().count(), EXCERPT_CHARS_MAX);
    }
}
