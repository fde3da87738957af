//! Texts that no spreadsheet computes, whatever it takes for the separator of cells.
//!
//! A file that is written with commas is also read with semicolons, tabs or bars: Excel takes the separator of its
//! country. The quotes around a cell then count for nothing, and a new cell begins in the middle of a text. So every
//! place where any reader could begin a cell is looked at, and a `'` is put before the sign that would begin a formula.

/// A number that a person is called at has at least so many digits.
const PHONE_DIGITS_MIN: usize = 5;

/// The cell with a `'` before each sign that could begin a formula. A plain international phone number stays as it is:
/// a reader that takes it for a formula has only digits to subtract. A lone negative number does not: no column holds one.
pub fn defused(cell: &str) -> String {
    let mut safe = String::with_capacity(cell.len() + 1);
    // Some readers drop these two, and take what follows for the beginning.
    if cell.starts_with(['\t', '\r']) {
        safe.push('\'');
    }
    let mut may_begin = true;
    for (at, c) in cell.char_indices() {
        if may_begin && begins_formula(c) && !is_phone(cell, at) {
            safe.push('\'');
        }
        safe.push(c);
        may_begin = separates(c) || may_begin && is_passed_over(c);
    }
    safe
}

/// The four signs, and what compatibility normalisation or a spreadsheet of some country makes one of them.
pub const fn begins_formula(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@'
        // Full width, small, raised and lowered forms; the Hebrew plus; two and three equals signs in one; the minus sign.
        | '＝' | '＋' | '－' | '＠'
        | '﹦' | '﹢' | '﹣' | '﹫'
        | '⁼' | '⁺' | '⁻' | '₌' | '₊' | '₋'
        | '﬩' | '⩵' | '⩶' | '−'
    )
}

/// Behind these some reader begins a cell or a row.
const fn separates(c: char) -> bool {
    matches!(c, ',' | ';' | '|' | '\u{2028}' | '\u{2029}') || c.is_ascii_control() || matches!(c, '\u{80}'..='\u{9f}')
}

/// What readers trim, take for an opening quote, or do not show.
pub fn is_passed_over(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_quote(c) || is_invisible(c)
}

const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '´' | '«' | '»' | '‘'..='‟' | '‹' | '›' | '「'..='』' | '〝'..='〟' | '＂' | '＇' | '｀')
}

/// The characters that Unicode lets every reader leave out, blanks that are letters, and marks of annotations.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether the plus at this place begins a phone number that is the whole cell, or a whole line in the middle of one. What
/// the first line begins, the others could go on with (`+49…` and `*cmd|…`); and behind the last line, a reader with
/// another separator goes on with the next cell.
fn is_phone(cell: &str, at: usize) -> bool {
    let (before, number) = cell.split_at(at);
    let Some(number) = number.strip_prefix('+') else { return false };
    let before = before.trim_end_matches(' ');
    let behind = number.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '.' | '-'));
    let digits = number[..number.len() - behind.len()].chars().filter(char::is_ascii_digit).count();
    let is_cell = before.is_empty() && behind.is_empty();
    let is_line = before.ends_with(['\n', '\r']) && behind.starts_with(['\n', '\r']) && !before.chars().all(is_passed_over);
    PHONE_DIGITS_MIN <= digits && (is_cell || is_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_stands_before_every_sign_that_could_begin_a_formula() {
        for (text, safe) in [
            ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1", "'-1"),
            ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\n=1+1", "\n'=1+1"),
            ("  =1", "  '=1"),
            ("Eve;=cmd|'/C calc'!A0;", "Eve;'=cmd|'/C calc'!A0;"),
            ("a,=1", "a,'=1"),
            ("a|@x", "a|'@x"),
            ("a\u{b}=1\u{c}=1\u{85}=1", "a\u{b}'=1\u{c}'=1\u{85}'=1"),
            ("a\u{2028}=1\u{2029}+1", "a\u{2028}'=1\u{2029}'+1"),
            ("\"=1+1\"", "\"'=1+1\""),
            ("a;\"\"=1", "a;\"\"'=1"),
            ("'=1", "''=1"),
            ("\u{200b}=1", "\u{200b}'=1"),
            ("\u{feff}\u{202e}=1", "\u{feff}\u{202e}'=1"),
            ("＝1+1", "'＝1+1"),
            ("a; ＠SUM(A1)", "a; '＠SUM(A1)"),
            ("﹦1", "'﹦1"),
            ("https://x.test/p;=cmd|'/C%20calc'!A0;", "https://x.test/p;'=cmd|'/C%20calc'!A0;"),
            ("+49 170 x", "'+49 170 x"),
            ("+1", "'+1"),
            ("call\n+49 170 1234567", "call\n'+49 170 1234567"),
            ("+49 170 1234567\n*cmd|'/C calc'!A0", "'+49 170 1234567\n*cmd|'/C calc'!A0"),
            ("\n+49 170 1234567\nnow", "\n'+49 170 1234567\nnow"),
            ("tel;+49 170 1234567", "tel;'+49 170 1234567"),
            ("+49 170 1234567;=1", "'+49 170 1234567;'=1"),
            ("+49 170 1234567\u{2028}=1", "'+49 170 1234567\u{2028}'=1"),
        ] {
            assert_eq!(defused(text), safe, "{text:?}");
        }
    }

    #[test]
    fn what_computes_nothing_stays_as_it_is() {
        for text in [
            "",
            "Jane = Doe",
            "a-b@example.com",
            "C++ and C#",
            "three=3",
            "2026-03-26T10:00:00Z",
            "+49 170 1234567",
            "+1 (555) 010-0123",
            "+44.20.7946.0958",
            "+1-555-0123",
            "Call\n+49 170 1234567\nin the morning",
            "Grüße, Zoë; bis bald",
        ] {
            assert_eq!(defused(text), text);
        }
    }

    #[test]
    fn a_sign_that_normalises_to_one_that_begins_a_formula_is_one() {
        use unicode_normalization::UnicodeNormalization;
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let plain = std::iter::once(c).nfkc().next();
            assert!(begins_formula(c) || !plain.is_some_and(|plain| matches!(plain, '=' | '+' | '-' | '@')), "{c:?}");
        }
    }
}
