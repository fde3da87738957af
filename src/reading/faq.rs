//! Reads questions with their answers: marked Q and A, bold, numbered, or a heading or line that ends in a question mark.

use crate::reading::keys::{Marks, asks, is_question_mark};
use crate::reading::lines::{windows, word_count};
use crate::reading::{Chunk, markdown, plain};

const QUESTION_CHARS_MAX: usize = 300;
/// Bytes of a line that could be a question.
const LINE_MAX: usize = 2_000;
/// A line that names the questions after it is so short.
const TOPIC_WORDS_MAX: usize = 6;

pub fn cut(content: &str) -> Vec<Chunk> {
    let mut reader = Reader::of(content);
    for line in content.lines() {
        reader.line(line);
    }
    reader.finish_pair();
    reader.chunks
}

/// How many questions the text marks as such.
pub fn pairs_in(content: &str) -> usize {
    let marks = Marks::of(content);
    let mut blank = true;
    let mut pairs = 0;
    for line in content.lines() {
        pairs += usize::from(question(line, blank, &marks).is_some_and(|found| found.strong));
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

/// A question with its answer: whole, unless the answer is longer than a chunk may be.
pub fn pair(question: &str, answer: &str, headings: Vec<String>) -> Vec<Chunk> {
    let texts = windows(answer);
    let whole = texts.len() == 1;
    let question = Some(question.to_owned());
    let chunk = |text| Chunk { question: question.clone(), text, headings: headings.clone(), whole, ..Chunk::default() };
    texts.into_iter().map(chunk).collect()
}

struct Reader {
    marks: Marks,
    headings: Vec<(usize, String)>,
    question: Option<String>,
    answer: Vec<String>,
    blank: bool,
    /// A question with a Q mark was seen: others are text.
    marked: bool,
    chunks: Vec<Chunk>,
}

impl Reader {
    fn of(content: &str) -> Reader {
        let marks = Marks::of(content);
        Reader { marks, headings: Vec::new(), question: None, answer: Vec::new(), blank: true, marked: false, chunks: Vec::new() }
    }

    fn line(&mut self, line: &str) {
        let blank = std::mem::replace(&mut self.blank, line.trim().is_empty());
        let found = question(line, blank, &self.marks);
        if let Some(found) = found.filter(|found| found.marked || !self.marked || found.heading.is_some()) {
            self.take_topic();
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
            let text = self.marks.answer(line).unwrap_or(line);
            self.answer.push(text.to_owned());
        }
    }

    /// A short line by itself between an answer and the next question names what follows.
    fn take_topic(&mut self) {
        let last = self.answer.iter().rposition(|line| !line.trim().is_empty()).unwrap_or(0);
        let apart = last > 1 && self.answer[last - 1].trim().is_empty();
        let line = self.answer.get(last).map_or("", |line| line.trim());
        let short = word_count(line) <= TOPIC_WORDS_MAX && !line.ends_with(['.', '!', '\u{3002}', ',']);
        let item = line.starts_with(['-', '*', '|', '>', '+']) || line.contains([':', '@']) || line.starts_with("http");
        if apart && short && !item && self.question.is_some() && self.marked {
            let topic = line.to_owned();
            self.answer.truncate(last);
            self.finish_pair();
            self.headings.retain(|(depth, _)| *depth < markdown::DEPTH_MAX);
            self.headings.push((markdown::DEPTH_MAX, topic));
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
            Some(question) => self.chunks.extend(pair(&question, &text, headings)),
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

fn question(line: &str, after_blank: bool, marks: &Marks) -> Option<Found> {
    if line.len() > LINE_MAX {
        return None;
    }
    let heading = markdown::heading(line);
    let bare = heading.as_ref().map_or(line, |(_, text)| text).trim();
    let plain = bare.trim_start_matches(['*', '_', '-', '>', ' ']).trim_end_matches(['*', '_', ' ']);
    let level = heading.as_ref().map(|(level, _)| *level);
    if let Some(text) = marks.question(bare) {
        let (text, answer) = marks.split_answer(text);
        let text = clean(text);
        let answer = answer.map(|answer| answer.trim_end_matches(['*', '_']).to_owned());
        return (!text.is_empty()).then_some(Found { text, answer, heading: level, marked: true, strong: true });
    }
    if let Some((text, answer)) = bold_with_answer(bare) {
        return Some(Found { text: clean(text), answer: Some(answer.to_owned()), heading: None, marked: false, strong: true });
    }
    let (numbered, text) = unnumbered(plain);
    let fits = asks(text) && text.chars().count() <= QUESTION_CHARS_MAX && text.len() > 2;
    let alone = !text.trim_end_matches(is_question_mark).contains(['?', '.', '!', '\u{3002}']) || word_count(text) <= 30;
    let list = bare.starts_with("- ") || bare.starts_with("* ");
    let bold = bare.starts_with("**") || bare.starts_with("__");
    let strong = level.is_some() || bold || numbered || after_blank;
    (fits && alone && strong && !list).then(|| Found { text: clean(text), answer: None, heading: level, marked: false, strong })
}

/// "**Open on Sunday?** No." in one line, also as an item of a list.
fn bold_with_answer(bare: &str) -> Option<(&str, &str)> {
    let item = bare.strip_prefix("- ").or_else(|| bare.strip_prefix("* ")).unwrap_or(bare).trim_start();
    let item = before_bold(item);
    let (question, answer) = item.strip_prefix("**")?.split_once("**")?;
    let answer = answer.trim();
    (asks(question) && !answer.is_empty() && question.chars().count() <= QUESTION_CHARS_MAX).then_some((question, answer))
}

/// Without the number before what is bold.
fn before_bold(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match rest.strip_prefix(['.', ')']).map(str::trim_start) {
        Some(after) if rest.len() < text.len() && after.starts_with("**") => after,
        _ => text,
    }
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
