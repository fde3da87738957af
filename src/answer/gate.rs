//! Decides from a hit whether to answer, to answer with reserve, or to say that it is not known.

use std::sync::OnceLock;

use crate::answer::encoder::{Encoder, Vector};
use crate::answer::index::Index;
use crate::answer::lexicon::{off_topic, off_topic_in};
use crate::answer::query::Query;
use crate::answer::retrieve::{Hit, search};
use crate::domain::answering::Caution;

/// By how much a hit is above the noise of the knowledge base.
#[derive(Debug)]
struct Margins {
    /// An answer with reserve, and a plain one.
    tentative: f32,
    confident: f32,
    /// How much surer it must be when the very thing asked for is never mentioned.
    unmentioned: f32,
    /// However quiet or noisy a knowledge base is, its threshold stays within these.
    noise: (f32, f32),
}

const BY_WORDS: Margins = Margins { tentative: 0.06, confident: 0.16, unmentioned: 0.12, noise: (0.20, 0.36) };
const BY_MEANING: Margins = Margins { tentative: 0.05, confident: 0.20, unmentioned: 0.20, noise: (0.25, 0.80) };
const OVER_TALK: f32 = 0.22;
const NEAR: f32 = 0.10;
/// A question of small words alone ("how does it work") needs a chunk that has nearly all of it.
const SMALL_WORDS_COVERED: f32 = 0.55;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    Unknown,
    Tentative,
    Answer,
}

/// What off-topic questions reach in this knowledge base: 95 of 100 stay below it.
#[derive(Clone, Debug)]
pub struct Gate {
    pub noise: f32,
    margins: &'static Margins,
}

impl Default for Gate {
    fn default() -> Gate {
        Gate { noise: BY_WORDS.noise.0, margins: &BY_WORDS }
    }
}

impl Gate {
    pub fn calibrated(index: &Index) -> Gate {
        let meant = index.vectors.as_ref().and_then(|_| index.encoder());
        let margins = if meant.is_some() { &BY_MEANING } else { &BY_WORDS };
        let top = |query: Query| search(index, &query).first().map_or(0.0, Hit::confidence);
        let by_words = |question| Query::by_words(index, question);
        let mut reached: Vec<f32> = match meant.map(off_topic_vectors) {
            Some(vectors) => {
                let meant = off_topic().zip(vectors);
                meant.map(|(text, vector)| top(Query { vector: Some(vector.clone()), ..by_words(text) })).collect()
            }
            None => off_topic_in(index.language).map(|text| top(by_words(text))).collect(),
        };
        reached.sort_by(f32::total_cmp);
        let noise = reached.get(reached.len() * 95 / 100).copied().unwrap_or(0.0);
        Gate { noise: noise.clamp(margins.noise.0, margins.noise.1), margins }
    }

    /// Whether a hit is so good that it is meant even where the message could be small talk.
    pub fn beats_talk(&self, hit: &Hit) -> bool {
        hit.confidence() >= self.noise + OVER_TALK
    }

    /// Whether a hit is about something like the question, even if it may not answer it.
    pub fn is_near(&self, hit: &Hit) -> bool {
        hit.alike.is_none() || hit.confidence() >= self.noise - NEAR
    }

    /// How much surer it is that the hit answers than for a question about nothing.
    pub fn sure(&self, query: &Query, hit: &Hit) -> f32 {
        let doubt = if query.wants_unmentioned() { self.margins.unmentioned } else { 0.0 };
        hit.confidence() - self.noise - doubt
    }

    pub fn judge(&self, query: &Query, hit: &Hit, caution: Caution) -> Verdict {
        match self.sure(query, hit) - caution.margin() {
            _ if hit.alike.is_none() && lacks_subject(query, hit) => Verdict::Unknown,
            sure if sure >= self.margins.confident => Verdict::Answer,
            sure if sure >= self.margins.tentative => Verdict::Tentative,
            _ => Verdict::Unknown,
        }
    }
}

/// Whether nothing of what the question is about is in the chunk.
fn lacks_subject(query: &Query, hit: &Hit) -> bool {
    let about = query.heavy().next().is_some();
    let has_subject = query.heavy().any(|(n, _)| hit.has[n] > 0.0);
    about && !has_subject || !about && hit.covered < SMALL_WORDS_COVERED
}

/// What `calibrated` needs of the encoder, which takes a moment the first time.
pub fn prepare() {
    Encoder::embedded().map(off_topic_vectors);
}

/// Encoded once, for every index.
fn off_topic_vectors(encoder: &Encoder) -> &'static [Vector] {
    static VECTORS: OnceLock<Vec<Vector>> = OnceLock::new();
    VECTORS.get_or_init(|| off_topic().map(|question| encoder.encode(question)).collect())
}
