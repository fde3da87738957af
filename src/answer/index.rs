//! A knowledge base in memory: its chunks and the weight of every word in every chunk (BM25F).

use std::collections::{BTreeMap, HashMap};

use crate::answer::encoder::{Encoder, Vector};
use crate::answer::gate::Gate;
use crate::answer::pieces::Pieces;
use crate::answer::spelling::Spelling;
use crate::answer::vectors::{self, Vectors};
use crate::answer::words::language::Language;
use crate::answer::words::words;
use crate::domain::knowledge::Knowledge;
use crate::reading::{self, Chunk, Entry};
use crate::storage::{Learnt, TextHash};

pub const K1: f32 = 1.2;
const B: f32 = 0.75;
const TITLE: usize = 0;
const HEADING: usize = 1;
const BODY: usize = 2;
const BOOST: [f32; 3] = [2.0, 4.0, 1.0];
/// Chunks that the index pretends to have besides its own, so that a word is not worthless because a knowledge base is tiny.
const CHUNKS_ASSUMED: f32 = 4.0;

/// Where a chunk comes from, as shown to visitors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    pub id: String,
    pub title: Option<String>,
    pub url: Option<String>,
}

#[derive(Debug)]
pub struct Index {
    pub language: Language,
    pub origins: Vec<Origin>,
    pub chunks: Vec<Chunk>,
    pub gate: Gate,
    spelling: Spelling,
    terms: HashMap<String, usize>,
    postings: Vec<Vec<Posting>>,
    /// Empty in English.
    pieces: Pieces,
    /// Once every passage has its vector; never where the encoder does not serve the language.
    pub vectors: Option<Vectors>,
}

/// How strongly a chunk holds a word: field weights and lengths are in it, saturation is not.
#[derive(Clone, Copy, Debug)]
pub struct Posting {
    pub chunk: u32,
    pub weight: f32,
}

impl Index {
    /// Of an agent's knowledge: by words, and by meaning as soon as every passage has its vector.
    pub fn learnt(learnt: &Learnt) -> Index {
        let index = Index::build(&entries(&learnt.knowledge));
        let kept = |hash: &_| learnt.vectors.get(hash).and_then(|bytes| Vector::from_bytes(bytes));
        match index.encoder().and_then(|_| Vectors::assemble(&index.chunks, kept)) {
            Some(vectors) => index.with_vectors(vectors),
            None => index,
        }
    }

    /// With the meaning of every passage; what has no vector yet is encoded here and now.
    pub fn complete(entries: &[Entry], kept: &HashMap<TextHash, Vec<u8>>) -> Index {
        let index = Index::build(entries);
        let Some(encoder) = index.encoder() else { return index };
        let kept = |hash: &TextHash| kept.get(hash).and_then(|bytes| Vector::from_bytes(bytes));
        let texts = vectors::texts(&index.chunks).into_iter();
        let all: HashMap<_, _> = texts.map(|(hash, text)| (hash, kept(&hash).unwrap_or_else(|| encoder.encode(&text)))).collect();
        match Vectors::assemble(&index.chunks, |hash| all.get(hash).cloned()) {
            Some(vectors) => index.with_vectors(vectors),
            None => index,
        }
    }

    pub fn with_vectors(mut self, vectors: Vectors) -> Index {
        self.vectors = Some(vectors);
        self.gate = Gate::calibrated(&self);
        self
    }

    /// The encoder, if it serves the language of this knowledge.
    pub fn encoder(&self) -> Option<&'static Encoder> {
        Index::encoder_for(self.language)
    }

    /// all-MiniLM-L6-v2 was trained on English; of other languages it knows less than their words tell.
    pub fn encoder_for(language: Language) -> Option<&'static Encoder> {
        (language == Language::English).then(Encoder::embedded).flatten()
    }

    /// By words alone.
    pub fn build(entries: &[Entry]) -> Index {
        let origins = entries.iter().map(|entry| Origin {
            id: entry.id.to_owned(),
            title: entry.title.map(str::to_owned),
            url: entry.url.map(str::to_owned),
        });
        let (chunks, language) = cut(entries);
        let mut index = Index {
            language,
            origins: origins.collect(),
            gate: Gate::default(),
            spelling: Spelling::default(),
            terms: HashMap::new(),
            postings: Vec::new(),
            pieces: Pieces::default(),
            vectors: None,
            chunks,
        };
        index.file_chunks();
        index.gate = Gate::calibrated(&index);
        index
    }

    fn file_chunks(&mut self) {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let fields: Vec<[Vec<String>; 3]> = self.chunks.iter().map(|chunk| fields(chunk, self.language)).collect();
        let mean = mean_lengths(&fields);
        let mut stems: HashMap<String, usize> = HashMap::new();
        for (n, chunk) in fields.into_iter().enumerate() {
            let mut weights: BTreeMap<usize, f32> = BTreeMap::new();
            for (field, words) in chunk.into_iter().enumerate() {
                let length = 1.0 - B + B * words.len() as f32 / mean[field].max(1.0);
                for word in words {
                    let term = match stems.get(&word) {
                        Some(term) => *term,
                        None => {
                            let term = self.term_made(&word);
                            stems.insert(word.clone(), term);
                            term
                        }
                    };
                    *weights.entry(term).or_default() += BOOST[field] / length;
                    *counts.entry(word).or_default() += 1;
                }
            }
            for (term, weight) in weights {
                self.postings[term].push(Posting { chunk: n as u32, weight });
            }
        }
        self.spelling = Spelling::of(&counts);
        if self.language != Language::English {
            self.pieces = Pieces::of(self.terms.keys());
        }
    }

    fn term_made(&mut self, word: &str) -> usize {
        let next = self.terms.len();
        let term = *self.terms.entry(self.language.stem(word)).or_insert(next);
        if term == next {
            self.postings.push(Vec::new());
        }
        term
    }

    /// The chunks that hold a stem; none when the knowledge lacks it.
    pub fn postings(&self, stem: &str) -> &[Posting] {
        self.terms.get(stem).map_or(&[], |term| &self.postings[*term])
    }

    pub fn mended(&self, word: &str) -> Option<String> {
        self.spelling.mend(word, self.language).map(|word| self.language.stem(&word))
    }

    /// The stems of the knowledge that share a part with a word it lacks. English has no such words.
    pub fn related(&self, word: &str) -> Vec<String> {
        match self.language {
            Language::English => Vec::new(),
            language if language.is_stop(word) => Vec::new(),
            language => self.pieces.related(word, language),
        }
    }

    /// The text with its misspelt words mended.
    pub fn respelt(&self, text: &str) -> String {
        let mut respelt = String::with_capacity(text.len());
        for run in text.split_inclusive(|c: char| !c.is_alphabetic()) {
            let word = run.trim_end_matches(|c: char| !c.is_alphabetic());
            let lower = word.to_lowercase();
            let lacking = self.postings(&self.language.stem(&lower)).is_empty();
            let mended = lacking.then(|| self.spelling.mend(&lower, self.language)).flatten();
            respelt.push_str(mended.as_deref().unwrap_or(word));
            respelt.push_str(&run[word.len()..]);
        }
        respelt
    }

    /// How much it tells that a chunk holds a word that this many chunks hold.
    pub fn rarity(&self, holders: usize) -> f32 {
        let all = self.chunks.len() as f32 + CHUNKS_ASSUMED;
        let holders = holders as f32;
        (1.0 + (all - holders + 0.5) / (holders + 0.5)).ln()
    }
}

pub fn entries(knowledge: &[Knowledge]) -> Vec<Entry<'_>> {
    let entry = |k| {
        let Knowledge { id, kind, content, .. }: &Knowledge = k;
        Entry { id: id.as_str(), kind: *kind, title: None, headings: &[], url: None, content }
    };
    knowledge.iter().map(entry).collect()
}

/// The passages of the entries, and the language of them all.
pub fn cut(entries: &[Entry]) -> (Vec<Chunk>, Language) {
    let chunks: Vec<Chunk> = entries.iter().enumerate().flat_map(|(n, entry)| reading::cut(n, entry)).collect();
    let texts = chunks.iter().flat_map(|chunk| chunk.question.as_deref().into_iter().chain([chunk.text.as_str()]));
    let language = Language::of(texts);
    (chunks, language)
}

fn fields(chunk: &Chunk, language: Language) -> [Vec<String>; 3] {
    let mut fields: [Vec<String>; 3] = Default::default();
    let all_words = |text: &String| all_words(text, language);
    fields[TITLE] = all_words(&chunk.title);
    fields[HEADING] = chunk.headings.iter().chain(&chunk.question).flat_map(all_words).collect();
    fields[BODY] = all_words(&chunk.text);
    fields
}

/// Small words too: they count where meaning is compared as well.
fn all_words(text: &str, language: Language) -> Vec<String> {
    let small = words(text).into_iter().map(|word| word.text).filter(|word| language.is_stop(word));
    language.filed(text).into_iter().chain(small).collect()
}

fn mean_lengths(fields: &[[Vec<String>; 3]]) -> [f32; 3] {
    let mut mean = [0.0; 3];
    for (field, mean) in mean.iter_mut().enumerate() {
        let filled = fields.iter().filter(|chunk| !chunk[field].is_empty()).count();
        let words: usize = fields.iter().map(|chunk| chunk[field].len()).sum();
        *mean = words as f32 / filled.max(1) as f32;
    }
    mean
}
