//! Cuts knowledge into the passages that answers are made of: a FAQ pair, a product, or at most 150 words under one heading.

pub mod faq;
mod front;
mod inline;
mod json;
mod keys;
pub mod lines;
mod links;
pub mod markdown;
mod markup;
pub mod plain;
pub mod product;
mod record;
mod table;

use crate::domain::knowledge::{KnowledgeType, NewKnowledge};

pub const CHUNK_WORDS_MAX: usize = 150;
pub const OVERLAP_WORDS: usize = 25;

/// A piece of knowledge as its owner gave it.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub id: &'a str,
    pub kind: KnowledgeType,
    pub title: Option<&'a str>,
    /// Where the content stands in a larger document, outermost first.
    pub headings: &'a [String],
    pub url: Option<&'a str>,
    pub content: &'a str,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chunk {
    /// Which entry it comes from.
    pub knowledge: usize,
    pub title: String,
    pub headings: Vec<String>,
    pub question: Option<String>,
    pub text: String,
    /// A FAQ pair or a product: one thing, told as a whole.
    pub whole: bool,
    pub product: bool,
}

impl Chunk {
    /// The nearest name for what the passage is about.
    pub fn heading(&self) -> &str {
        self.question.as_deref().or(self.headings.last().map(String::as_str)).unwrap_or(&self.title)
    }
}

/// The chunks of one entry. The declared type is a hint: a text that is plainly a FAQ, markdown, a table, JSON or a product
/// list is read as such.
pub fn cut(knowledge: usize, entry: &Entry) -> Vec<Chunk> {
    let content = entry.content.replace("\r\n", "\n").replace('\r', "\n").replace(['\u{2028}', '\u{2029}', '\u{0}'], "\n");
    let content = links::resolved(content, entry.url);
    let records = json::cut(&content).or_else(|| table::cut(&content)).map(|chunks| chunks.into_iter().map(unescaped).collect());
    let mut chunks: Vec<Chunk> = records.unwrap_or_else(|| prose(entry, &content));
    chunks.retain(|chunk| !chunk.text.trim().is_empty());
    for chunk in &mut chunks {
        chunk.knowledge = knowledge;
        chunk.headings.splice(0..0, entry.headings.iter().cloned());
        if let Some(title) = entry.title.filter(|title| !title.trim().is_empty()) {
            chunk.title = title.trim().to_owned();
        }
    }
    chunks
}

/// How many passages content is cut into.
pub fn count(new: &NewKnowledge) -> i64 {
    let entry = Entry { id: "", kind: new.kind, title: None, headings: &[], url: None, content: &new.content };
    i64::try_from(cut(0, &entry).len()).unwrap_or(i64::MAX)
}

/// The values of records may name characters as HTML does.
fn unescaped(mut chunk: Chunk) -> Chunk {
    let texts = chunk.headings.iter_mut().chain(&mut chunk.question).chain([&mut chunk.text, &mut chunk.title]);
    texts.for_each(|text| *text = markup::unescaped(std::mem::take(text)));
    chunk
}

fn prose(entry: &Entry, content: &str) -> Vec<Chunk> {
    let (title, content) = front::matter(content);
    // Links of HTML are links of markdown only now.
    let content = links::resolved(markup::plain(content), entry.url);
    let mut chunks = match kind_of(entry.kind, &content) {
        KnowledgeType::Faq => faq::cut(&content),
        KnowledgeType::Product => product::cut(&content),
        KnowledgeType::Markdown => markdown::cut(&content),
        KnowledgeType::Text => plain::cut(&content),
    };
    if let Some(title) = title {
        chunks.iter_mut().filter(|chunk| chunk.title.is_empty()).for_each(|chunk| chunk.title.clone_from(&title));
    }
    chunks
}

fn kind_of(declared: KnowledgeType, content: &str) -> KnowledgeType {
    let pairs = faq::pairs_in(content);
    match declared {
        KnowledgeType::Faq if pairs == 0 && markdown::marks_in(content) > 0 => KnowledgeType::Markdown,
        KnowledgeType::Faq => KnowledgeType::Faq,
        _ if pairs >= 2 && faq::covers(content) => KnowledgeType::Faq,
        KnowledgeType::Text if product::covers(content) => KnowledgeType::Product,
        KnowledgeType::Text | KnowledgeType::Product if markdown::marks_in(content) > 0 => KnowledgeType::Markdown,
        declared => declared,
    }
}

#[cfg(test)]
mod tests;
