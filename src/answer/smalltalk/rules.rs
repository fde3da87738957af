//! The forms of small talk of each language, matched word for word.

use std::sync::OnceLock;

use crate::answer::smalltalk::SmallTalk;
use crate::answer::words::language::{ALL, Language};
use crate::answer::words::listed::{entries, sections};
use crate::answer::words::words;
use crate::domain::spelling::fold;

/// Words that a `*` may stand for, and words of the longest message; in Japanese, characters.
const GAP_MAX: usize = 3;
const GAP_CHARACTERS_MAX: usize = 8;
const MESSAGE_MAX: usize = 14;
const MESSAGE_CHARACTERS_MAX: usize = 40;

type Phrase = Vec<String>;

#[derive(Default)]
struct Rules {
    greetings: Vec<Phrase>,
    /// Courtesies before what is meant, and behind it.
    openers: Vec<Phrase>,
    closers: Vec<Phrase>,
    forms: Vec<(SmallTalk, Vec<Phrase>)>,
    gap_max: usize,
    message_max: usize,
}

/// What a message says when it is one of the forms of a language.
pub fn fitting(text: &str, language: Language) -> Option<SmallTalk> {
    let rules = Rules::of(language)?;
    let spoken = tokens(text, language);
    if spoken.is_empty() || spoken.len() > rules.message_max {
        return None;
    }
    let (greeted, rest) = rules.without_greeting(&spoken);
    if rest.is_empty() {
        return greeted.then_some(SmallTalk::Greeting);
    }
    let bare = rules.bare_forms(rest);
    let fits = |form: &Phrase| bare.iter().any(|rest| fits(form, rest, rules.gap_max));
    let meant = rules.forms.iter().find(|(_, forms)| forms.iter().any(fits));
    meant.map(|(kind, _)| *kind)
}

/// The forms as they are written.
pub fn lists(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("en.txt"),
        Language::German => include_str!("de.txt"),
        Language::Spanish => include_str!("es.txt"),
        Language::French => include_str!("fr.txt"),
        Language::Italian => include_str!("it.txt"),
        Language::Portuguese => include_str!("pt.txt"),
        Language::Dutch => include_str!("nl.txt"),
        Language::Polish => include_str!("pl.txt"),
        Language::Arabic => include_str!("ar.txt"),
        Language::Japanese => include_str!("ja.txt"),
        Language::Other => "",
    }
}

/// Words; in Japanese, whose words nothing parts, characters.
fn tokens(text: &str, language: Language) -> Phrase {
    match language {
        Language::Japanese => fold(text).chars().filter(|c| c.is_alphanumeric()).map(String::from).collect(),
        _ => words(text).into_iter().map(|word| word.text).collect(),
    }
}

fn form(entry: &str, language: Language) -> Phrase {
    let mut form = Phrase::new();
    for (n, part) in entry.split('*').enumerate() {
        form.extend((n > 0).then(|| "*".to_owned()));
        form.extend(tokens(part, language));
    }
    form
}

impl Rules {
    fn of(language: Language) -> Option<&'static Rules> {
        static RULES: OnceLock<Vec<Rules>> = OnceLock::new();
        let at = ALL.iter().position(|known| *known == language)?;
        RULES.get_or_init(|| ALL.iter().map(|language| Rules::read(*language)).collect()).get(at)
    }

    fn read(language: Language) -> Rules {
        let by_character = language == Language::Japanese;
        let mut rules = Rules {
            gap_max: if by_character { GAP_CHARACTERS_MAX } else { GAP_MAX },
            message_max: if by_character { MESSAGE_CHARACTERS_MAX } else { MESSAGE_MAX },
            ..Rules::default()
        };
        for (name, lines) in sections(lists(language)) {
            let mut phrases: Vec<Phrase> = entries(&lines).map(|entry| form(entry, language)).collect();
            match name {
                "greetings" | "openers" | "closers" => {
                    // Of two that fit, the longer one is meant.
                    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
                    match name {
                        "greetings" => rules.greetings = phrases,
                        "openers" => rules.openers = phrases,
                        _ => rules.closers = phrases,
                    }
                }
                name => rules.forms.extend(SmallTalk::parse(name).map(|kind| (kind, phrases))),
            }
        }
        rules
    }

    /// Whether the message begins with a greeting, and what follows it.
    fn without_greeting<'a>(&self, spoken: &'a [String]) -> (bool, &'a [String]) {
        let mut rest = spoken;
        while let Some(shorter) = self.greetings.iter().find_map(|greeting| rest.strip_prefix(&greeting[..])) {
            rest = shorter;
        }
        let greeted = rest.len() < spoken.len();
        match self.closers.iter().any(|closer| closer[..] == *rest) {
            true if greeted => (true, &[]),
            _ => (greeted, rest),
        }
    }

    /// The message itself, and without the courtesies around it.
    fn bare_forms<'a>(&self, rest: &'a [String]) -> Vec<&'a [String]> {
        let mut forms = vec![rest];
        let mut bare = rest;
        while let Some(shorter) = stripped(&self.openers, |opener| bare.strip_prefix(opener)) {
            bare = shorter;
            forms.push(bare);
        }
        for n in 0..forms.len() {
            let mut bare = forms[n];
            while let Some(shorter) = stripped(&self.closers, |closer| bare.strip_suffix(closer)) {
                bare = shorter;
                forms.push(bare);
            }
        }
        forms
    }
}

/// What is left without the first phrase that can be taken off, if anything is.
fn stripped<'a>(phrases: &[Phrase], strip: impl Fn(&[String]) -> Option<&'a [String]>) -> Option<&'a [String]> {
    phrases.iter().filter_map(|phrase| strip(phrase)).find(|rest| !rest.is_empty())
}

fn fits(form: &[String], words: &[String], gap_max: usize) -> bool {
    match form.split_first() {
        None => words.is_empty(),
        Some((first, rest)) if first == "*" => (0..=gap_max.min(words.len())).any(|gap| fits(rest, &words[gap..], gap_max)),
        Some((first, rest)) => words.split_first().is_some_and(|(word, words)| word == first && fits(rest, words, gap_max)),
    }
}

/// Nothing that could be read: no letters, or one run of keys that is no word.
pub fn is_noise(text: &str) -> bool {
    let letters = text.chars().any(char::is_alphanumeric);
    let words = words(text);
    let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    match words[..] {
        [] => !letters || text.trim().is_empty(),
        [word] => is_mashed(word),
        ref words => words.len() < 6 && words.iter().all(|word| is_mashed(word)),
    }
}

/// Keys struck at random: no vowel, a row of the keyboard, or one letter over and over.
fn is_mashed(word: &str) -> bool {
    const ROWS: [&str; 6] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz"];
    const LAUGHS: [&str; 8] = ["ha", "ah", "he", "hi", "ja", "kk", "rs", "xa"];
    let ascii = word.len() >= 4 && word.bytes().all(|c| c.is_ascii_lowercase());
    let vowels = word.chars().any(|c| "aeiouy".contains(c));
    let distinct = word.chars().collect::<std::collections::BTreeSet<_>>().len();
    let row = ROWS.iter().any(|row| {
        word.get(..4).is_some_and(|start| row.contains(start))
            && word.get(word.len() - 3..).is_some_and(|end| ROWS.iter().any(|row| row.contains(end)))
    });
    ascii
        && (!vowels && word.len() >= 5 && !word.starts_with("hmm")
            || row && word != "were"
            || distinct <= 2 && word.len() >= 5 && !LAUGHS.iter().any(|laugh| word.starts_with(laugh)))
}
