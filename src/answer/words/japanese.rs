//! Cuts Japanese, which is written without spaces: characters in pairs, words of katakana whole, small words of hiragana by list.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::answer::words::language::Language;
use crate::answer::words::listed::sections;

/// The longest small word of the list, in characters.
const SMALL_CHARS_MAX: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Script {
    Han,
    Katakana,
    Hiragana,
}

/// Whether a character belongs to a script that does not put spaces between words.
pub fn is_unspaced(c: char) -> bool {
    script(c).is_some()
}

pub fn is_kana(c: char) -> bool {
    matches!(script(c), Some(Script::Hiragana | Script::Katakana))
}

fn script(c: char) -> Option<Script> {
    match c {
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{3005}' => Some(Script::Han),
        '\u{20000}'..='\u{3134f}' => Some(Script::Han),
        '\u{30a1}'..='\u{30fa}' | '\u{30fc}' | '\u{ff66}'..='\u{ff9f}' => Some(Script::Katakana),
        '\u{3041}'..='\u{309f}' => Some(Script::Hiragana),
        _ => None,
    }
}

/// The words of a run of unspaced characters, in the order of the text.
pub fn cut(run: &[char]) -> Vec<String> {
    let mut words = Vec::new();
    let mut at = 0;
    while at < run.len() {
        let same = script(run[at]);
        let end = run[at..].iter().position(|c| script(*c) != same).map_or(run.len(), |length| at + length);
        match same {
            Some(Script::Han) if end - at > 1 => {
                words.extend(run[at..end].windows(2).map(|pair| pair.iter().collect::<String>()))
            }
            Some(Script::Hiragana) => cut_hiragana(&run[at..end], &mut words),
            _ => words.push(run[at..end].iter().collect()),
        }
        at = end;
    }
    words
}

/// The longest small word that fits is taken; what lies between two of them is a word.
fn cut_hiragana(run: &[char], words: &mut Vec<String>) {
    let mut rest = String::new();
    let mut at = 0;
    while at < run.len() {
        let longest = SMALL_CHARS_MAX.min(run.len() - at);
        let small = (1..=longest).rev().find_map(|length| {
            let word: String = run[at..at + length].iter().collect();
            small_words().contains(word.as_str()).then_some((length, word))
        });
        let Some((length, word)) = small else {
            rest.push(run[at]);
            at += 1;
            continue;
        };
        words.extend(Some(std::mem::take(&mut rest)).filter(|rest| !rest.is_empty()));
        words.push(word);
        at += length;
    }
    words.extend(Some(rest).filter(|rest| !rest.is_empty()));
}

fn small_words() -> &'static HashSet<&'static str> {
    static SMALL: OnceLock<HashSet<&'static str>> = OnceLock::new();
    SMALL.get_or_init(|| {
        let listed = sections(Language::Japanese.lists()).into_iter().flat_map(|(_, lines)| lines);
        listed.flat_map(str::split_whitespace).filter(|word| word.chars().all(is_kana)).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let run: Vec<char> = text.chars().collect();
        assert_eq!(cut(&run).join(" "), expected);
    }

    #[test]
    fn japanese_is_cut_by_script_and_small_words() {
        check("営業時間は何時からですか", "営業 業時 時間 は 何時 から ですか");
        check("駐車場はありますか", "駐車 車場 は ありますか");
        check("クレジットカードで払えますか", "クレジットカード で 払 えますか");
        check("これはいくらですか", "これ は いくら ですか");
        check("", "");
    }
}
