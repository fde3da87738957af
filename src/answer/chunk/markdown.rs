//! Reads markdown: the tree of headings, and text without its marks; lists stay lists, a table row becomes a line.

use crate::answer::chunk::Chunk;
use crate::answer::chunk::lines::windows;

const DEPTH_MAX: usize = 6;
const HEADING_CHARS_MAX: usize = 200;

pub fn cut(content: &str) -> Vec<Chunk> {
    let mut sections = Sections::default();
    let mut lines = content.lines().peekable();
    let mut fenced = false;
    while let Some(line) = lines.next() {
        fenced ^= line.trim_start().starts_with("```");
        let under = lines.peek().and_then(|next| underline(line, next)).filter(|_| !fenced);
        if let Some(level) = under {
            sections.head(level, inline(line.trim()));
            lines.next();
        } else if let Some((level, text)) = heading(line).filter(|_| !fenced) {
            sections.head(level, text);
        } else {
            sections.lines.push(line);
        }
    }
    sections.close();
    sections.chunks
}

pub fn headings_in(content: &str) -> usize {
    content.lines().filter(|line| heading(line).is_some()).count()
}

#[derive(Default)]
struct Sections<'a> {
    title: String,
    path: Vec<(usize, String)>,
    lines: Vec<&'a str>,
    chunks: Vec<Chunk>,
}

impl Sections<'_> {
    /// The first heading of the first level names the document.
    fn head(&mut self, level: usize, text: String) {
        self.close();
        self.path.retain(|(depth, _)| *depth < level);
        if level == 1 && self.title.is_empty() && self.chunks.is_empty() {
            self.title = text;
        } else {
            self.path.push((level, text));
        }
    }

    fn close(&mut self) {
        let text = readable(&std::mem::take(&mut self.lines).join("\n"));
        if text.is_empty() {
            return;
        }
        let mut headings: Vec<String> = self.path.iter().map(|(_, text)| text.clone()).collect();
        let question = headings.pop_if(|last| last.ends_with('?'));
        let texts = if question.is_some() { vec![text] } else { windows(&text) };
        for text in texts {
            let chunk = Chunk {
                title: self.title.clone(),
                headings: headings.clone(),
                question: question.clone(),
                text,
                ..Chunk::default()
            };
            self.chunks.push(Chunk { whole: chunk.question.is_some(), ..chunk });
        }
    }
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
    let mut header: Option<Vec<String>> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        let row = cells(trimmed);
        match (row, header.as_ref()) {
            (Some(row), _) if row.iter().all(|cell| cell.is_empty() || cell.chars().all(|c| matches!(c, '-' | ':'))) => {}
            (Some(row), None) => header = Some(row),
            (Some(row), Some(names)) => out.push(table_line(names, &row)),
            (None, _) => {
                // A lone row is no table.
                if let Some(row) = header.take().filter(|_| !out.last().is_some_and(|last| last.starts_with("- "))) {
                    out.push(row.join(" "));
                }
                let rule = trimmed.len() > 2 && trimmed.chars().all(|c| matches!(c, '-' | '*' | '_' | '='));
                let repeated = trimmed.is_empty() && out.last().is_none_or(String::is_empty);
                let mark = rule || trimmed.starts_with("```");
                if !mark && !repeated {
                    out.push(block_line(line));
                }
            }
        }
    }
    if let Some(row) = header.filter(|_| out.is_empty()) {
        out.push(row.join(" "));
    }
    out.join("\n").trim().to_owned()
}

fn cells(line: &str) -> Option<Vec<String>> {
    let inside = line.strip_prefix('|')?;
    let inside = inside.strip_suffix('|').unwrap_or(inside);
    Some(inside.split('|').map(|cell| inline(cell.trim())).collect())
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
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '!', '*', '_', '`', '\\']) {
        out.push_str(&rest[..at]);
        let (shown, used) = mark(&rest[at..], out.chars().next_back());
        out.push_str(&shown);
        rest = &rest[at + used..];
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// What a mark at the start of `text` shows, and how many bytes it takes.
fn mark(text: &str, before: Option<char>) -> (String, usize) {
    let mut chars = text.chars();
    let first = chars.next().unwrap_or(' ');
    let next = chars.next();
    match first {
        '!' if next == Some('[') => link(&text[1..]).map_or(("!".into(), 1), |(label, _, used)| (label, used + 1)),
        '[' => match link(text) {
            Some((label, url, used)) if url.starts_with('#') || url == label || url.is_empty() => (label, used),
            Some((label, url, used)) => (format!("{label} ({})", url.strip_prefix("mailto:").unwrap_or(&url)), used),
            None => ("[".into(), 1),
        },
        '*' | '_' if next == Some(first) => (String::new(), 2),
        '`' => (String::new(), 1),
        '\\' if next.is_some_and(|c| c.is_ascii_punctuation()) => (next.into_iter().collect(), 2),
        // A single mark is emphasis at the edge of a word, and itself elsewhere: 2 * 3, snake_case.
        '*' | '_' => {
            let open = before.is_none_or(|c| !c.is_alphanumeric()) && next.is_some_and(|c| !c.is_whitespace());
            let close = before.is_some_and(|c| !c.is_whitespace()) && next.is_none_or(|c| !c.is_alphanumeric());
            (if open || close { String::new() } else { first.to_string() }, 1)
        }
        _ => (first.to_string(), first.len_utf8()),
    }
}

/// The label, the address and the length of `[label](address)`; both bounded, so that a run of brackets stays cheap.
fn link(text: &str) -> Option<(String, String, usize)> {
    let window = text.char_indices().nth(600).map_or(text, |(at, _)| &text[..at]);
    let close = window.find(']')?;
    let rest = window[close + 1..].strip_prefix('(')?;
    let end = rest.find(')')?;
    let url = rest[..end].split_whitespace().next().unwrap_or("");
    Some((window[1..close].trim_matches(['*', '_', '`']).to_owned(), url.to_owned(), close + 2 + end + 1))
}
