//! Cuts text into comparable words, folded and split, with signs for money, clock times and contact details.

mod detect;
pub mod japanese;
pub mod language;
pub mod listed;
mod polish;
pub mod signs;
pub mod vocabulary;

use crate::answer::words::language::Language;
use crate::answer::words::signs::{days_between, signs};
use crate::domain::spelling::fold;

/// What French and Italian write together with the next word: "l'adresse", "dell'ordine".
const ELIDED: [&str; 22] = [
    "l", "d", "j", "m", "t", "s", "c", "n", "qu", "un", "dell", "all", "nell", "sull", "dall", "quest", "jusqu", "lorsqu",
    "puisqu", "quell", "com", "quelqu",
];
pub const GRAM_CHARS: usize = 4;

/// Each part of a compound is filed with those before it too, so a longer chain of hyphens is a list of words.
const COMPOUND_PARTS_MAX: usize = 4;

/// One word as written, folded. A hyphenated word gives its parts; each but the first says that it goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    pub text: String,
    pub joined: bool,
    pub money: bool,
}

pub fn words(text: &str) -> Vec<Word> {
    let chars: Vec<char> = fold(text).chars().collect();
    let mut found = Vec::new();
    let (mut at, mut parts) = (0, 0);
    while at < chars.len() {
        if !chars[at].is_alphanumeric() {
            at += 1;
            continue;
        }
        if japanese::is_unspaced(chars[at]) {
            let end = chars[at..].iter().position(|c| !japanese::is_unspaced(*c)).map_or(chars.len(), |length| at + length);
            found.extend(japanese::cut(&chars[at..end]).into_iter().map(|text| Word { text, joined: false, money: false }));
            at = end;
            continue;
        }
        let hyphened = at > 1 && chars[at - 1] == '-' && chars[at - 2].is_alphanumeric();
        parts = if hyphened { parts + 1 } else { 1 };
        let joined = hyphened && parts <= COMPOUND_PARTS_MAX;
        let money = at > 0 && matches!(chars[at - 1], '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}' | '\u{20b9}');
        let (word, end) = run(&chars, at);
        let money = money || chars.get(end).is_some_and(|c| *c == '\u{20ac}');
        found.push(Word { text: word, joined, money });
        at = end;
    }
    found
}

/// The run of letters and digits from `at`, without the apostrophes and thousands commas inside it.
fn run(chars: &[char], at: usize) -> (String, usize) {
    let mut word = String::new();
    let mut end = at;
    while let Some(&c) = chars.get(end) {
        let before = end.checked_sub(1).map_or(' ', |n| chars[n]);
        let after = chars.get(end + 1).copied().unwrap_or(' ');
        let inside_number = before.is_ascii_digit() && after.is_ascii_digit();
        match c {
            c if japanese::is_unspaced(c) => break,
            c if c.is_alphanumeric() => word.push(c),
            '\'' if ELIDED.contains(&word.as_str()) && after.is_alphabetic() => break,
            '\'' if before.is_alphabetic() && after.is_alphabetic() => {}
            ',' if inside_number => {}
            '.' | ':' if inside_number => word.push(c),
            _ => break,
        }
        end += 1;
    }
    (word, end)
}

/// The words under which a text is filed, stop words left out, unstemmed, in the order of the text; signs last.
fn filed_as(text: &str, language: Language) -> Vec<String> {
    let all = words(text);
    let mut out = Vec::with_capacity(all.len() + 4);
    for (n, word) in all.iter().enumerate() {
        if !language.is_stop(&word.text) {
            out.push(word.text.clone());
        }
        if word.joined {
            out.push(format!("{}{}", all[n - 1].text, word.text));
            if n > 1 && all[n - 1].joined {
                out.push(format!("{}{}{}", all[n - 2].text, all[n - 1].text, word.text));
            }
        }
    }
    out.extend(days_between(&all, language));
    out.extend(signs(text, &all, language).into_iter().map(str::to_owned));
    out
}

/// The pieces of four letters of a text's words, which meet where stems do not: "Zahnreinigung" and "Reinigung".
pub fn grams(text: &str, language: Language) -> Vec<String> {
    let mut grams = Vec::new();
    for word in words(text).iter().filter(|word| !language.is_stop(&word.text)) {
        let letters: Vec<char> = word.text.chars().collect();
        grams.extend(letters.windows(GRAM_CHARS).map(|gram| gram.iter().collect::<String>()));
    }
    grams
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::answer::words::signs::{CLOCK, EMAIL, MONEY};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(filed_as(text, Language::English), expected);
    }

    #[test]
    fn words_are_folded_and_signs_are_added() {
        check("Can't we pay €1,200?", &["cant", "pay", "1200", MONEY]);
        check("Café single sign-on", &["cafe", "single", "sign", "signon"]);
        check("a-b-c-d-e-f x-y", &["b", "ab", "c", "bc", "abc", "d", "cd", "bcd", "e", "f", "x", "y", "xy"]);
        check("Mon-Thu 8am", &["mon", "thu", "monthu", "8am", "tuesday", "wednesday", CLOCK]);
        check("Friday to Sunday at 9:30", &["friday", "sunday", "9:30", "saturday", CLOCK]);
        check("it costs 20 dollars", &["costs", "20", "dollars", MONEY]);
        check("Write to jo@shop.co", &["write", "jo", "shop", "co", EMAIL]);
        check("", &[]);
    }
}
