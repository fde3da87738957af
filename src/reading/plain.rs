//! Reads plain text: each paragraph by itself, under the short line that heads it, if any.

use crate::reading::Chunk;
use crate::reading::lines::{windows, word_count};

const HEADING_WORDS_MAX: usize = 8;

pub fn cut(content: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut heading: Option<String> = None;
    let mut title = String::new();
    let paragraphs = paragraphs(content);
    for (n, paragraph) in paragraphs.iter().enumerate() {
        let (own, body) = headed(paragraph);
        // A line that stands alone above everything names the whole.
        if let Some(own) = own.filter(|_| n == 0 && body.is_empty() && paragraphs.len() > 2) {
            own.clone_into(&mut title);
            continue;
        }
        if let Some(own) = own {
            heading = Some(own.to_owned());
        }
        if body.is_empty() {
            continue;
        }
        // A heading reaches over the one paragraph that it stands on, not over what follows.
        let headings: Vec<String> = heading.take().into_iter().collect();
        chunks.extend(windows(body).into_iter().map(|text| Chunk {
            title: title.clone(),
            text,
            headings: headings.clone(),
            ..Chunk::default()
        }));
    }
    if let Some(heading) = heading {
        chunks.push(Chunk { title, text: heading, ..Chunk::default() });
    }
    chunks
}

fn paragraphs(content: &str) -> Vec<String> {
    let mut paragraphs = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    for line in content.lines().chain([""]) {
        if !line.trim().is_empty() {
            current.push(line.trim_end());
        } else if !current.is_empty() {
            paragraphs.push(std::mem::take(&mut current).join("\n"));
        }
    }
    paragraphs
}

/// The paragraph's heading and the rest: a short first line without a full stop.
fn headed(paragraph: &str) -> (Option<&str>, &str) {
    let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
    let title = first.trim();
    let short = word_count(title) <= HEADING_WORDS_MAX && title.chars().count() <= 80;
    let item = title.starts_with(['-', '*', '\u{2022}', '\u{2013}']) || title.starts_with(|c: char| c.is_ascii_digit());
    let told = title.trim_end_matches(':').contains([':', ',', '@', '$', '\u{20ac}', '\u{a3}', '\u{3001}', '\u{ff1a}'])
        || title.ends_with(['.', '!', ',', ';', '\u{3002}', '\u{ff01}', '\u{60c}']);
    let heads =
        short && !item && !told && title.starts_with(|c: char| !c.is_lowercase()) && title.chars().any(char::is_alphabetic);
    match heads {
        true => (Some(title.trim_end_matches(':')), rest.trim()),
        false => (None, paragraph.trim()),
    }
}
