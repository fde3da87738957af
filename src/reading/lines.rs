//! Cuts a run of lines into chunks of bounded length at sentence or line ends, each beginning with the end of the last.

use crate::domain::link::is_unspaced;
use crate::reading::{CHUNK_WORDS_MAX, OVERLAP_WORDS};

/// Texts of at most 150 words that together hold all of `text`.
pub fn windows(text: &str) -> Vec<String> {
    if word_count(text) <= CHUNK_WORDS_MAX {
        return vec![text.trim().to_owned()];
    }
    let pieces = pieces(text);
    let mut windows = Vec::new();
    let mut first = 0;
    while first < pieces.len() {
        let mut words = 0;
        let mut last = first;
        while last < pieces.len() && (last == first || words + pieces[last].words <= CHUNK_WORDS_MAX) {
            words += pieces[last].words;
            last += 1;
        }
        windows.push(pieces[first..last].iter().map(|piece| piece.text).collect::<String>().trim().to_owned());
        if last == pieces.len() {
            break;
        }
        first = overlap_from(&pieces, first, last);
    }
    windows
}

struct Piece<'a> {
    text: &'a str,
    words: usize,
}

/// The first piece of the next window: as far back as 25 words allow, but ever forward.
fn overlap_from(pieces: &[Piece], first: usize, last: usize) -> usize {
    let mut next = last;
    let mut words = 0;
    while next > first + 1 && words + pieces[next - 1].words <= OVERLAP_WORDS {
        next -= 1;
        words += pieces[next].words;
    }
    next
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for sentence in sentences(text) {
        let mut rest = sentence;
        while let Some(end) = word_end(rest, CHUNK_WORDS_MAX / 2) {
            pieces.push(Piece { text: &rest[..end], words: CHUNK_WORDS_MAX / 2 });
            rest = &rest[end..];
        }
        pieces.push(Piece { text: rest, words: word_count(rest) });
    }
    pieces
}

/// Where the n-th word ends, if more text follows it.
fn word_end(text: &str, n: usize) -> Option<usize> {
    let mut counter = Counter::default();
    for (at, c) in text.char_indices() {
        counter.add(c);
        if counter.finished() >= n {
            let end = if c.is_whitespace() { at } else { at + c.len_utf8() };
            return (!text[end..].trim().is_empty()).then_some(end);
        }
    }
    None
}

pub fn word_count(text: &str) -> usize {
    let mut counter = Counter::default();
    text.chars().for_each(|c| counter.add(c));
    counter.add(' ');
    counter.finished()
}

/// Counts words at spaces; in a script that does not write spaces, five characters are two words.
#[derive(Default)]
struct Counter {
    words: usize,
    unspaced: usize,
    inside: bool,
}

impl Counter {
    fn add(&mut self, c: char) {
        let unspaced = is_unspaced(c);
        let space = c.is_whitespace() || matches!(c, '\u{3001}'..='\u{3002}');
        if (space || unspaced) && self.inside {
            self.words += 1;
        }
        self.unspaced += usize::from(unspaced);
        self.inside = !space && !unspaced;
    }

    fn finished(&self) -> usize {
        self.words + (self.unspaced * 2).div_ceil(5)
    }
}

const ABBREVIATIONS: &[&str] = &[
    "dr", "mr", "mrs", "ms", "st", "no", "vs", "etc", "e.g", "i.e", "approx", "inc", "ltd", "co", "jr", "sr", "prof", "ca",
    "min", "max", "tel", "ext", "nr", "str", "z.b", "d.h", "bzw", "inkl", "evtl", "ggf", "sra", "av", "apdo", "mme", "p.ej",
    "ecc", "sig", "dott", "bijv", "o.a", "d.w.z", "ul", "al", "godz", "np", "m.in", "tzn",
];

/// The sentences of a text, each with the space that follows it; a line end ends a sentence too.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let ends = match c {
            '\n' => true,
            '.' | '!' | '?' | '\u{61f}' | '\u{6d4}' => sentence_ends(text, start, at, c),
            '\u{3002}' | '\u{ff01}' | '\u{ff1f}' | '\u{ff61}' => sentence_ends(text, start, at, c),
            _ => false,
        };
        if !ends {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some((next, c)) = rest.next_if(|(_, c)| c.is_whitespace() || closes(*c)) {
            end = next + c.len_utf8();
        }
        found.push(&text[start..end]);
        start = end;
    }
    if !text[start..].trim().is_empty() {
        found.push(&text[start..]);
    }
    found
}

fn sentence_ends(text: &str, start: usize, at: usize, mark: char) -> bool {
    let after = &text[at + mark.len_utf8()..];
    let mut following = after.chars().skip_while(|c| closes(*c));
    let space = following.next().is_none_or(|c| c.is_whitespace() || is_wide(mark));
    let goes_on = following.find(|c| !c.is_whitespace()).is_some_and(char::is_lowercase);
    let before = text[start..at].char_indices().rev().take(12).take_while(|(_, c)| !c.is_whitespace()).last();
    let last = before.map_or("", |(n, _)| &text[start + n..at]).trim_start_matches('(').to_lowercase();
    let initial = last.chars().count() == 1 && last.chars().all(char::is_alphabetic);
    space && !goes_on && !(mark == '.' && (initial || ABBREVIATIONS.contains(&last.as_str())))
}

fn closes(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | '\u{201d}' | '\u{bb}' | '\u{300d}' | '\u{300f}' | '\u{ff09}')
}

/// Marks of Japanese, which no space follows.
fn is_wide(mark: char) -> bool {
    matches!(mark, '\u{3002}' | '\u{ff01}' | '\u{ff1f}' | '\u{ff61}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = sentences(text).into_iter().map(str::trim).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        check("We open at 9. Dr. Cole is in. Prices from $4.50!", &["We open at 9.", "Dr. Cole is in.", "Prices from $4.50!"]);
        check("See e.g. the list.\n- one\n- two", &["See e.g. the list.", "- one", "- two"]);
        check("\"Really?\" Yes.", &["\"Really?\"", "Yes."]);
        check("No end", &["No end"]);
        check("", &[]);
        check("日曜は休みです。土曜は？「十時から」です！", &["日曜は休みです。", "土曜は？", "「十時から」です！"]);
        check("هل أنتم مفتوحون؟ نعم.", &["هل أنتم مفتوحون؟", "نعم."]);
    }

    #[test]
    fn japanese_is_counted_and_cut_by_characters() {
        assert_eq!(word_count("We open at 9."), 4);
        assert_eq!(word_count("営業時間は九時から"), 4);
        assert_eq!(word_count("Wi-Fi は無料"), 3);
        assert_eq!(word_count(""), 0);
        let long = "営業時間は九時から十八時までです。".repeat(60);
        let cut = windows(&long);
        assert!(cut.len() > 2 && cut.iter().all(|window| word_count(window) <= CHUNK_WORDS_MAX));
        let unbroken = "あ".repeat(3_000);
        assert!(windows(&unbroken).iter().all(|window| word_count(window) <= CHUNK_WORDS_MAX));
    }
}
