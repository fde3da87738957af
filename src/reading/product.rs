//! Reads product lists: blocks of "Key: value" lines, each block one product under its name.

use crate::reading::Chunk;
use crate::reading::keys::{begins_product, is_name};
use crate::reading::lines::word_count;
use crate::reading::markdown;
use crate::reading::plain;

const KEY_WORDS_MAX: usize = 4;
const NAME_WORDS_MAX: usize = 12;

pub fn cut(content: &str) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    for block in blocks(content) {
        let mut lines: Vec<&str> = block;
        while let Some((level, text)) = lines.first().and_then(|line| markdown::heading(line)) {
            headings.retain(|(depth, _)| *depth < level);
            headings.push((level, text));
            lines.remove(0);
        }
        let path: Vec<String> = headings.iter().map(|(_, text)| text.clone()).collect();
        chunks.extend(product(&lines, path));
    }
    chunks
}

/// Whether the text is at least two blocks of fields and little else.
pub fn covers(content: &str) -> bool {
    let blocks = blocks(content);
    let products = blocks.iter().filter(|block| fields(block) >= 2 && is_named(block)).count();
    products >= 2 && products * 4 >= blocks.len() * 3
}

fn blocks(content: &str) -> Vec<Vec<&str>> {
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    for line in content.lines() {
        let rule = line.trim().len() > 2 && line.trim().chars().all(|c| matches!(c, '-' | '=' | '*' | '_'));
        let starts = key(line).is_some_and(|(key, _)| begins_product(key));
        let current = blocks.last().map_or(0, Vec::len);
        if (line.trim().is_empty() || rule || starts || markdown::heading(line).is_some()) && current > 0 {
            blocks.push(Vec::new());
        }
        if !line.trim().is_empty() && !rule {
            blocks.last_mut().expect("one block at least").push(line);
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

fn product(lines: &[&str], mut headings: Vec<String>) -> Vec<Chunk> {
    let mut rest = lines;
    let mut name = None;
    match lines.first() {
        Some(first) if is_named(lines) => {
            name = key(first).map(|(_, value)| markdown::inline(value));
            rest = &lines[1..];
        }
        Some(first) if key(first).is_none() && fields(lines) > 0 && word_count(first) <= NAME_WORDS_MAX => {
            name = Some(markdown::inline(first.trim().trim_start_matches(['-', '*', ' ']).trim_end_matches(':')));
            rest = &lines[1..];
        }
        _ => {}
    }
    if fields(rest) == 0 && name.is_none() {
        let text = plain::cut(&lines.join("\n"));
        return text
            .into_iter()
            .map(|chunk| Chunk { headings: headings.iter().cloned().chain(chunk.headings).collect(), ..chunk })
            .collect();
    }
    if rest.is_empty() {
        rest = lines;
    }
    headings.extend(name);
    vec![Chunk { headings, text: markdown::readable(&rest.join("\n")), whole: true, product: true, ..Chunk::default() }]
}

fn is_named(lines: &[&str]) -> bool {
    let first = lines.first().and_then(|line| key(line));
    first.is_some_and(|(key, value)| is_name(key) && !value.is_empty())
}

fn fields(lines: &[&str]) -> usize {
    lines.iter().filter(|line| key(line).is_some()).count()
}

/// The key and the value of a line such as "**Price:** $4".
pub fn key(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().trim_start_matches(['-', '*', '_', '\u{2022}', ' ']);
    let (key, value) = line.split_once([':', '\u{ff1a}'])?;
    let key = key.trim_matches(['*', '_', ' ']);
    let named = !key.is_empty()
        && word_count(key) <= KEY_WORDS_MAX
        && key.chars().any(char::is_alphabetic)
        && !key.contains(['.', '?', '/', '\u{3002}']);
    (named && !value.starts_with("//")).then(|| (key, value.trim_matches(['*', '_', ' '])))
}
