//! Finds the chunks that hold a question's words, and says how much of the question each covers.

use std::collections::HashSet;

use crate::answer::index::{Index, K1};
use crate::answer::lexicon::{Synonyms, is_general, is_light};
use crate::answer::words::language::Language;
use crate::answer::words::signs::{MONEY, is_sign};
use crate::answer::words::{Word, is_stop, words};

const SYNONYM: f32 = 0.7;
const SIGN: f32 = 0.85;
const MENDED: f32 = 0.9;
/// What a light word weighs against another when chunks are put in order, and when confidence is judged.
const LIGHT_RANK: f32 = 0.6;
const LIGHT_WEIGHT: f32 = 0.25;
const OPENERS: [&str; 8] = ["hi", "hello", "hey", "ok", "okay", "so", "and", "also"];
const WHETHER: [&str; 12] = ["do", "does", "did", "can", "could", "is", "are", "will", "would", "have", "has", "may"];
const ASKING: [&str; 6] = ["what", "which", "who", "whose", "whi", "can"];
const ASKING_WEIGHT: f32 = 0.1;
/// What a general word weighs that the knowledge lacks: "twice" should not hide an answer, "quickbooks" should.
const GENERAL_WEIGHT: f32 = 0.4;
/// Confidence is as much how many of the question's words a chunk has as how strongly.
const COVERED_SHARE: f32 = 0.5;
/// What a chunk without a price is worth when a price is asked for, and others have one; so for times and addresses.
const SIGNLESS: f32 = 0.5;
const FURTHER: f32 = 0.15;
const HITS_MAX: usize = 20;
const WORDS_MAX: usize = 64;

/// One thing the question names, in all the ways in which the knowledge may say it.
#[derive(Debug)]
pub struct Part {
    pub word: String,
    pub light: bool,
    /// Whether the knowledge holds the word or one that means the same.
    pub known: bool,
    rarity: f32,
    ways: Vec<Way>,
}

#[derive(Debug)]
struct Way {
    stems: Vec<String>,
    weight: f32,
}

#[derive(Debug, Default)]
pub struct Query {
    pub parts: Vec<Part>,
    /// It asks for a yes or a no: "do you", "can I", "is there".
    pub whether: bool,
}

/// A chunk found, best first.
#[derive(Clone, PartialEq, Debug)]
pub struct Hit {
    pub chunk: usize,
    /// BM25F over what a chunk could reach at most for this question: 0 to 1.
    pub score: f32,
    /// The share of the question's weight that the chunk holds at all: 0 to 1.
    pub covered: f32,
    /// The order of hits: BM25F as it is.
    pub rank: f32,
    /// Per part of the question, how well the chunk has it: 0, or up to 1.
    pub has: Vec<f32>,
}

impl Query {
    pub fn of(index: &Index, text: &str) -> Query {
        let mut words = words(text);
        words.truncate(WORDS_MAX);
        let stems: Vec<String> = words.iter().map(|word| index.language.stem(&word.text)).collect();
        let mut drafts: Vec<Draft> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let (taken, draft) = draft_at(index, &words, &stems, at);
            at += taken;
            let Some(draft) = draft else { continue };
            match drafts
                .iter_mut()
                .find(|other| other.word == draft.word || other.concept.is_some() && other.concept == draft.concept)
            {
                Some(other) => other.ways.extend(draft.ways),
                None => drafts.push(draft),
            }
        }
        let first = words.iter().find(|word| !OPENERS.contains(&word.text.as_str()));
        let whether = first.is_some_and(|word| WHETHER.contains(&word.text.as_str()));
        Query { parts: drafts.into_iter().map(|draft| part(index, draft)).collect(), whether }
    }

    /// Whether it asks for a thing by a name that the knowledge never mentions: "do you repair *violins*".
    pub fn wants_unmentioned(&self) -> bool {
        self.whether && self.heavy().last().is_some_and(|(_, part)| !part.known && !is_general(&part.word))
    }

    fn weight(part: &Part) -> f32 {
        part.rarity
            * match (part.light, part.known) {
                (true, _) if ASKING.contains(&part.word.as_str()) => ASKING_WEIGHT,
                (true, _) => LIGHT_WEIGHT,
                (false, false) if is_general(&part.word) => GENERAL_WEIGHT,
                _ => 1.0,
            }
    }

    /// The parts that say what the question is about.
    pub fn heavy(&self) -> impl Iterator<Item = (usize, &Part)> {
        self.parts.iter().enumerate().filter(|(_, part)| !part.light)
    }
}

/// A part before it is known what the knowledge makes of it.
struct Draft {
    word: String,
    light: bool,
    concept: Option<usize>,
    ways: Vec<Way>,
}

/// The part of the question that begins at a word, and how many words it takes.
fn draft_at(index: &Index, words: &[Word], stems: &[String], at: usize) -> (usize, Option<Draft>) {
    let same = (index.language == Language::English).then(|| Synonyms::english().at(stems, at)).flatten();
    let hyphened = words.get(at + 1).is_some_and(|next| next.joined);
    let taken = same.as_ref().map_or(1 + usize::from(hyphened), |same| same.words);
    let own = &stems[at..at + taken];
    let small = words[at..at + taken].iter().filter(|word| is_stop(&word.text)).count();
    if same.is_none() && small == taken {
        return (taken, None);
    }
    let mut ways = own_ways(index, &words[at..at + taken], own);
    let further = same.iter().flat_map(|same| same.stems.iter().copied()).filter(|stems| stems[..] != *own);
    ways.extend(further.map(|stems| Way { stems: stems.clone(), weight: if is_sign(&stems[0]) { SIGN } else { SYNONYM } }));
    let light = taken == 1 && is_light(&stems[at]) || words[at].text.chars().all(|c| c.is_ascii_digit());
    (taken, Some(Draft { word: own.join(" "), light, concept: same.map(|same| same.concept), ways }))
}

/// The words themselves, mended when the knowledge does not know them.
fn own_ways(index: &Index, words: &[Word], stems: &[String]) -> Vec<Way> {
    if let [stem] = stems {
        let lacking = index.postings(stem).is_empty();
        let mended =
            lacking.then(|| index.mended(&words[0].text)).flatten().map(|stem| Way { stems: vec![stem], weight: MENDED });
        return [Way { stems: vec![stem.clone()], weight: 1.0 }].into_iter().chain(mended).collect();
    }
    let joined: String = words.iter().map(|word| word.text.as_str()).collect();
    let joined = Way { stems: vec![index.language.stem(&joined)], weight: 1.0 };
    // A phrase with a small word in it ("where are you") is a figure of speech: its other words say nothing by themselves.
    match words.iter().any(|word| is_stop(&word.text)) {
        true => vec![joined],
        false => vec![Way { stems: stems.to_vec(), weight: 1.0 }, joined],
    }
}

fn part(index: &Index, draft: Draft) -> Part {
    let Draft { word, light, mut ways, .. } = draft;
    let holders = |way: &Way| way.stems.iter().map(|stem| index.postings(stem).len()).min().unwrap_or(0);
    ways.retain(|way| holders(way) > 0);
    let known = !ways.is_empty();
    let own = ways.iter().filter(|way| way.weight == 1.0).map(&holders).max();
    let fewest = ways.iter().map(&holders).min().unwrap_or(0);
    Part { word, light, known, rarity: index.rarity(own.unwrap_or(fewest)), ways }
}

/// The chunks that hold the most of the question, best first.
pub fn search(index: &Index, query: &Query) -> Vec<Hit> {
    let most = query.parts.iter().map(Query::weight).sum::<f32>().max(f32::MIN_POSITIVE);
    let by_part: Vec<Vec<Held>> = query.parts.iter().map(|part| held_by(index, part)).collect();
    let mut hits: Vec<Hit> = (0..index.chunks.len()).map(Hit::of).collect();
    for (part, held) in query.parts.iter().zip(&by_part) {
        let share = Query::weight(part) / most;
        let rank = if part.light { LIGHT_RANK } else { 1.0 };
        for held in held {
            let hit = &mut hits[held.chunk as usize];
            hit.covered += share * held.surely;
            hit.score += share * held.gain / part.rarity.max(f32::MIN_POSITIVE);
            hit.rank += rank * held.gain;
        }
    }
    for part in &query.parts {
        let Some(sign) = part.ways.iter().find(|way| way.stems[0] == MONEY) else { continue };
        let with = index.postings(&sign.stems[0]);
        let lacks = |hit: &&mut Hit| with.binary_search_by_key(&hit.chunk, |posting| posting.chunk as usize).is_err();
        hits.iter_mut().filter(lacks).for_each(|hit| hit.rank *= SIGNLESS);
    }
    hits.retain(|hit| hit.rank > 0.0);
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

impl Hit {
    fn of(chunk: usize) -> Hit {
        Hit { chunk, score: 0.0, covered: 0.0, rank: 0.0, has: Vec::new() }
    }

    /// How sure it is that the chunk answers, 0 to 1.
    pub fn confidence(&self) -> f32 {
        COVERED_SHARE * self.covered + (1.0 - COVERED_SHARE) * self.score
    }
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
