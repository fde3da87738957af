//! What a text says by its form: a price, a time of day, a street, a number to call, and the days between two days.

use crate::answer::words::Word;
use crate::domain::contact;

/// Signs stand in the index beside the words, so that "how much" finds "$49" and "call" finds a number.
pub const MONEY: &str = "\u{a7}money";
pub const CLOCK: &str = "\u{a7}clock";
pub const EMAIL: &str = "\u{a7}email";
pub const PLACE: &str = "\u{a7}place";
pub const PHONE: &str = "\u{a7}phone";

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const TO: &[&str] = &["to", "through", "thru", "till", "until"];
const CURRENCIES: &[&str] = &["usd", "eur", "gbp", "chf", "dollar", "dollars", "euro", "euros", "pounds", "cents"];

pub fn is_sign(word: &str) -> bool {
    word.starts_with('\u{a7}')
}

/// "Monday to Thursday" also names the days in between.
pub fn days_between(words: &[Word]) -> Vec<String> {
    let day = |n: usize| {
        words.get(n).and_then(|word| DAYS.iter().position(|day| word.text.len() > 2 && day.starts_with(word.text.as_str())))
    };
    let mut between = Vec::new();
    for n in 0..words.len() {
        let Some(from) = day(n) else { continue };
        let next = words.get(n + 1);
        let until = match next {
            Some(word) if TO.contains(&word.text.as_str()) => day(n + 2),
            Some(word) if word.joined => day(n + 1),
            _ => None,
        };
        if let Some(until) = until {
            let span = (until + 7 - from) % 7;
            between.extend((1..span).map(|step| DAYS[(from + step) % 7].to_owned()));
        }
    }
    between
}

/// A house number and within three words the kind of street: "42 Harbour Street".
fn is_street(words: &[Word]) -> bool {
    const STREETS: &[&str] = &[
        "street",
        "road",
        "rd",
        "avenue",
        "ave",
        "lane",
        "boulevard",
        "blvd",
        "square",
        "highway",
        "drive",
        "court",
        "plaza",
        "way",
        "quay",
        "broadway",
    ];
    let number = words
        .first()
        .is_some_and(|word| word.text.starts_with(|c: char| c.is_ascii_digit()) && word.text.len() <= 5 && !word.money);
    number && words.len() > 2 && words[2..].iter().any(|word| STREETS.contains(&word.text.as_str()))
}

pub fn signs(text: &str, words: &[Word]) -> Vec<&'static str> {
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
    let clock = |word: &Word| number(word) && (word.text.contains(':') || word.text.ends_with("am") || word.text.ends_with("pm"));
    if words.iter().any(clock) || beside(&["am", "pm", "oclock"]) || text.contains("24/7") {
        signs.push(CLOCK);
    }
    if (0..words.len()).any(|n| is_street(&words[n..words.len().min(n + 4)])) {
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
