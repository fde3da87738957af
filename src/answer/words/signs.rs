//! What a text says by its form: a price, a time of day, a street, a number to call, and the days between two days.

use crate::answer::words::Word;
use crate::answer::words::language::Language;
use crate::domain::contact;

/// Signs stand in the index beside the words, so that "how much" finds "$49" and "call" finds a number.
pub const MONEY: &str = "\u{a7}money";
pub const CLOCK: &str = "\u{a7}clock";
pub const EMAIL: &str = "\u{a7}email";
pub const PLACE: &str = "\u{a7}place";
pub const PHONE: &str = "\u{a7}phone";

const CURRENCIES: &[&str] = &[
    "usd",
    "eur",
    "gbp",
    "chf",
    "pln",
    "jpy",
    "brl",
    "mxn",
    "aed",
    "sar",
    "dollar",
    "dollars",
    "euro",
    "euros",
    "pounds",
    "cents",
    "franken",
    "francs",
    "dolares",
    "pesos",
    "reais",
    "zl",
    "zlotych",
    "円",
    "ريال",
    "درهم",
    "دولار",
    "يورو",
    "جنيه",
    "دينار",
];
/// A day is written short with so many letters at least: "Mon"; in other languages "Mo", "lu".
const ENGLISH_DAY_LETTERS_MIN: usize = 3;
const DAY_LETTERS_MIN: usize = 2;
/// A street and its number stand within so many words.
const STREET_WORDS: usize = 4;
const COMPOUND_LETTERS_MIN: usize = 4;

pub fn is_sign(word: &str) -> bool {
    word.starts_with('\u{a7}')
}

/// "Monday to Thursday" also names the days in between.
pub fn days_between(words: &[Word], language: Language) -> Vec<String> {
    let vocabulary = language.vocabulary();
    let least = if language == Language::English { ENGLISH_DAY_LETTERS_MIN } else { DAY_LETTERS_MIN };
    let long = |word: &Word| word.text.chars().count() >= least;
    let day = |n: usize| {
        let word = words.get(n).filter(|word| long(word))?;
        vocabulary.days.iter().position(|day| day.starts_with(word.text.as_str()))
    };
    let mut between = Vec::new();
    for n in 0..words.len() {
        let Some(from) = day(n) else { continue };
        let next = words.get(n + 1);
        let until = match next {
            Some(word) if vocabulary.until.contains(&word.text) => day(n + 2),
            Some(word) if word.joined => day(n + 1),
            _ => None,
        };
        if let Some(until) = until {
            let span = (until + 7 - from) % 7;
            between.extend((1..span).map(|step| vocabulary.days[(from + step) % 7].clone()));
        }
    }
    between
}

/// A number and near it the kind of street: "42 Harbour Street", "Hauptstraße 5", "Calle Mayor 12".
fn has_street(words: &[Word], language: Language) -> bool {
    let streets = &language.vocabulary().streets;
    let number = |word: &Word| word.text.starts_with(|c: char| c.is_ascii_digit()) && word.text.len() <= 5 && !word.money;
    let compounds = matches!(language, Language::German | Language::Dutch);
    let ends = |word: &str| streets.iter().any(|street| street.len() >= COMPOUND_LETTERS_MIN && word.ends_with(street.as_str()));
    let street = |word: &Word| streets.contains(&word.text) || compounds && ends(&word.text);
    let behind = |n: usize| words.iter().skip(n + 1).take(STREET_WORDS - 1);
    (0..words.len()).any(|n| match language {
        // The number comes first, and the street has a name: "5 minutes' drive" is none.
        Language::English => number(&words[n]) && behind(n).skip(1).any(street),
        _ => number(&words[n]) && behind(n).any(street) || street(&words[n]) && behind(n).any(number),
    })
}

pub fn signs(text: &str, words: &[Word], language: Language) -> Vec<&'static str> {
    let mut signs = Vec::new();
    let number = |word: &Word| word.text.starts_with(|c: char| c.is_ascii_digit());
    let beside = |names: &[&str]| {
        words.windows(2).any(|pair| {
            number(&pair[0]) && names.contains(&pair[1].text.as_str())
                || names.contains(&pair[0].text.as_str()) && number(&pair[1])
        })
    };
    if words.iter().any(|word| word.money && number(word)) || beside(CURRENCIES) {
        signs.push(MONEY);
    }
    let clock = |word: &Word| number(word) && (word.text.contains(':') || ends_as_clock(&word.text));
    let beside_clock = |word: &Word| language.vocabulary().clock.contains(&word.text);
    let named =
        words.windows(2).any(|pair| number(&pair[0]) && beside_clock(&pair[1]) || beside_clock(&pair[0]) && number(&pair[1]));
    if words.iter().any(clock) || named || text.contains("24/7") {
        signs.push(CLOCK);
    }
    if has_street(words, language) {
        signs.push(PLACE);
    }
    let contact = contact::find(text);
    if contact.email.is_some() {
        signs.push(EMAIL);
    }
    if contact.phone.is_some() {
        signs.push(PHONE);
    }
    signs
}

/// "8am", "9h", "9h30".
fn ends_as_clock(word: &str) -> bool {
    let hour = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let (mark, minutes) = hour.split_at(hour.find(|c: char| c.is_ascii_digit()).unwrap_or(hour.len()));
    matches!(mark, "am" | "pm") && minutes.is_empty() || mark == "h" && (minutes.is_empty() || minutes.len() == 2)
}
