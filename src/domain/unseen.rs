//! Characters that show nothing and change what stands around them: on a terminal, in a list, in a sentence.

/// Whether a text is better off without this character: control characters but line feed and tab, and the signs that
/// turn the direction of what follows. Marks of direction (U+200E, U+200F, U+061C) and joiners stay: Arabic, Persian and
/// emoji need them.
pub fn is_unseen(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t') || turns(c)
}

/// Embeddings, overrides and isolates. What they begin may never end, and then turns what others wrote.
pub const fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text without them.
pub fn cleaned(text: &str) -> String {
    text.chars().filter(|c| !is_unseen(*c)).collect()
}

/// The text with such characters written out, as `\u{1b}`, for a terminal.
pub fn spelt_out(text: &str) -> String {
    let ends_line = |c| matches!(c, '\u{2028}' | '\u{2029}');
    written_out(text, |c| is_unseen(c) || ends_line(c), |c| c.escape_unicode().to_string())
}

/// The text with `write` in the place of each character that `hidden` names.
pub fn written_out(text: &str, hidden: impl Fn(char) -> bool, write: impl Fn(char) -> String) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) {
            shown.push_str(&write(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_a_text_or_steers_a_terminal_goes() {
        for (text, clean) in [
            ("We open\x1b]0;pwned\x07 at nine", "We open]0;pwned at nine"),
            ("\x1b[31mred\x1b[0m", "[31mred[0m"),
            ("a\0b\x08c\x7fd", "abcd"),
            ("a\u{9b}31mb\u{85}c", "a31mbc"),
            ("a\r\nb\tc", "a\nb\tc"),
            ("\u{202e}txt.exe\u{202c}", "txt.exe"),
            ("\u{202a}a\u{202b}b\u{202d}c", "abc"),
            ("\u{2066}a\u{2067}b\u{2068}c\u{2069}", "abc"),
            ("שלום\u{200f} (a)\u{200e}", "שלום\u{200f} (a)\u{200e}"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
            ("Grüße, 日本 🙂", "Grüße, 日本 🙂"),
        ] {
            assert_eq!(cleaned(text), clean);
        }
    }

    #[test]
    fn a_terminal_is_shown_what_a_text_holds() {
        for (text, shown) in [
            ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
            ("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}"),
            ("a\rb", "a\\u{d}b"),
            ("two\nlines \\ \"é\"", "two\nlines \\ \"é\""),
        ] {
            assert_eq!(spelt_out(text), shown);
        }
    }
}
