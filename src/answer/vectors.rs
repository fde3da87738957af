//! What passages mean: a vector for each chunk, for its headings, and for each sentence of a long one.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::answer::encoder::{Vector, cosines};
use crate::answer::extract;
use crate::reading::Chunk;
use crate::reading::lines::sentences;
use crate::storage::TextHash;

/// How much the passage and its headings weigh in how alike a question and a chunk are.
const CHUNK: f32 = 0.7;
const HEADINGS: f32 = 0.3;

#[derive(Clone, Debug)]
pub struct Vectors {
    chunks: Vec<Vector>,
    /// Many chunks share a path of headings.
    headings: Vec<Vector>,
    headings_of: Vec<Option<usize>>,
    /// Of the chunks that are too long to be quoted whole.
    sentences: HashMap<usize, Vec<Vector>>,
}

/// Every text of these chunks that needs a vector, each once.
pub fn texts(chunks: &[Chunk]) -> Vec<(TextHash, String)> {
    let mut seen = HashSet::new();
    let of_chunk = |chunk: &Chunk| {
        let quoted = quotable(chunk).into_iter().map(str::to_owned);
        [Some(whole(chunk)), headings(chunk)].into_iter().flatten().chain(quoted).collect::<Vec<_>>()
    };
    let all = chunks.iter().flat_map(of_chunk).map(|text| (hash(&text), text));
    all.filter(|(hash, _)| seen.insert(*hash)).collect()
}

impl Vectors {
    /// Nothing if some text has no vector yet.
    pub fn assemble(chunks: &[Chunk], vector_of: impl Fn(&TextHash) -> Option<Vector>) -> Option<Vectors> {
        let mut vectors =
            Vectors { chunks: Vec::new(), headings: Vec::new(), headings_of: Vec::new(), sentences: HashMap::new() };
        let mut known: HashMap<TextHash, usize> = HashMap::new();
        for (n, chunk) in chunks.iter().enumerate() {
            vectors.chunks.push(vector_of(&hash(&whole(chunk)))?);
            let path = headings(chunk).map(|path| hash(&path));
            if let Some(new) = path.filter(|path| !known.contains_key(path)) {
                known.insert(new, vectors.headings.len());
                vectors.headings.push(vector_of(&new)?);
            }
            vectors.headings_of.push(path.map(|path| known[&path]));
            let quotable = quotable(chunk);
            if !quotable.is_empty() {
                let sentences = quotable.iter().map(|sentence| vector_of(&hash(sentence)));
                vectors.sentences.insert(n, sentences.collect::<Option<_>>()?);
            }
        }
        Some(vectors)
    }

    /// How alike the question and each chunk are, at most 1.
    pub fn likeness(&self, question: &Vector) -> Vec<f32> {
        let (mut chunks, mut headings) = (Vec::new(), Vec::new());
        cosines(question, &self.chunks, &mut chunks);
        cosines(question, &self.headings, &mut headings);
        let both = chunks.iter().zip(&self.headings_of);
        both.map(|(chunk, path)| CHUNK * chunk + HEADINGS * path.map_or(*chunk, |path| headings[path])).collect()
    }

    /// How alike the question and each sentence of a long chunk are.
    pub fn sentences(&self, chunk: usize, question: &Vector) -> Option<Vec<f32>> {
        let mut alike = Vec::new();
        cosines(question, self.sentences.get(&chunk)?, &mut alike);
        Some(alike)
    }
}

fn hash(text: &str) -> TextHash {
    let whole = Sha256::digest(text.as_bytes());
    std::array::from_fn(|n| whole[n])
}

fn whole(chunk: &Chunk) -> String {
    let path = headings(chunk);
    path.into_iter().chain([chunk.text.clone()]).collect::<Vec<_>>().join("\n")
}

/// The path of headings, down to the question.
fn headings(chunk: &Chunk) -> Option<String> {
    let title = Some(&chunk.title).filter(|title| !title.is_empty());
    let path: Vec<&str> = title.into_iter().chain(&chunk.headings).chain(&chunk.question).map(String::as_str).collect();
    (!path.is_empty()).then(|| path.join("\n"))
}

/// The sentences of a chunk that is quoted in part.
fn quotable(chunk: &Chunk) -> Vec<&str> {
    if extract::is_quoted_in_part(chunk) { sentences(&chunk.text).into_iter().map(str::trim).collect() } else { Vec::new() }
}
