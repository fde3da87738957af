//! The stems of a knowledge base by the pieces of their letters, so that a word that it lacks is compared with few of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::answer::words::language::Language;
use crate::answer::words::signs::is_sign;
use crate::answer::words::{GRAM_CHARS, grams};

/// A word is part of another from so many letters on, one less in scripts that say more with a letter.
const RELATED_LETTERS_MIN: usize = GRAM_CHARS;
const SHORT: usize = RELATED_LETTERS_MIN - 1;
/// Two words are alike that share so much of their pieces.
const RELATED_SHARE: f32 = 0.5;

/// Four letters, or three and none.
type Piece = [char; GRAM_CHARS];

#[derive(Debug, Default)]
pub struct Pieces {
    stems: Vec<String>,
    /// The places of the stems that hold a piece.
    holders: HashMap<Piece, Vec<u32>>,
}

impl Pieces {
    pub fn of<'a>(stems: impl Iterator<Item = &'a String>) -> Self {
        let mut all = Self::default();
        for stem in stems.filter(|stem| !is_sign(stem)) {
            let letters: Vec<char> = stem.chars().collect();
            let place = all.stems.len() as u32;
            let short = letters.len() == SHORT;
            let short = pieces(&letters, SHORT).filter(|piece| short || !piece.iter().all(char::is_ascii));
            for piece in pieces(&letters, GRAM_CHARS).chain(short) {
                let holders = all.holders.entry(piece).or_default();
                // One that holds a piece twice is its last holder.
                if holders.last() != Some(&place) {
                    holders.push(place);
                }
            }
            all.stems.push(stem.clone());
        }
        all
    }

    /// The stems that share a part with a word: languages that write words together, and endings that no stemmer takes off.
    pub fn related(&self, word: &str, language: Language) -> Vec<String> {
        let least = if word.is_ascii() { RELATED_LETTERS_MIN } else { SHORT };
        let own: HashSet<String> = grams(word, language).into_iter().collect();
        let long = |text: &str| text.chars().count() >= least;
        let part = |stem: &str| long(stem) && (word.contains(stem) || long(word) && stem.contains(word));
        let alike = |stem: &str| {
            let theirs = grams(stem, language);
            let shared = theirs.iter().filter(|gram| own.contains(*gram)).count();
            shared > 0 && shared as f32 >= RELATED_SHARE * theirs.len().max(own.len()) as f32
        };
        let near = self.near(word, least).into_iter().map(|place| &self.stems[place as usize]);
        near.filter(|stem| part(stem) || alike(stem)).cloned().collect()
    }

    /// Whatever shares so many letters in a row has a piece in common.
    fn near(&self, word: &str, least: usize) -> BTreeSet<u32> {
        let letters: Vec<char> = word.chars().collect();
        let short = pieces(&letters, SHORT).filter(|_| least == SHORT);
        pieces(&letters, GRAM_CHARS).chain(short).filter_map(|piece| self.holders.get(&piece)).flatten().copied().collect()
    }
}

fn pieces(letters: &[char], length: usize) -> impl Iterator<Item = Piece> {
    letters.windows(length).map(|window| {
        let mut piece = Piece::default();
        piece[..window.len()].copy_from_slice(window);
        piece
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each stem by itself, whatever it costs.
    fn related_of_all(stems: &[String], word: &str, language: Language) -> Vec<String> {
        let one = |stem: &String| Pieces { stems: vec![stem.clone()], holders: HashMap::new() };
        let all = stems.iter().filter(|stem| !is_sign(stem)).filter(|stem| {
            let mut alone = one(stem);
            // Held by whatever the word looks for.
            let letters: Vec<char> = word.chars().collect();
            for length in [GRAM_CHARS, SHORT] {
                alone.holders.extend(pieces(&letters, length).map(|piece| (piece, vec![0])));
            }
            !alone.related(word, language).is_empty()
        });
        all.cloned().collect()
    }

    #[test]
    fn what_shares_a_part_is_related() {
        let stems = ["reinigung", "zahn", "zahnreinigung", "preis", "uhr", "\u{a7}money", "мир", "مرحبا"].map(str::to_owned);
        let check = |word: &str, expected: &[&str]| {
            assert_eq!(Pieces::of(stems.iter()).related(word, Language::German), expected, "{word}");
        };
        check("zahnreinigungen", &["reinigung", "zahn", "zahnreinigung"]);
        check("preise", &["preis"]);
        check("uhren", &[]);
        check("мирный", &["мир"]);
        check("xyz", &[]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn none_is_missed_for_having_no_piece_in_common(
            stems in proptest::collection::btree_set("[abñмع]{1,7}", 0..20),
            word in "[abñмع]{0,9}",
        ) {
            let stems: Vec<String> = stems.into_iter().collect();
            for language in [Language::German, Language::Arabic, Language::Other] {
                prop_assert_eq!(Pieces::of(stems.iter()).related(&word, language), related_of_all(&stems, &word, language));
            }
        }
    }
}
