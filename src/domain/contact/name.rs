//! What a visitor is called, if the message says so: rather no name than a wrong one.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::domain::contact::east;
use crate::domain::contact::plain::{Plain, Script};

const WORDS_MAX: usize = 4;
/// Of a name in small letters, for nothing shows where it ends.
const SMALL_WORDS_MAX: usize = 2;
const WORD_CHARS_MAX: usize = 24;
/// How many times in a message somebody may begin to say who they are.
const STARTS_MAX: usize = 8;

/// Stand inside a name, in small letters.
const PARTICLES: [&str; 26] = [
    "von", "van", "vom", "zu", "zur", "der", "den", "de", "del", "della", "di", "da", "do", "dos", "das", "du", "la", "le", "el",
    "al", "bin", "ibn", "ben", "ten", "ter", "y",
];
const TITLES: [&str; 16] =
    ["mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "mme", "mlle", "sr", "sra", "sig", "señor", "señora", "pan"];

pub struct Lists {
    named: Vec<&'static str>,
    of_self: Vec<&'static str>,
    not: HashSet<&'static str>,
    pub foreign: HashSet<&'static str>,
}

pub fn find(text: &str) -> Option<String> {
    let plain = Plain::of(text);
    let text: String = plain.chars.iter().collect();
    let lists = lists();
    told(&text, &lists.named, true).or_else(|| told(&text, &lists.of_self, false)).or_else(|| east::find(&text, &lists.foreign))
}

fn lists() -> &'static Lists {
    static LISTS: OnceLock<Lists> = OnceLock::new();
    LISTS.get_or_init(|| {
        let part = |name: &str| {
            let (_, rest) = include_str!("names.txt").split_once(&format!("[{name}]\n")).unwrap_or_default();
            let lines = rest.lines().take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
            lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty()).collect::<Vec<_>>()
        };
        Lists {
            named: part("named"),
            of_self: part("self"),
            not: part("not").into_iter().map(|word| word.trim_end_matches('.')).collect(),
            foreign: part("foreign").into_iter().collect(),
        }
    })
}

/// The name behind one of these phrases. `sure`: nothing but a name follows it.
fn told(text: &str, phrases: &[&str], sure: bool) -> Option<String> {
    // A text that is in capitals throughout shows no names by them.
    let shouted = text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase);
    let lower: String = text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect();
    let mut starts: Vec<usize> = phrases.iter().flat_map(|phrase| ends_of(&lower, phrase)).collect();
    starts.sort_unstable();
    // Lengths in bytes may differ between the cases, numbers of characters do not.
    let behind = |end: usize| text.char_indices().nth(lower[..end].chars().count()).map_or("", |(at, _)| &text[at..]);
    starts.into_iter().take(STARTS_MAX).find_map(|end| name_at(behind(end), sure, shouted))
}

/// Where a phrase ends, each time that it stands there as words of its own.
fn ends_of<'a>(lower: &'a str, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
    let found = lower.match_indices(phrase).filter(|(at, _)| !lower[..*at].ends_with(char::is_alphanumeric));
    let ends = found.map(|(at, _)| at + phrase.len());
    ends.filter(|end| phrase.ends_with(':') || lower[*end..].starts_with([' ', ':', '\n', '"']))
}

fn name_at(text: &str, sure: bool, shouted: bool) -> Option<String> {
    let mut rest = text.trim_start_matches([' ', ':', '"', '\'', '*', '\n']);
    let mut words: Vec<&str> = Vec::new();
    let mut small = shouted;
    while let Some((word, whole, behind)) = word_of(rest).filter(|_| words.is_empty() || rest.starts_with(' ')) {
        let lower = word.to_lowercase();
        let particle = !words.is_empty() && PARTICLES.contains(&lower.as_str()) && is_named(behind);
        let capital = word.starts_with(|c: char| c.is_uppercase() || Script::of(c) == Some(Script::Arabic));
        small |= words.is_empty() && sure && !capital;
        if !whole || !(particle || (capital || small) && is_name(word, &lower)) {
            // "I'm Interested In" is a sentence in capitals.
            let sentence = !sure && capital && lists().not.contains(lower.as_str());
            words.truncate(if sentence { 0 } else { usize::MAX });
            break;
        }
        words.push(word);
        rest = behind;
    }
    whole_name(&words, small)
}

fn whole_name(words: &[&str], small: bool) -> Option<String> {
    let arabic = words.first()?.chars().find_map(Script::of) == Some(Script::Arabic);
    let words = if arabic { &words[..words.len().min(SMALL_WORDS_MAX)] } else { words };
    let most = if small { SMALL_WORDS_MAX } else { WORDS_MAX };
    let title = words.len() == 1 && is_title(words[0]);
    (!title && words.len() <= most).then(|| words.join(" "))
}

fn is_title(word: &str) -> bool {
    TITLES.contains(&word.trim_end_matches('.').to_lowercase().as_str())
}

/// The next word, whether nothing is glued to it, and what stands behind it.
fn word_of(text: &str) -> Option<(&str, bool, &str)> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let end = text.find(|c: char| !(c.is_alphabetic() || matches!(c, '\'' | '-' | '.') || is_accent(c))).unwrap_or(text.len());
    let word = text[..end].trim_end_matches(['\'', '-']);
    let initial = word.chars().filter(|c| c.is_alphabetic()).count() == 1;
    let point = word.ends_with('.') && (initial || is_title(word));
    let word = if point { word } else { word.split('.').next().unwrap_or_default() };
    let behind = &text[word.len()..];
    // "I am jane@example.com", "I am jane.doe".
    let glued = behind.starts_with(|c: char| matches!(c, '@' | '_' | '/' | '+') || c.is_numeric())
        || behind.strip_prefix('.').is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
    (!word.is_empty()).then_some((word, !glued, behind))
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{652}')
}

fn is_named(rest: &str) -> bool {
    word_of(rest).is_some_and(|(word, ..)| word.starts_with(char::is_uppercase) || PARTICLES.contains(&word))
}

fn is_name(word: &str, lower: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let script = word.chars().find_map(Script::of);
    let spaced = !matches!(script, Some(Script::Unspaced | Script::Hangul) | None);
    let short = letters == 1 && !word.ends_with('.');
    let owner = lower.ends_with("'s") || lower.ends_with("'m") || lower.ends_with("'re") || lower.ends_with("'ll");
    spaced && !short && !owner && letters <= WORD_CHARS_MAX && !lists().not.contains(lower.trim_end_matches('.'))
}
