//! Mends a misspelt word with the words of the knowledge itself.

use std::collections::BTreeMap;

use crate::answer::encoder::Encoder;
use crate::answer::lexicon::is_ordinary;
use crate::answer::words::language::Language;

const LETTERS_MIN: usize = 4;
const LETTERS_LONG: usize = 8;
/// From so many letters on a word can be mended to one that the knowledge lacks, if that is among the commonest.
const LETTERS_COMMON: usize = 5;
const COMMON_MAX: u16 = 15_000;

/// The words of a knowledge base by first letter, with how often each occurs.
#[derive(Debug, Default)]
pub struct Spelling {
    by_letter: BTreeMap<char, Vec<(Vec<char>, u32)>>,
}

impl Spelling {
    pub fn of(counts: &BTreeMap<String, u32>) -> Spelling {
        let mut by_letter: BTreeMap<char, Vec<(Vec<char>, u32)>> = BTreeMap::new();
        for (word, count) in counts {
            let letters: Vec<char> = word.chars().collect();
            if letters.len() >= LETTERS_MIN && letters.iter().all(|c| c.is_alphabetic()) {
                by_letter.entry(letters[0]).or_default().push((letters, *count));
            }
        }
        Spelling { by_letter }
    }

    /// The nearest word within one edit, or two from eight letters on; of those as near, the most frequent. Where the
    /// knowledge has none, the commonest English word within one edit.
    pub fn mend(&self, word: &str, language: Language) -> Option<String> {
        let letters: Vec<char> = word.chars().collect();
        if letters.len() < LETTERS_MIN
            || letters.len() > 40
            || !letters.iter().all(|c| c.is_alphabetic())
            || is_word(word, language)
        {
            return None;
        }
        let edits = if letters.len() >= LETTERS_LONG { 2 } else { 1 };
        let candidates = self.by_letter.get(&letters[0]).into_iter().flatten();
        let near = candidates.filter_map(|(candidate, count)| Some((distance(&letters, candidate, edits)?, *count, candidate)));
        let best = near.min_by_key(|(distance, count, _)| (*distance, std::cmp::Reverse(*count)));
        match best {
            Some((_, _, word)) => Some(word.iter().collect()),
            None if language == Language::English => common_within_one_edit(&letters),
            None => None,
        }
    }
}

/// Whether it is a word as it stands, so that it is not mended.
fn is_word(word: &str, language: Language) -> bool {
    is_ordinary(word, language) || language == Language::English && Encoder::embedded().is_some_and(|encoder| encoder.knows(word))
}

/// The encoder's vocabulary is in the order of how common words are.
fn common_within_one_edit(letters: &[char]) -> Option<String> {
    let encoder =
        Encoder::embedded().filter(|_| letters.len() >= LETTERS_COMMON && letters.iter().all(char::is_ascii_lowercase))?;
    let commonness = |word: &String| encoder.tokens(word).get(1).copied();
    let known = edited_once(letters).filter(|word| encoder.knows(word));
    known.filter_map(|word| Some((commonness(&word)?, word))).min().filter(|(rank, _)| *rank < COMMON_MAX).map(|(_, word)| word)
}

/// Every word that is one edit away: a letter left out, two swapped, one changed, one added; the first letter stays.
fn edited_once(letters: &[char]) -> impl Iterator<Item = String> {
    let joined =
        |before: &[char], between: &[char], after: &[char]| -> String { before.iter().chain(between).chain(after).collect() };
    (1..=letters.len()).flat_map(move |at| {
        let (before, after) = letters.split_at(at);
        let rest = after.get(1..).unwrap_or_default();
        let mut words = vec![joined(before, &[], rest)];
        if let [first, second, rest @ ..] = after {
            words.push(joined(before, &[*second, *first], rest));
        }
        for letter in 'a'..='z' {
            words.push(joined(before, &[letter], rest));
            words.push(joined(before, &[letter], after));
        }
        words
    })
}

/// Edits between two words, a swap of neighbours being one; nothing when there are more than `max`.
fn distance(a: &[char], b: &[char], max: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = change.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().min().is_some_and(|least| *least > max) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    Some(above[b.len()]).filter(|distance| *distance <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        let words =
            [("cancellation", 2), ("whitening", 3), ("payment", 5), ("payments", 2), ("insurance", 4), ("more", 3), ("plan", 2)];
        let counts = words.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect();
        assert_eq!(Spelling::of(&counts).mend(word, Language::English).as_deref(), expected, "{word}");
    }

    #[test]
    fn misspelt_words_are_mended_and_others_left() {
        check("cancelation", Some("cancellation"));
        check("canclelation", Some("cancellation"));
        check("whitning", Some("whitening"));
        check("paymnet", Some("payment"));
        check("payement", Some("payment"));
        check("insurence", Some("insurance"));
        check("mole", None);
        check("pay", None);
        check("botox", None);
        check("plant", None);
        check("2024", None);
    }
}
