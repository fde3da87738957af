//! Texts that others wrote, fit for a terminal: nothing in them steers it, and nothing poses as another column or line.

use crate::domain::unseen::{is_unseen, spelt_out, written_out};

/// A text of several lines.
pub fn text(text: &str) -> String {
    spelt_out(text)
}

/// A text that is one column of one line.
pub fn cell(text: &str) -> String {
    spelt_out(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// JSON that says the same, with the escapes of JSON in the place of what a terminal would obey.
pub fn json(json: &str) -> String {
    written_out(json, is_unseen, |c| format!("\\u{:04x}", u32::from(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_what_it_says() {
        let said = serde_json::json!({ "answer": "a\u{9b}31m\u{7f}\u{202e}b\x1b\n\"", "é\u{2066}": [1] });
        let shown = json(&said.to_string());
        assert!(!shown.contains(is_unseen), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), said);
    }

    #[test]
    fn a_cell_is_one_cell() {
        assert_eq!(cell("a\tb\nc\x1b[2J"), "a\\tb\\nc\\u{1b}[2J");
        assert_eq!(text("a\tb\nc\x1b[2J"), "a\tb\nc\\u{1b}[2J");
    }
}
