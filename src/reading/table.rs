//! Reads tables with a header, separated by commas, semicolons, tabs or bars: each row is a question or a product.

use csv::ReaderBuilder;

use crate::reading::keys::{asks, is_name};
use crate::reading::record::{self, Field, is_pair};
use crate::reading::{Chunk, faq};

const DELIMITERS: [u8; 4] = [b'\t', b';', b',', b'|'];
const HEADER_CHARS_MAX: usize = 60;
/// Without a header that is understood, commas make a table only from so many columns on.
const COLUMNS_SURE: usize = 3;
const COLUMNS_MAX: usize = 200;

/// The chunks of a text that is a table and nothing else.
pub fn cut(content: &str) -> Option<Vec<Chunk>> {
    let first = content.lines().find(|line| !line.trim().is_empty())?.trim();
    // A row of markdown, or JSON.
    if first.starts_with(['|', '[', '{', '#', '-']) {
        return None;
    }
    DELIMITERS.iter().filter(|delimiter| first.as_bytes().contains(delimiter)).find_map(|delimiter| table(content, *delimiter))
}

fn table(content: &str, delimiter: u8) -> Option<Vec<Chunk>> {
    let rows = rows(content.trim(), delimiter)?;
    let (header, rows) = rows.split_first()?;
    if rows.is_empty() || header.len() < 2 || header.len() > COLUMNS_MAX {
        return None;
    }
    if let Some(pairs) = pairs_without_header(header, rows) {
        return Some(pairs);
    }
    is_header(header, rows).then(|| rows.iter().flat_map(|row| record::chunks(&fields(header, row), Vec::new())).collect())
}

fn rows(content: &str, delimiter: u8) -> Option<Vec<Vec<String>>> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(content.as_bytes());
    let rows = reader.records().map(|row| Some(row.ok()?.iter().map(|cell| cell.trim().to_owned()).collect()));
    let rows: Option<Vec<Vec<String>>> = rows.collect();
    rows.map(|rows| rows.into_iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).collect())
}

/// Whether the first row names the columns of the others.
fn is_header(header: &[String], rows: &[Vec<String>]) -> bool {
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let name = |name: &&str| {
        !name.is_empty() && name.chars().count() <= HEADER_CHARS_MAX && !name.ends_with(['.', '!', '?']) && !is_number(name)
    };
    let distinct = names.iter().collect::<std::collections::HashSet<_>>().len() == names.len();
    let even = rows.iter().filter(|row| row.len() == header.len()).count();
    let told = is_pair(&names) || names.iter().any(|name| is_name(name));
    distinct
        && names.iter().all(name)
        && even * 10 >= rows.len() * 9
        && (told || header.len() >= COLUMNS_SURE && rows.len() >= 2 && names.iter().all(|name| !name.contains(". ")))
}

/// Two columns of which the first asks.
fn pairs_without_header(first: &[String], rows: &[Vec<String>]) -> Option<Vec<Chunk>> {
    let all = || std::iter::once(first).chain(rows.iter().map(Vec::as_slice));
    let asking = all().filter(|row| row.len() == 2 && asks(&row[0]) && !row[1].is_empty()).count();
    let pairs = asking >= 2 && asking * 10 >= (rows.len() + 1) * 9 && asks(&first[0]);
    pairs.then(|| all().filter(|row| row.len() == 2).flat_map(|row| faq::pair(&row[0], &row[1], Vec::new())).collect())
}

fn fields(header: &[String], row: &[String]) -> Vec<Field> {
    let name = |n: usize| header.get(n).cloned().unwrap_or_default();
    row.iter().enumerate().map(|(n, cell)| (name(n), cell.clone())).collect()
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '$' | '\u{20ac}'))
}
