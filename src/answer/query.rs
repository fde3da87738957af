//! What a question asks, word by word: each part in all the ways in which the knowledge may say it.

use crate::answer::encoder::Vector;
use crate::answer::index::Index;
use crate::answer::lexicon::Synonyms;
use crate::answer::words::language::Language;
use crate::answer::words::signs::is_sign;
use crate::answer::words::{Word, words};

const SYNONYM: f32 = 0.7;
const SIGN: f32 = 0.85;
const MENDED: f32 = 0.9;
/// A word of the knowledge that is a part of the question's word, or has it as a part.
const RELATED: f32 = 0.6;
/// What a light word weighs against another when confidence is judged.
const LIGHT_WEIGHT: f32 = 0.25;
const OPENERS: [&str; 8] = ["hi", "hello", "hey", "ok", "okay", "so", "and", "also"];
const ASKING: [&str; 6] = ["what", "which", "who", "whose", "whi", "can"];
const ASKING_WEIGHT: f32 = 0.1;
/// What a general word weighs that the knowledge lacks: "twice" should not hide an answer, "quickbooks" should.
const GENERAL_WEIGHT: f32 = 0.4;
/// In other languages fewer general words are listed, so any word that the knowledge lacks may be one.
const FOREIGN_WEIGHT: f32 = 0.5;
const WORDS_MAX: usize = 64;

/// One thing the question names, in all the ways in which the knowledge may say it.
#[derive(Debug)]
pub struct Part {
    pub word: String,
    pub light: bool,
    /// It merely asks: "what", "which".
    asking: bool,
    /// It is of any subject: "twice", "small".
    general: bool,
    foreign: bool,
    /// Whether the knowledge holds the word or one that means the same.
    pub known: bool,
    pub rarity: f32,
    pub ways: Vec<Way>,
}

#[derive(Debug)]
pub struct Way {
    pub stems: Vec<String>,
    pub weight: f32,
}

#[derive(Debug, Default)]
pub struct Query {
    pub parts: Vec<Part>,
    /// The stem of every word, small ones too, each once; mended where the knowledge lacks it.
    pub stems: Vec<String>,
    /// It asks for a yes or a no: "do you", "can I", "is there".
    pub whether: bool,
    /// What it means, where the knowledge has vectors to compare with.
    pub vector: Option<Vector>,
}

impl Query {
    pub fn of(index: &Index, text: &str) -> Query {
        let encoder = index.vectors.as_ref().and_then(|_| index.encoder());
        Query { vector: encoder.map(|encoder| encoder.encode(&index.respelt(text))), ..Query::by_words(index, text) }
    }

    /// Without its meaning.
    pub fn by_words(index: &Index, text: &str) -> Query {
        let mut words = words(text);
        words.truncate(WORDS_MAX);
        let stems: Vec<String> = words.iter().map(|word| index.language.stem(&word.text)).collect();
        let mended: Vec<Option<String>> = words.iter().zip(&stems).map(|(word, stem)| mended(index, word, stem)).collect();
        let mut drafts: Vec<Draft> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let (taken, draft) = draft_at(index, &words, &stems, &mended, at);
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
        // Elsewhere the last word is as likely a verb as the thing that is wanted.
        let whether = index.language == Language::English && first.is_some_and(|word| Language::English.is_whether(&word.text));
        let parts = drafts.into_iter().map(|draft| part(index, draft)).collect();
        Query { parts, stems: known_stems(&stems, &mended), whether, vector: None }
    }

    /// Whether it asks for a thing by a name that the knowledge never mentions: "do you repair *violins*".
    pub fn wants_unmentioned(&self) -> bool {
        self.whether && self.heavy().last().is_some_and(|(_, part)| !part.known && !part.general)
    }

    /// What a part is worth when confidence is judged.
    pub fn weight(part: &Part) -> f32 {
        part.rarity
            * match (part.light, part.known) {
                (true, _) if part.asking => ASKING_WEIGHT,
                (true, _) => LIGHT_WEIGHT,
                (false, false) if part.general => GENERAL_WEIGHT,
                (false, false) if part.foreign => FOREIGN_WEIGHT,
                _ => 1.0,
            }
    }

    /// What a text is worth that holds all of it.
    pub fn most(&self) -> f32 {
        self.parts.iter().map(Query::weight).sum::<f32>().max(f32::MIN_POSITIVE)
    }

    /// The parts that say what the question is about.
    pub fn heavy(&self) -> impl Iterator<Item = (usize, &Part)> {
        self.parts.iter().enumerate().filter(|(_, part)| !part.light)
    }
}

/// The stem that a word is mended to, if the knowledge lacks its own.
fn mended(index: &Index, word: &Word, stem: &str) -> Option<String> {
    index.postings(stem).is_empty().then(|| index.mended(&word.text)).flatten()
}

fn known_stems(stems: &[String], mended: &[Option<String>]) -> Vec<String> {
    let mut known: Vec<String> = Vec::with_capacity(stems.len());
    for (stem, mended) in stems.iter().zip(mended) {
        let stem = mended.as_ref().unwrap_or(stem);
        if !known.contains(stem) {
            known.push(stem.clone());
        }
    }
    known
}

/// A part before it is known what the knowledge makes of it.
struct Draft {
    word: String,
    light: bool,
    concept: Option<usize>,
    ways: Vec<Way>,
}

/// The part of the question that begins at a word, and how many words it takes.
fn draft_at(index: &Index, words: &[Word], stems: &[String], mended: &[Option<String>], at: usize) -> (usize, Option<Draft>) {
    let language = index.language;
    let same = Synonyms::of(language).at(stems, at);
    let hyphened = words.get(at + 1).is_some_and(|next| next.joined);
    let taken = same.as_ref().map_or(1 + usize::from(hyphened), |same| same.words);
    let own = &stems[at..at + taken];
    let small = words[at..at + taken].iter().filter(|word| language.is_stop(&word.text)).count();
    if same.is_none() && small == taken {
        return (taken, None);
    }
    let mut ways = own_ways(index, &words[at..at + taken], own, mended[at].as_ref());
    let further = same.iter().flat_map(|same| same.stems.iter().copied()).filter(|stems| stems[..] != *own);
    ways.extend(further.map(|stems| Way { stems: stems.clone(), weight: if is_sign(&stems[0]) { SIGN } else { SYNONYM } }));
    let light = taken == 1 && language.is_light(&stems[at]) || words[at].text.chars().all(|c| c.is_ascii_digit());
    (taken, Some(Draft { word: own.join(" "), light, concept: same.map(|same| same.concept), ways }))
}

/// The words themselves, mended when the knowledge does not know them.
fn own_ways(index: &Index, words: &[Word], stems: &[String], mended: Option<&String>) -> Vec<Way> {
    if let [stem] = stems {
        let lacking = index.postings(stem).is_empty();
        let mended = mended.map(|stem| Way { stems: vec![stem.clone()], weight: MENDED });
        let related = lacking.then(|| index.related(&words[0].text)).into_iter().flatten();
        let related = related.map(|stem| Way { stems: vec![stem], weight: RELATED });
        return [Way { stems: vec![stem.clone()], weight: 1.0 }].into_iter().chain(mended).chain(related).collect();
    }
    let joined: String = words.iter().map(|word| word.text.as_str()).collect();
    let joined = Way { stems: vec![index.language.stem(&joined)], weight: 1.0 };
    // A phrase with a small word in it ("where are you") is a figure of speech: its other words say nothing by themselves.
    match words.iter().any(|word| index.language.is_stop(&word.text)) {
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
    let asking = match index.language {
        Language::English => ASKING.contains(&word.as_str()),
        language => language.is_asking(&word),
    };
    let general = index.language.is_general(&word);
    let foreign = index.language != Language::English;
    Part { word, light, asking, general, foreign, known, rarity: index.rarity(own.unwrap_or(fewest)), ways }
}
