//! Decides from a hit whether to answer, to answer with reserve, or to say that it is not known.

use crate::answer::index::Index;
use crate::answer::lexicon::off_topic;
use crate::answer::retrieve::{Hit, Query, search};

/// Above the noise of the knowledge base by this much: an answer with reserve, and a plain one.
const TENTATIVE: f32 = 0.06;
const CONFIDENT: f32 = 0.16;
/// How much surer it must be when the very thing asked for is never mentioned.
const UNMENTIONED: f32 = 0.12;
/// However quiet or noisy a knowledge base is, its threshold stays within these.
const NOISE_MIN: f32 = 0.20;
const NOISE_MAX: f32 = 0.36;
const OVER_TALK: f32 = 0.22;
/// A question of small words alone ("how does it work") needs a chunk that has nearly all of it.
const SMALL_WORDS_COVERED: f32 = 0.55;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    Unknown,
    Tentative,
    Answer,
}

/// What off-topic questions reach in this knowledge base: 95 of 100 stay below it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Gate {
    pub noise: f32,
}

impl Default for Gate {
    fn default() -> Gate {
        Gate { noise: NOISE_MIN }
    }
}

impl Gate {
    pub fn calibrated(index: &Index) -> Gate {
        let top = |question| search(index, &Query::of(index, question)).first().map_or(0.0, Hit::confidence);
        let mut reached: Vec<f32> = off_topic().map(top).collect();
        reached.sort_by(f32::total_cmp);
        let noise = reached.get(reached.len() * 95 / 100).copied().unwrap_or(0.0);
        Gate { noise: noise.clamp(NOISE_MIN, NOISE_MAX) }
    }

    /// Whether a hit is so good that it is meant even where the message could be small talk.
    pub fn beats_talk(&self, hit: &Hit) -> bool {
        hit.confidence() >= self.noise + OVER_TALK
    }

    pub fn judge(&self, query: &Query, hit: &Hit) -> Verdict {
        let about = query.heavy().next().is_some();
        let has_subject = query.heavy().any(|(n, _)| hit.has[n] > 0.0);
        let doubt = if query.wants_unmentioned() { UNMENTIONED } else { 0.0 };
        let sure = hit.confidence() - self.noise - doubt;
        match sure {
            _ if about && !has_subject || !about && hit.covered < SMALL_WORDS_COVERED => Verdict::Unknown,
            sure if sure >= CONFIDENT => Verdict::Answer,
            sure if sure >= TENTATIVE => Verdict::Tentative,
            _ => Verdict::Unknown,
        }
    }
}
