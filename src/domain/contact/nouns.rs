//! What the words around a number say that it is: a phone, or something else that is counted.

use std::ops::Range;
use std::sync::OnceLock;

use crate::domain::link;

/// What a number is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Phone,
    /// Something else, in the same breath: "Kundennummer 123456789".
    Other,
    /// Something else earlier in the sentence: "the order that I placed on Monday is 123456789".
    OtherBefore,
    Nothing,
}

/// How many characters before a number are read, and behind it.
const BEFORE_MAX: usize = 80;
const BEHIND_MAX: usize = 40;

const LISTS: &str = include_str!("nouns.txt");

/// `chars` are of the text, and the number stands from `start` to `end` in it.
pub fn named(chars: &[char], start: usize, end: usize) -> Named {
    let before = sentence_before(&chars[start.saturating_sub(BEFORE_MAX)..start]);
    let behind = sentence_behind(&chars[end..chars.len().min(end + BEHIND_MAX)]);
    match nearest(&before) {
        Some((Kind::Phone, _)) => Named::Phone,
        Some((kind, place)) if is_joined(kind, &before[..place.start], &before[place.end..]) => Named::Other,
        Some((_, place)) if !before[place.end..].contains(COMMAS) => Named::OtherBefore,
        _ => told_behind(&behind),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Phone,
    /// A word for a number.
    Id,
    /// A word for what has one.
    Other,
}

struct Noun {
    kind: Kind,
    stem: &'static str,
    /// It is a word by itself, and not the beginning of one.
    whole: bool,
}

fn nouns() -> &'static [Noun] {
    static NOUNS: OnceLock<Vec<Noun>> = OnceLock::new();
    NOUNS.get_or_init(|| {
        let mut kind = Kind::Phone;
        let mut nouns = Vec::new();
        for line in LISTS.lines().filter(|line| !line.starts_with('#')) {
            match line {
                "[phone]" => kind = Kind::Phone,
                "[id]" => kind = Kind::Id,
                "[other]" => kind = Kind::Other,
                line => nouns.extend(line.split(',').map(str::trim).filter(|stem| !stem.is_empty()).map(|stem| Noun {
                    kind,
                    stem: stem.trim_end_matches('.'),
                    whole: stem.ends_with('.'),
                })),
            }
        }
        nouns
    })
}

impl Noun {
    /// Where it stands, each time at the start of a word. Scripts without spaces have no such start.
    fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        let spaced = self.stem.starts_with(is_latin);
        text.match_indices(self.stem).map(|(at, _)| at).filter(move |at| {
            let begins = !text[..*at].ends_with(is_latin);
            let ends = !self.whole || !text[at + self.stem.len()..].starts_with(is_latin);
            !spaced || begins && ends
        })
    }
}

/// The last noun, and where its word stands. Of two at one place the longer one is meant.
fn nearest(before: &str) -> Option<(Kind, Range<usize>)> {
    let found = nouns().iter().filter_map(|noun| Some((noun.places(before).last()?, noun)));
    let listed = found.max_by_key(|(at, noun)| (*at, noun.stem.len()));
    let later = |at: usize| listed.as_ref().is_none_or(|(other, noun)| *other < at || *other == at && noun.kind != Kind::Phone);
    match compound(before).filter(|(at, _)| later(*at)) {
        Some((at, end)) => Some((Kind::Id, at..end)),
        None => listed.map(|(at, noun)| (noun.kind, at..word_end(before, at + noun.stem.len()))),
    }
}

/// A German or Dutch word for a number of something: "Vertragsnummer", "klantnummer", "RgNr". Where it stands and ends.
fn compound(before: &str) -> Option<(usize, usize)> {
    let ending = ["nummer", "nr"].iter().filter_map(|ending| Some((before.rfind(ending)?, *ending))).max_by_key(|(at, _)| *at);
    let (at, ending) = ending?;
    let head = before[..at].chars().rev().take_while(|c| is_latin(*c)).map(char::len_utf8).sum::<usize>();
    let end = at + ending.len();
    let whole = word_end(before, end) == end;
    (whole && head > 1).then_some((at - head, end))
}

/// "123456789 is my order number", "20123456 (mobile)".
fn told_behind(behind: &str) -> Named {
    let Some((at, noun)) = first_noun(behind) else { return Named::Nothing };
    // "mi número de pedido" is of the order.
    let rest = &behind[at + noun.stem.len()..];
    let of = first_noun(rest).filter(|(at, _)| words(&rest[..*at]).next().is_some() && only_fillers(&rest[..*at]));
    match of.map_or(noun.kind, |(_, noun)| noun.kind) {
        Kind::Phone => Named::Phone,
        _ if is_said(&behind[..at]) => Named::Other,
        _ => Named::Nothing,
    }
}

fn first_noun(text: &str) -> Option<(usize, &'static Noun)> {
    let found = nouns().iter().filter_map(|noun| Some((noun.places(text).next()?, noun)));
    found.min_by_key(|(at, noun)| (*at, usize::MAX - noun.stem.len()))
}

/// Whether what follows is said of the number, and does not merely stand behind it.
fn is_said(between: &str) -> bool {
    let opens = between.trim_start();
    let bound = opens.starts_with(['(', '\u{306f}', '\u{304c}', '\u{662f}']);
    bound || !between.contains(COMMAS) && words(opens).next().is_some() && only_fillers(opens)
}

/// Whether a noun and its number are one phrase: "ref 5", "my order is 5", "numéro de commande 5". What is set apart by a
/// comma begins anew.
fn is_joined(kind: Kind, before: &str, between: &str) -> bool {
    const NUMBERS: [&str; 12] =
        ["number", "no", "nr", "n", "num", "numéro", "numero", "número", "nummer", "numer", "رقم", "شماره"];
    let last = between.rsplit(COMMAS).next().unwrap_or_default();
    let mut ahead: Vec<&str> = words(before).collect();
    ahead.reverse();
    let fillers = ahead.iter().take_while(|word| only_fillers(word) || NUMBERS.contains(word));
    let numbered = fillers.take(4).any(|word| NUMBERS.contains(word));
    let joins = words(last).next().is_some() || last.contains([':', '#', '=', '\u{2116}']);
    let bare = (numbered || kind == Kind::Id) && !between.contains(COMMAS);
    (joins || bare) && only_fillers(between)
}

fn only_fillers(between: &str) -> bool {
    words(between).all(|word| match word.chars().next() {
        Some(c) if is_latin(c) => FILLERS.contains(&word),
        Some(c) if link::is_unspaced(c) => word.chars().count() <= 4,
        _ => word.chars().count() <= 3,
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\u{ba}').filter(|word| !word.is_empty())
}

fn word_end(text: &str, at: usize) -> usize {
    text[at..].find(|c| !is_latin(c)).map_or(text.len(), |length| at + length)
}

fn is_latin(c: char) -> bool {
    c.is_alphabetic() && c < '\u{250}'
}

/// In lower case, from the start of the sentence.
fn sentence_before(chars: &[char]) -> String {
    let ends = |n: &usize| match chars[*n] {
        // A point behind a short word is that of an abbreviation: "no. 5".
        '.' => chars[..*n].iter().rev().take_while(|c| is_latin(**c)).count() > 4 && !matches!(chars[n - 1], 'r' | 'R'),
        c => is_end(c),
    };
    let start = (0..chars.len()).rev().find(ends).map_or(0, |n| n + 1);
    chars[start..].iter().flat_map(|c| c.to_lowercase()).collect()
}

fn sentence_behind(chars: &[char]) -> String {
    chars.iter().take_while(|c| !is_end(**c) && **c != '.').flat_map(|c| c.to_lowercase()).collect()
}

fn is_end(c: char) -> bool {
    matches!(c, '\n' | '!' | '?' | ';' | '\u{3002}' | '\u{61f}' | '\u{61b}')
}

const COMMAS: [char; 3] = [',', '\u{60c}', '\u{3001}'];

const FILLERS: &[&str] = &[
    "a", "al", "an", "and", "as", "be", "bei", "by", "com", "con", "da", "dal", "das", "de", "dei", "del", "della", "dem", "den",
    "der", "des", "di", "die", "do", "dos", "du", "e", "el", "en", "er", "era", "es", "est", "et", "for", "from", "für", "het",
    "i", "id", "il", "is", "ist", "it", "its", "jest", "la", "las", "lautet", "le", "les", "lo", "los", "mein", "meine",
    "meiner", "mi", "mia", "mijn", "mio", "mon", "my", "ma", "mój", "moja", "mojego", "n", "nº", "no", "nr", "num", "number",
    "numbers", "numer", "numeri", "numéro", "numero", "número", "nummer", "o", "of", "on", "our", "os", "para", "per", "s",
    "sua", "suo", "the", "to", "van", "was", "war", "your", "è", "é", "était",
];
