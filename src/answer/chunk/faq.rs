//! Reads questions with their answers: marked Q and A, bold, numbered, or a heading or line that ends in a question mark.

use crate::answer::chunk::Chunk;
use crate::answer::chunk::markdown;
use crate::answer::chunk::plain;

const QUESTION_CHARS_MAX: usize = 300;

pub fn cut(content: &str) -> Vec<Chunk> {
    let mut reader = Reader::default();
    for line in content.lines() {
        reader.line(line);
    }
    reader.finish_pair();
    reader.chunks
}

/// How many questions the text marks as such.
pub fn pairs_in(content: &str) -> usize {
    let mut blank = true;
    let mut pairs = 0;
    for line in content.lines() {
        pairs += usize::from(question(line, blank).is_some_and(|found| found.strong));
        blank = line.trim().is_empty();
    }
    pairs
}

/// Whether most of the text stands under one question or another.
pub fn covers(content: &str) -> bool {
    let chunks = cut(content);
    let asked = chunks.iter().filter(|chunk| chunk.question.is_some()).count();
    asked * 4 >= chunks.len() * 3
}

#[derive(Default)]
struct Reader {
    headings: Vec<(usize, String)>,
    question: Option<String>,
    answer: Vec<String>,
    blank: bool,
    started: bool,
    marked: bool,
    chunks: Vec<Chunk>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let blank = self.blank || !self.started;
        self.started = true;
        self.blank = line.trim().is_empty();
        if let Some(found) = question(line, blank).filter(|found| found.marked || !self.marked || found.heading.is_some()) {
            self.finish_pair();
            self.marked |= found.marked;
            if let Some(level) = found.heading {
                self.headings.retain(|(depth, _)| *depth < level);
            }
            self.question = Some(found.text);
            self.answer.extend(found.answer);
        } else if let Some((level, text)) = markdown::heading(line) {
            self.finish_pair();
            self.headings.retain(|(depth, _)| *depth < level);
            self.headings.push((level, text));
        } else {
            let text = answer(line).unwrap_or(line);
            self.answer.push(text.to_owned());
        }
    }

    fn finish_pair(&mut self) {
        let text = markdown::readable(&std::mem::take(&mut self.answer).join("\n"));
        let question = self.question.take();
        if text.is_empty() {
            return;
        }
        let headings: Vec<String> = self.headings.iter().map(|(_, text)| text.clone()).collect();
        match question {
            Some(_) => self.chunks.push(Chunk { question, text, headings, whole: true, ..Chunk::default() }),
            None => self.chunks.extend(plain::cut(&text).into_iter().map(|chunk| {
                let headings = headings.iter().cloned().chain(chunk.headings).collect();
                Chunk { headings, ..chunk }
            })),
        }
    }
}

struct Found {
    text: String,
    answer: Option<String>,
    heading: Option<usize>,
    /// It carries a Q mark, so that its text need not end in a question mark.
    marked: bool,
    /// Its form alone makes it a question.
    strong: bool,
}

fn question(line: &str, after_blank: bool) -> Option<Found> {
    let heading = markdown::heading(line);
    let bare = heading.as_ref().map_or(line, |(_, text)| text).trim();
    let bold = bare.starts_with("**") || bare.starts_with("__");
    let plain = bare.trim_start_matches(['*', '_', '-', '>', ' ']).trim_end_matches(['*', '_', ' ']);
    if plain.len() > 2_000 {
        return None;
    }
    let level = heading.as_ref().map(|(level, _)| *level);
    if let Some(text) = after_mark(plain, &["question", "q"]) {
        let (text, answer) = split_answer(text);
        let text = clean(text);
        return (!text.is_empty()).then_some(Found { text, answer, heading: level, marked: true, strong: true });
    }
    let (numbered, text) = unnumbered(plain);
    let asks = text.ends_with('?') && text.chars().count() <= QUESTION_CHARS_MAX && text.len() > 2;
    let alone = !text.trim_end_matches('?').contains(['?', '.', '!']) || text.split_whitespace().count() <= 30;
    let list = bare.starts_with("- ") || bare.starts_with("* ");
    let strong = level.is_some() || bold || numbered || after_blank;
    (asks && alone && strong && !list).then(|| Found { text: clean(text), answer: None, heading: level, marked: false, strong })
}

fn answer(line: &str) -> Option<&str> {
    let bare = line.trim_start_matches(['*', '_', '>', ' ', '\t']);
    after_mark(bare, &["answer", "a"]).map(|text| text.trim_start_matches(['*', '_', ' ']))
}

/// What follows "Q:", "Q1.", "Question 3:" and the like.
fn after_mark<'a>(text: &'a str, marks: &[&str]) -> Option<&'a str> {
    let mark = marks.iter().find(|mark| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)))?;
    let rest = text[mark.len()..].trim_start_matches([' ', '#']);
    let numbered = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = numbered
        .strip_prefix([':', '\u{ff1a}'])
        .or_else(|| (numbered.len() < rest.len()).then(|| numbered.strip_prefix(['.', ')'])).flatten())?;
    Some(rest.trim_start_matches(['*', '_', ' ']))
}

/// "Q: Open? A: No." on one line.
fn split_answer(text: &str) -> (&str, Option<String>) {
    for mark in ["? A: ", "? Answer: ", "?\tA: ", " A: "] {
        if let Some(at) = text.find(mark) {
            let cut = if mark.starts_with('?') { at + 1 } else { at };
            return (&text[..cut], Some(text[at + mark.len()..].to_owned()));
        }
    }
    (text, None)
}

fn unnumbered(text: &str) -> (bool, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(['.', ')']) {
        Some(after) if rest.len() < text.len() => (true, after.trim_start_matches(['*', '_', ' '])),
        _ => (false, text),
    }
}

fn clean(text: &str) -> String {
    markdown::inline(text.trim().trim_end_matches(['*', '_', ' ']))
}
