//! One spelling of what people type: keyboards and systems write the same letter in different code points.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The text with each accent inside its letter (NFC). What is written so already, as nearly everything is, is not copied.
pub fn composed(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// The text with each accent behind its letter (NFD), as some systems write it.
pub fn decomposed(text: &str) -> String {
    text.nfd().collect()
}

/// Lower case, without accents and marks, in the plain form of each letter.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{feff}' => {}
            '\u{2019}' | '\u{2018}' | '`' | '\u{b4}' => folded.push('\''),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => folded.push('-'),
            'à'..='å' | 'ā' | 'ă' | 'ą' => folded.push('a'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => folded.push('e'),
            'ì'..='ï' | 'ī' | 'į' => folded.push('i'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => folded.push('o'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ł' => folded.push('l'),
            'š' | 'ś' => folded.push('s'),
            'ž' | 'ź' | 'ż' => folded.push('z'),
            // Arabic: vowel signs and the stroke that stretches a word, the forms of alef, the digits.
            '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{640}' => {}
            'أ' | 'إ' | 'آ' | 'ٱ' => folded.push('ا'),
            'ى' => folded.push('ي'),
            '\u{660}'..='\u{669}' => folded.push(shifted(c, 0x660 - 0x30)),
            '\u{6f0}'..='\u{6f9}' => folded.push(shifted(c, 0x6f0 - 0x30)),
            // The wide forms of ASCII in Japanese.
            '\u{ff01}'..='\u{ff5e}' => folded.extend(shifted(c, 0xfee0).to_lowercase()),
            '\u{301c}' => folded.push('-'),
            c => folded.push(c),
        }
    }
    folded
}

/// How alike two names are, whatever their case: at most 1.
pub fn likeness(name: &str, other: &str) -> f64 {
    strsim::jaro_winkler(&name.to_ascii_lowercase(), &other.to_ascii_lowercase())
}

/// Which of the names is most like this one.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|other| (likeness(name, other), other));
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other)
}

fn shifted(c: char, by: u32) -> char {
    char::from_u32(c as u32 - by).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_one_spelling() {
        let check = |typed: &str, composed_as: &str| assert_eq!(composed(typed), composed_as, "{typed:?}");
        check("", "");
        check("plain", "plain");
        check("Mu\u{308}ller", "M\u{fc}ller");
        check("M\u{fc}ller", "M\u{fc}ller");
        check("e\u{301}e\u{300}", "\u{e9}\u{e8}");
        check("\u{1112}\u{1161}\u{11ab}", "\u{d55c}");
        check("か\u{3099}", "が");
        check("a\u{323}\u{307}", "\u{1ea1}\u{307}");
        check("a\u{307}\u{323}", "\u{1ea1}\u{307}");
        check("A\u{30a}", "\u{c5}");
        check("\u{212b}", "\u{c5}");
        // Ligatures and widths are other signs, not other spellings.
        check("\u{fb01}\u{ff21}", "\u{fb01}\u{ff21}");
        assert!(matches!(composed("correct horse"), Cow::Borrowed(_)));
        assert_eq!(decomposed("M\u{fc}ller"), "Mu\u{308}ller");
    }
}
