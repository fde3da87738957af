//! The small general knowledge that word matching needs: synonyms, ordinary words, questions that no business answers.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use crate::answer::smalltalk::rules;
use crate::answer::words::language::{ALL, Language};
use crate::answer::words::words;

const PHRASE_WORDS_MAX: usize = 4;
const COMMON: &str = include_str!("common.txt");

/// Which phrases mean one thing. Keys and targets are stems, joined by a space.
#[derive(Debug, Default)]
pub struct Synonyms {
    concepts: Vec<Vec<Vec<String>>>,
    keys: HashMap<String, Vec<usize>>,
}

impl Synonyms {
    pub fn of(language: Language) -> &'static Synonyms {
        static EACH: OnceLock<Vec<Synonyms>> = OnceLock::new();
        static NONE: OnceLock<Synonyms> = OnceLock::new();
        let each = EACH.get_or_init(|| ALL.iter().map(|language| Synonyms::parse(synonyms(*language), *language)).collect());
        let at = ALL.iter().position(|known| *known == language);
        at.map_or_else(|| NONE.get_or_init(Synonyms::default), |at| &each[at])
    }

    fn parse(text: &str, language: Language) -> Synonyms {
        let mut all = Synonyms::default();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let (from, to) = line.split_once("=>").unwrap_or((line, line));
            for key in from.split(',') {
                all.keys.entry(stems(key, language).join(" ")).or_default().push(all.concepts.len());
            }
            all.concepts.push(to.split(',').map(|phrase| filed_stems(phrase, language)).collect());
        }
        all
    }

    /// The longest phrase that begins at a word, with what else says the same.
    pub fn at(&self, stems: &[String], at: usize) -> Option<Same<'_>> {
        let longest = PHRASE_WORDS_MAX.min(stems.len() - at);
        (1..=longest).rev().find_map(|words| {
            let concepts = self.keys.get(&stems[at..at + words].join(" "))?;
            let stems = concepts.iter().flat_map(|concept| &self.concepts[*concept]).collect();
            Some(Same { words, concept: concepts[0], stems })
        })
    }
}

/// What else says the same as the words of a phrase.
#[derive(Debug)]
pub struct Same<'a> {
    pub words: usize,
    pub concept: usize,
    pub stems: Vec<&'a Vec<String>>,
}

fn stems(phrase: &str, language: Language) -> Vec<String> {
    words(phrase).iter().map(|word| language.stem(&word.text)).collect()
}

/// The stems under which a phrase is filed.
fn filed_stems(phrase: &str, language: Language) -> Vec<String> {
    match phrase.trim().strip_prefix('%') {
        Some(sign) => vec![format!("\u{a7}{sign}")],
        None => words(phrase).iter().filter(|word| !language.is_stop(&word.text)).map(|word| language.stem(&word.text)).collect(),
    }
}

/// Whether the word is ordinary English, so that it is not a misspelt word of the knowledge.
fn is_common(word: &str) -> bool {
    static SET: OnceLock<HashSet<String>> = OnceLock::new();
    let set = SET.get_or_init(|| {
        let listed = COMMON.split_whitespace().chain(off_topic_in(Language::English).flat_map(str::split_whitespace));
        listed.map(|word| Language::English.stem(word)).collect()
    });
    let stem = Language::English.stem(word);
    set.contains(&stem) || Language::English.is_light(&stem)
}

/// Whether the word is ordinary in the language: a small word, or a word of a question that no business answers.
pub fn is_ordinary(word: &str, language: Language) -> bool {
    static EACH: OnceLock<HashMap<Language, HashSet<String>>> = OnceLock::new();
    let each = EACH.get_or_init(|| {
        let asked = |language| off_topic_in(language).flat_map(words).map(|word| word.text).collect();
        ALL.into_iter().map(|language| (language, asked(language))).collect()
    });
    match language {
        Language::English => is_common(word),
        _ => language.vocabulary().all.contains(word) || each.get(&language).is_some_and(|words| words.contains(word)),
    }
}

/// The words that tell a language beside its small ones: what its businesses are asked about, and small talk.
pub fn known_words(language: Language) -> HashSet<String> {
    let texts = [synonyms(language), rules::lists(language)];
    let lines = texts.into_iter().flat_map(str::lines).filter(|line| !line.starts_with(['#', '[']));
    let phrases = lines.flat_map(|line| line.split("=>")).flat_map(words);
    phrases.map(|word| word.text).filter(|word| word.chars().all(char::is_alphabetic)).collect()
}

/// Words that are ordinary in English, whatever else they are elsewhere.
pub fn common_words() -> impl Iterator<Item = &'static str> {
    COMMON.split_whitespace()
}

/// Questions on which a knowledge base should be silent: what they score is the noise of that knowledge base.
pub fn off_topic() -> impl Iterator<Item = &'static str> {
    off_topic_in(Language::English)
}

/// The same in the language of the knowledge base; English where there are none.
pub fn off_topic_in(language: Language) -> impl Iterator<Item = &'static str> {
    let listed = match language {
        Language::English | Language::Other => include_str!("offtopic/en.txt"),
        Language::German => include_str!("offtopic/de.txt"),
        Language::Spanish => include_str!("offtopic/es.txt"),
        Language::French => include_str!("offtopic/fr.txt"),
        Language::Italian => include_str!("offtopic/it.txt"),
        Language::Portuguese => include_str!("offtopic/pt.txt"),
        Language::Dutch => include_str!("offtopic/nl.txt"),
        Language::Polish => include_str!("offtopic/pl.txt"),
        Language::Arabic => include_str!("offtopic/ar.txt"),
        Language::Japanese => include_str!("offtopic/ja.txt"),
    };
    listed.lines().filter(|line| !line.is_empty())
}

fn synonyms(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("synonyms/en.txt"),
        Language::German => include_str!("synonyms/de.txt"),
        Language::Spanish => include_str!("synonyms/es.txt"),
        Language::French => include_str!("synonyms/fr.txt"),
        Language::Italian => include_str!("synonyms/it.txt"),
        Language::Portuguese => include_str!("synonyms/pt.txt"),
        Language::Dutch => include_str!("synonyms/nl.txt"),
        Language::Polish => include_str!("synonyms/pl.txt"),
        Language::Arabic => include_str!("synonyms/ar.txt"),
        Language::Japanese => include_str!("synonyms/ja.txt"),
        Language::Other => "",
    }
}
