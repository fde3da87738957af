//! Which characters BERT's tokenizer drops, and which stand for themselves.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Line ends and tabs are spaces, and so are kept apart from these.
pub fn is_dropped(c: char) -> bool {
    matches!(c, '\0' | '\u{FFFD}') || c.general_category_group() == GeneralCategoryGroup::Other
}

/// Accents and their like, once they stand apart from their letter.
pub fn is_accent(c: char) -> bool {
    c.general_category() == GeneralCategory::NonspacingMark
}

/// ASCII's symbols count too.
pub fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || c.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// Han characters, each a word of its own.
pub fn is_han(c: char) -> bool {
    matches!(
        u32::from(c),
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x2A6DF | 0x2A700..=0x2CEAF | 0x2F800..=0x2FA1F
    )
}
