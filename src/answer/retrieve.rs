//! Finds the chunks that answer a question, by its words and by its meaning.

use std::collections::HashSet;

use crate::answer::index::{Index, K1};
use crate::answer::query::{Part, Query, Way};
use crate::answer::words::signs::{MONEY, is_sign};

/// How much words weigh beside meaning when chunks are put in order: as they stand, and in all ways to say the same.
const WORDS: f32 = 0.35;
const WAYS: f32 = 0.25;
/// How much it weighs beside meaning that a chunk has what the question names, when confidence is judged.
const COVERED: f32 = 0.5;
/// Confidence by words alone is as much how many of the question's words a chunk has as how strongly.
const COVERED_SHARE: f32 = 0.5;
/// What a light word weighs against another when chunks are put in order.
const LIGHT_RANK: f32 = 0.6;
/// What a chunk without a price is worth when a price is asked for, and others have one; so for times and addresses.
const SIGNLESS: f32 = 0.5;
const FURTHER: f32 = 0.15;
const HITS_MAX: usize = 20;

/// A chunk found, best first.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    pub chunk: usize,
    /// BM25F over what a chunk could reach at most for this question: 0 to 1.
    pub score: f32,
    /// The share of the question's weight that the chunk holds at all: 0 to 1.
    pub covered: f32,
    /// The order of hits, highest first.
    pub rank: f32,
    /// How alike the question's meaning and the chunk's are, at most 1, where that is known.
    pub alike: Option<f32>,
    /// Per part of the question, how well the chunk has it: 0, or up to 1.
    pub has: Vec<f32>,
}

impl Hit {
    fn of(chunk: usize) -> Hit {
        Hit { chunk, score: 0.0, covered: 0.0, rank: 0.0, alike: None, has: Vec::new() }
    }

    /// How sure it is that the chunk answers: up to 1, by meaning up to 1.5.
    pub fn confidence(&self) -> f32 {
        match self.alike {
            Some(alike) => alike + COVERED * self.covered,
            None => COVERED_SHARE * self.covered + (1.0 - COVERED_SHARE) * self.score,
        }
    }
}

/// The chunks that answer the question best, best first.
pub fn search(index: &Index, query: &Query) -> Vec<Hit> {
    let by_part: Vec<Vec<Held>> = query.parts.iter().map(|part| held_by(index, part)).collect();
    let mut hits = by_words(index, query, &by_part);
    match index.vectors.as_ref().zip(query.vector.as_ref()) {
        Some((vectors, vector)) => rank_by_meaning(index, query, &vectors.likeness(vector), &mut hits),
        None => hits.retain(|hit| hit.rank > 0.0),
    }
    hits.sort_by(|a, b| b.rank.total_cmp(&a.rank).then(a.chunk.cmp(&b.chunk)));
    hits.truncate(HITS_MAX);
    for hit in &mut hits {
        let surely = |held: &Vec<Held>| {
            held.binary_search_by_key(&hit.chunk, |held| held.chunk as usize).map_or(0.0, |at| held[at].surely)
        };
        hit.has = by_part.iter().map(surely).collect();
    }
    hits
}

/// Every chunk, in the order of the text, with what it holds of the question.
fn by_words(index: &Index, query: &Query, by_part: &[Vec<Held>]) -> Vec<Hit> {
    let most = query.most();
    let mut hits: Vec<Hit> = (0..index.chunks.len()).map(Hit::of).collect();
    for (part, held) in query.parts.iter().zip(by_part) {
        let share = Query::weight(part) / most;
        for held in held {
            let hit = &mut hits[held.chunk as usize];
            hit.covered += share * held.surely;
            hit.score += share * held.gain / part.rarity.max(f32::MIN_POSITIVE);
            hit.rank += rank_weight(part) * held.gain;
        }
    }
    for part in &query.parts {
        let Some(sign) = part.ways.iter().find(|way| way.stems[0] == MONEY) else { continue };
        let with = index.postings(&sign.stems[0]);
        let lacks = |hit: &&mut Hit| with.binary_search_by_key(&hit.chunk, |posting| posting.chunk as usize).is_err();
        hits.iter_mut().filter(lacks).for_each(|hit| hit.rank *= SIGNLESS);
    }
    hits
}

fn rank_weight(part: &Part) -> f32 {
    if part.light { LIGHT_RANK } else { 1.0 }
}

/// Scores are added, not ranks: only a sum of scores still tells how good the best chunk is.
fn rank_by_meaning(index: &Index, query: &Query, likeness: &[f32], hits: &mut [Hit]) {
    let most: f32 = query.parts.iter().map(|part| rank_weight(part) * part.rarity).sum::<f32>().max(f32::MIN_POSITIVE);
    let plain = plain_words(index, query);
    for ((hit, alike), plain) in hits.iter_mut().zip(likeness).zip(plain) {
        hit.alike = Some(*alike);
        hit.rank = alike + WORDS * plain + WAYS * hit.rank / most;
    }
}

/// BM25F of the words as they stand, small ones too, over what a chunk could reach at most; by chunk. Questions of a FAQ
/// differ by their small words.
fn plain_words(index: &Index, query: &Query) -> Vec<f32> {
    let mut gains = vec![0.0; index.chunks.len()];
    let mut most = f32::MIN_POSITIVE;
    for stem in &query.stems {
        let held = index.postings(stem);
        let rarity = index.rarity(held.len());
        most += rarity;
        held.iter().for_each(|held| gains[held.chunk as usize] += rarity * held.weight / (K1 + held.weight));
    }
    gains.iter_mut().for_each(|gain| *gain /= most);
    gains
}

/// How well a text by itself holds each part of the question, as a sum over the parts' worth.
pub fn held(query: &Query, stems: &HashSet<String>) -> f32 {
    let best = |part: &Part| {
        part.ways.iter().filter(|way| way.stems.iter().all(|stem| stems.contains(stem))).map(|way| way.weight).fold(0.0, f32::max)
    };
    query.parts.iter().map(|part| Query::weight(part) * best(part)).sum()
}

/// A part of the question in a chunk: how surely it means the same, and what it is worth.
#[derive(Clone, Copy)]
struct Held {
    chunk: u32,
    surely: f32,
    gain: f32,
}

/// Where a part is held, by chunk. The way that says it best counts; further ways add a little.
fn held_by(index: &Index, part: &Part) -> Vec<Held> {
    let each = part.ways.iter().flat_map(|way| {
        gains(index, way).into_iter().map(|(chunk, gain)| Held { chunk, surely: way.weight, gain: gain * way.weight })
    });
    let mut all: Vec<Held> = each.collect();
    if let Some(sign) = part.ways.iter().find(|way| is_sign(&way.stems[0])) {
        let with = index.postings(&sign.stems[0]);
        let lacks = |held: &Held| with.binary_search_by_key(&held.chunk, |posting| posting.chunk).is_err();
        all.iter_mut().filter(|held| lacks(held)).for_each(|held| held.gain *= SIGNLESS);
    }
    all.sort_by_key(|held| held.chunk);
    all.dedup_by(|next, kept| {
        let same = next.chunk == kept.chunk;
        if same {
            kept.surely = kept.surely.max(next.surely);
            kept.gain = kept.gain.max(next.gain) + FURTHER * kept.gain.min(next.gain);
        }
        same
    });
    all.iter_mut().for_each(|held| held.gain = held.gain.min(part.rarity));
    all
}

/// The chunks that hold every word of a way.
fn gains(index: &Index, way: &Way) -> Vec<(u32, f32)> {
    let worth = |stem: &String, weight: f32| index.rarity(index.postings(stem).len()) * weight / (K1 + weight);
    let Some((first, rest)) = way.stems.split_first() else { return Vec::new() };
    let mut found: Vec<(u32, f32)> =
        index.postings(first).iter().map(|posting| (posting.chunk, worth(first, posting.weight))).collect();
    for stem in rest {
        let held = index.postings(stem);
        found.retain_mut(|(chunk, gain)| match held.binary_search_by_key(chunk, |posting| posting.chunk) {
            Ok(at) => {
                *gain += worth(stem, held[at].weight);
                true
            }
            Err(_) => false,
        });
    }
    let count = way.stems.len() as f32;
    found.iter_mut().for_each(|(_, gain)| *gain /= count);
    found
}
