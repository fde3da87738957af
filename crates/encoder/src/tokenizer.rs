//! From a text to the tokens of the model: BERT's WordPiece, without accents and capitals.

use unicode_normalization::char::decompose_canonical;

use crate::characters::{is_accent, is_dropped, is_han, is_punctuation};
use crate::vocabulary::Vocabulary;

const UNKNOWN: u16 = 100;
const BEGIN: u16 = 101;
const END: u16 = 102;
/// A longer word is unknown, whatever its parts.
const LETTERS_MAX: usize = 100;
/// What a part of a word begins with in the vocabulary, unless it is the first.
const CONTINUED: &str = "##";

/// At most `max` tokens, the first and the last being the model's own marks.
pub fn tokens(vocabulary: &Vocabulary, text: &str, max: usize) -> Vec<u16> {
    let mut tokens = vec![BEGIN];
    let mut word = Word::default();
    for c in text.chars() {
        read(c, &mut word, &mut |word| push_word(vocabulary, word, &mut tokens));
        if tokens.len() >= max {
            break;
        }
    }
    word.end(&mut |word| push_word(vocabulary, word, &mut tokens));
    tokens.truncate(max - 1);
    tokens.push(END);
    tokens
}

/// A word that is being read.
#[derive(Default)]
struct Word {
    letters: String,
    count: usize,
}

impl Word {
    fn push(&mut self, c: char) {
        self.count += 1;
        // What no vocabulary has need not be kept.
        if self.count <= LETTERS_MAX {
            self.letters.push(c);
        }
    }

    fn end(&mut self, each: &mut impl FnMut(&Word)) {
        if self.count > 0 {
            each(self);
        }
        self.letters.clear();
        self.count = 0;
    }

    fn stand_alone(&mut self, c: char, each: &mut impl FnMut(&Word)) {
        self.end(each);
        self.push(c);
        self.end(each);
    }
}

/// Takes one more character of the text, and hands over each word that it completes.
fn read(c: char, word: &mut Word, each: &mut impl FnMut(&Word)) {
    if c.is_whitespace() {
        return word.end(each);
    }
    if is_dropped(c) {
        return;
    }
    // Before it is decomposed, for some of these are made of others.
    let stands_alone = is_han(c);
    if stands_alone {
        word.end(each);
    }
    decompose_canonical(c, |part| {
        if !is_accent(part) {
            for letter in part.to_lowercase() {
                read_letter(letter, word, each);
            }
        }
    });
    if stands_alone {
        word.end(each);
    }
}

fn read_letter(letter: char, word: &mut Word, each: &mut impl FnMut(&Word)) {
    if letter.is_whitespace() {
        word.end(each);
    } else if is_punctuation(letter) {
        word.stand_alone(letter, each);
    } else {
        word.push(letter);
    }
}

/// The longest token that the word begins with, then the longest that its rest begins with, and so on; one unknown token
/// when that does not come out even.
fn push_word(vocabulary: &Vocabulary, word: &Word, tokens: &mut Vec<u16>) {
    let before = tokens.len();
    let mut rest = if word.count > LETTERS_MAX { "" } else { word.letters.as_str() };
    let mut prefix = "";
    let mut is_known = !rest.is_empty();
    while !rest.is_empty() && is_known {
        let found = longest(vocabulary, prefix, rest);
        is_known = found.is_some();
        if let Some((token, length)) = found {
            tokens.push(token);
            rest = &rest[length..];
        }
        prefix = CONTINUED;
    }
    if !is_known {
        tokens.truncate(before);
        tokens.push(UNKNOWN);
    }
}

fn longest(vocabulary: &Vocabulary, prefix: &str, rest: &str) -> Option<(u16, usize)> {
    let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
    ends.into_iter().find_map(|end| Some((vocabulary.find(prefix, &rest[..end])?, end)))
}
