//! A knowledge base in memory: its chunks and the weight of every word in every chunk (BM25F).

use std::collections::{BTreeMap, HashMap};

use crate::answer::chunk::{self, Chunk, Entry};
use crate::answer::gate::Gate;
use crate::answer::spelling::Spelling;
use crate::answer::words::filed;
use crate::answer::words::language::Language;
use crate::domain::knowledge::Knowledge;

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
}

/// How strongly a chunk holds a word: field weights and lengths are in it, saturation is not.
#[derive(Clone, Copy, Debug)]
pub struct Posting {
    pub chunk: u32,
    pub weight: f32,
}

impl Index {
    /// Of an agent's knowledge.
    pub fn of(knowledge: &[Knowledge]) -> Index {
        let entry = |k| {
            let Knowledge { id, kind, content, .. }: &Knowledge = k;
            Entry { id: id.as_str(), kind: *kind, title: None, headings: &[], url: None, content }
        };
        Index::build(&knowledge.iter().map(entry).collect::<Vec<_>>())
    }

    pub fn build(entries: &[Entry]) -> Index {
        let origins = entries.iter().map(|entry| Origin {
            id: entry.id.to_owned(),
            title: entry.title.map(str::to_owned),
            url: entry.url.map(str::to_owned),
        });
        let chunks: Vec<Chunk> = entries.iter().enumerate().flat_map(|(n, entry)| chunk::cut(n, entry)).collect();
        let language = Language::of(chunks.iter().map(|chunk| chunk.text.as_str()));
        let mut index = Index {
            language,
            origins: origins.collect(),
            gate: Gate::default(),
            spelling: Spelling::default(),
            terms: HashMap::new(),
            postings: Vec::new(),
            chunks,
        };
        index.file_chunks();
        index.gate = Gate::calibrated(&index);
        index
    }

    fn file_chunks(&mut self) {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let fields: Vec<[Vec<String>; 3]> = self.chunks.iter().map(fields).collect();
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
        self.spelling.mend(word).map(|word| self.language.stem(&word))
    }

    /// How much it tells that a chunk holds a word that this many chunks hold.
    pub fn rarity(&self, holders: usize) -> f32 {
        let all = self.chunks.len() as f32 + CHUNKS_ASSUMED;
        let holders = holders as f32;
        (1.0 + (all - holders + 0.5) / (holders + 0.5)).ln()
    }
}

fn fields(chunk: &Chunk) -> [Vec<String>; 3] {
    let mut heading = Vec::new();
    for text in chunk.headings.iter().chain(&chunk.question) {
        heading.extend(filed(text));
    }
    let mut fields: [Vec<String>; 3] = Default::default();
    fields[TITLE] = filed(&chunk.title);
    fields[HEADING] = heading;
    fields[BODY] = filed(&chunk.text);
    fields
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
