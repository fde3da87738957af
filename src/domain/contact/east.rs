//! Names in Japanese, Chinese and Korean: no space says where they begin and end, the words around them do.

use std::collections::HashSet;

use crate::domain::link;

/// What stands before a name and behind it; without words before it, it begins where the sentence does.
const FRAMES: [(&str, &[&str], usize); 12] = [
    ("私は", &["です", "と申します", "ともうします", "といいます", "と言います"], 8),
    ("わたしは", &["です", "と申します", "といいます", "と言います"], 8),
    ("僕は", &["です", "といいます", "と言います"], 8),
    ("名前は", &["です", "と申します", "といいます", "と言います", "だ"], 8),
    ("", &["と申します", "ともうします", "といいます", "と言います"], 10),
    ("我的名字是", &[""], 4),
    ("我的名字叫", &[""], 4),
    ("我叫", &[""], 4),
    ("이름은", &["입니다", "이에요", "예요", "이고", "이라고", "라고"], 5),
    ("저는", &["입니다", "이에요", "예요", "이라고", "라고"], 5),
    ("", &["이라고 합니다", "라고 합니다"], 5),
    ("名字是", &[""], 4),
];
/// Small words that join others in Japanese: what holds one is a sentence, and no name.
const JOINS: [char; 8] = ['の', 'が', 'に', 'を', 'で', 'も', 'は', 'て'];

pub fn find(text: &str, not: &HashSet<&str>) -> Option<String> {
    FRAMES.iter().find_map(|(before, behind, most)| framed(text, before, behind, *most, not))
}

fn framed(text: &str, before: &str, behind: &[&str], most: usize, not: &HashSet<&str>) -> Option<String> {
    let name = match before {
        "" => {
            let end = behind.iter().filter_map(|ending| text.find(ending)).min()?;
            let start = text[..end].char_indices().rev().take_while(|(_, c)| is_letter(*c) || *c == ' ').last()?.0;
            text[start..end].rsplit(['は', 'へ']).next().unwrap_or_default()
        }
        before => {
            let rest = &text[text.find(before)? + before.len()..].trim_start();
            let ends = |ending: &&str| match *ending {
                "" => rest.find(|c: char| !is_letter(c)).or(Some(rest.len())),
                ending => rest.find(ending),
            };
            &rest[..behind.iter().filter_map(ends).min()?]
        }
    };
    let name = name.trim();
    let letters = name.chars().filter(|c| is_letter(*c)).count();
    let fits = (2..=most).contains(&letters)
        && name.chars().all(|c| is_letter(c) || c == ' ')
        && !name.contains(JOINS)
        && !not.iter().any(|word| name == *word || word.chars().count() > 2 && name.contains(word));
    fits.then(|| name.to_owned())
}

fn is_letter(c: char) -> bool {
    link::is_unspaced(c) && (c.is_alphabetic() || matches!(c, '\u{30fb}' | '\u{30fc}' | '\u{3005}'))
}
