//! Reads markdown: the tree of headings, and text without its marks; lists stay lists, a table row becomes a line.

use crate::reading::keys::asks;
use crate::reading::lines::{windows, word_count};
use crate::reading::markup::is_fence;
use crate::reading::record::{self, is_pair};
use crate::reading::{Chunk, faq, front, inline};

pub const DEPTH_MAX: usize = 6;
const HEADING_CHARS_MAX: usize = 200;
/// A line all in bold heads what follows it, below every heading proper, if it is as short as this.
const BOLD_WORDS_MAX: usize = 8;

pub fn cut(content: &str) -> Vec<Chunk> {
    let content = front::with_references(content);
    let mut sections = Sections::default();
    let mut lines = content.lines().peekable();
    let mut fenced = false;
    while let Some(line) = lines.next() {
        fenced ^= is_fence(line);
        let under = lines.peek().and_then(|next| underline(line, next)).filter(|_| !fenced);
        if let Some(level) = under {
            sections.head(level, inline(line.trim()));
            lines.next();
        } else if let Some((level, text)) = heading(line).or_else(|| bold_heading(line)).filter(|_| !fenced) {
            sections.head(level, text);
        } else {
            sections.lines.push(line);
        }
    }
    sections.close();
    sections.tell_bare_heading();
    sections.chunks
}

/// Headings, and what else shows that a text is markdown: a table, code in fences.
pub fn marks_in(content: &str) -> usize {
    let mut lines = content.lines().peekable();
    let mut marks = 0;
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        marks += usize::from(heading(line).is_some() || is_fence(line) || table_head(line, next).is_some());
        marks += usize::from(underline(line, next).is_some());
    }
    marks
}

#[derive(Default)]
struct Sections<'a> {
    title: String,
    path: Vec<(usize, String)>,
    lines: Vec<&'a str>,
    /// The heading that nothing has followed yet.
    bare: Option<(usize, String)>,
    chunks: Vec<Chunk>,
}

impl Sections<'_> {
    /// The first heading of the first level names the document.
    fn head(&mut self, level: usize, text: String) {
        self.close();
        if self.bare.as_ref().is_some_and(|(depth, _)| level <= *depth) {
            self.tell_bare_heading();
        }
        self.path.retain(|(depth, _)| *depth < level);
        self.bare = Some((level, text.clone()));
        if level == 1 && self.title.is_empty() && self.chunks.is_empty() {
            self.title = text;
        } else {
            self.path.push((level, text));
        }
    }

    /// A heading under which nothing stands says all there is to say.
    fn tell_bare_heading(&mut self) {
        let Some((_, text)) = self.bare.take().filter(|(_, text)| !asks(text)) else { return };
        let above = self.path.iter().map(|(_, heading)| heading).filter(|heading| **heading != text).cloned().collect();
        let title = if self.title == text { String::new() } else { self.title.clone() };
        self.chunks.push(Chunk { title, headings: above, text, ..Chunk::default() });
    }

    fn close(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let mut headings: Vec<String> = self.path.iter().map(|(_, text)| text.clone()).collect();
        let (mut chunks, lines) = without_pairs(&lines, &headings);
        let text = readable(&lines.join("\n"));
        if !text.is_empty() {
            match headings.pop_if(|last| asks(last)) {
                Some(question) => chunks.extend(faq::pair(&question, &text, headings)),
                None => chunks.extend(windows(&text).into_iter().map(|text| {
                    let headings = headings.clone();
                    Chunk { headings, text, ..Chunk::default() }
                })),
            }
        }
        if !chunks.is_empty() {
            self.bare = None;
        }
        self.chunks.extend(chunks.into_iter().map(|chunk| Chunk { title: self.title.clone(), ..chunk }));
    }
}

/// The rows of tables that hold questions with their answers, and the other lines.
fn without_pairs<'a>(lines: &[&'a str], headings: &[String]) -> (Vec<Chunk>, Vec<&'a str>) {
    let (mut chunks, mut others) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < lines.len() {
        let names = lines.get(at + 1).and_then(|next| table_head(lines[at], next));
        let names = names.filter(|names| is_pair(&names.iter().map(String::as_str).collect::<Vec<_>>()));
        let Some(names) = names else {
            others.push(lines[at]);
            at += 1;
            continue;
        };
        at += 2;
        while let Some(row) = lines.get(at).and_then(|line| row_of(line)) {
            let fields: Vec<(String, String)> = names.iter().cloned().zip(row).collect();
            chunks.extend(record::chunks(&fields, headings.to_vec()));
            at += 1;
        }
    }
    (chunks, others)
}

/// The level and the text of a line such as `## Prices`.
pub fn heading(line: &str) -> Option<(usize, String)> {
    let line = line.trim_start_matches(' ');
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    let text = rest.trim().trim_end_matches('#').trim();
    let fits =
        (1..=DEPTH_MAX).contains(&level) && rest.starts_with([' ', '\t']) && !text.is_empty() && text.len() <= HEADING_CHARS_MAX;
    fits.then(|| (level, inline(text)))
}

fn bold_heading(line: &str) -> Option<(usize, String)> {
    let line = line.trim().trim_end_matches(':');
    let text = line.strip_prefix("**")?.strip_suffix("**")?.trim().trim_end_matches(':');
    let fits = !text.is_empty() && !text.contains("**") && !text.ends_with(['.', '!']) && word_count(text) <= BOLD_WORDS_MAX;
    (fits || asks(text) && text.len() <= HEADING_CHARS_MAX && !text.contains("**")).then(|| (DEPTH_MAX + 1, inline(text)))
}

fn underline(line: &str, next: &str) -> Option<usize> {
    let next = next.trim_end();
    let text = line.trim();
    let plain = !text.is_empty() && text.len() <= HEADING_CHARS_MAX && !text.starts_with(['#', '-', '|', '>', '*', '=']);
    let all = |mark: char| next.len() >= 3 && next.chars().all(|c| c == mark);
    match (plain, all('='), all('-')) {
        (true, true, _) => Some(1),
        (true, _, true) => Some(2),
        _ => None,
    }
}

/// The text as a visitor should see it.
pub fn readable(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut lines = text.lines().peekable();
    let mut fenced = false;
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if is_fence(line) {
            fenced = !fenced;
        } else if fenced {
            out.push(line.trim_end().to_owned());
        } else if let Some(names) = lines.peek().and_then(|next| table_head(line, next)) {
            while let Some(row) = lines.next_if(|next| row_of(next).is_some()).and_then(row_of) {
                out.extend((!is_rule_row(&row)).then(|| table_line(&names, &row)));
            }
        } else if let Some(row) = row_of(line).filter(|_| trimmed.starts_with('|')) {
            // A lone row is no table.
            out.extend((!is_rule_row(&row)).then(|| row.join(" ").trim().to_owned()));
        } else {
            let rule = trimmed.len() > 2 && trimmed.chars().all(|c| matches!(c, '-' | '*' | '_' | '='));
            let repeated = trimmed.is_empty() && out.last().is_none_or(String::is_empty);
            out.extend((!rule && !repeated).then(|| block_line(line)));
        }
    }
    out.join("\n").trim().to_owned()
}

/// The names of a table's columns, if these are its first two lines.
fn table_head(line: &str, next: &str) -> Option<Vec<String>> {
    let ruled = next.contains('-') && row_of(next).is_some_and(|row| is_rule_row(&row));
    let rows = line.trim().starts_with('|') && next.trim().starts_with('|');
    (ruled || rows).then(|| row_of(line)).flatten().filter(|names| !is_rule_row(names))
}

fn is_rule_row(row: &[String]) -> bool {
    row.iter().all(|cell| cell.is_empty() || cell.chars().all(|c| matches!(c, '-' | ':')))
}

/// The cells of a line with bars in it.
fn row_of(line: &str) -> Option<Vec<String>> {
    const ESCAPED: &str = "\u{1}";
    if !line.contains('|') {
        return None;
    }
    let line = line.trim().replace("\\|", ESCAPED);
    let inside = line.strip_prefix('|').unwrap_or(&line);
    let inside = inside.strip_suffix('|').unwrap_or(inside);
    Some(inside.split('|').map(|cell| inline(&cell.trim().replace(ESCAPED, "|"))).collect())
}

fn table_line(names: &[String], row: &[String]) -> String {
    let fields = row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()).map(|(n, cell)| match names.get(n) {
        Some(name) if !name.is_empty() => format!("{name}: {cell}"),
        _ => cell.clone(),
    });
    format!("- {}", fields.collect::<Vec<_>>().join(", "))
}

fn block_line(line: &str) -> String {
    let trimmed = line.trim_start_matches(['>', ' ', '\t']).trim_end();
    match trimmed.strip_prefix("* ").or_else(|| trimmed.strip_prefix("+ ")).or_else(|| trimmed.strip_prefix("\u{2022} ")) {
        Some(item) => format!("- {}", inline(item)),
        None => inline(trimmed),
    }
}

/// Drops emphasis and code marks; a link becomes its text with the address behind it.
pub fn inline(text: &str) -> String {
    inline::shown(text)
}
