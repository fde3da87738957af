//! What anybody knows of a person, and guesses first: their name, their address, and the name of their account.

use std::collections::BTreeSet;

use crate::domain::spelling::composed;

/// Shorter words stand in many a good password by chance.
const WORD_CHARS_MIN: usize = 4;
/// A password with less than this beside such words is made of them.
const REST_CHARS_MIN: usize = 6;
/// As many digits as a date or a telephone number has are no more than a year.
const REST_DIGITS_MIN: usize = 9;

/// Whose password it is to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Whose<'a> {
    pub email: &'a str,
    pub name: &'a str,
    pub account: &'a str,
}

/// What is left of a password without the words of its owner; none where it holds no such word.
pub fn rest(password: &str, whose: &Whose) -> Option<String> {
    let whole = letters(password);
    let rest = words(whose).iter().fold(whole.clone(), |rest, word| rest.replace(word, ""));
    (rest != whole).then_some(rest)
}

/// Whether so little is no password by itself.
pub fn is_little(rest: &str) -> bool {
    let least = if rest.chars().all(char::is_numeric) { REST_DIGITS_MIN } else { REST_CHARS_MIN };
    rest.chars().count() < least
}

/// The longest first, so that a full name is taken out before one of its parts.
fn words(whose: &Whose) -> Vec<String> {
    let (local, domain) = whose.email.rsplit_once('@').unwrap_or((whose.email, ""));
    // What stands behind the last dot is nobody's own.
    let own = domain.rsplit_once('.').map_or("", |(own, _)| own);
    let names = [local, whose.name, whose.account].into_iter().chain(own.split('.'));
    let parts = names.flat_map(|name| name.split(|c: char| !c.is_alphanumeric()).chain([name]));
    let words: BTreeSet<String> =
        parts.chain([whose.email]).map(letters).filter(|word| WORD_CHARS_MIN <= word.chars().count()).collect();
    let mut words: Vec<String> = words.into_iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// Letters and digits alone, in lower case: what stands between words is guessed as easily as they are.
fn letters(text: &str) -> String {
    composed(text).to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}
