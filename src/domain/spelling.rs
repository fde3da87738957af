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
