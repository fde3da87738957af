//! The text of a line without its marks: emphasis and code signs go, links become their text with the address behind it.
//! Addresses, code and names that merely hold such signs stay as they are.

use crate::domain::link;

/// What stands in brackets before an address, and how far the other end of emphasis or code is looked for, at most.
const CHARS_MAX: usize = 600;

pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.char_indices().find(|(at, c)| begins(*c, &rest[*at..])).map(|(at, _)| at) {
        out.push_str(&rest[..at]);
        let (shown, used) = mark(&rest[at..], out.chars().next_back());
        out.push_str(&shown);
        rest = &rest[at + used..];
    }
    out.push_str(rest);
    out.trim().to_owned()
}

fn begins(c: char, rest: &str) -> bool {
    matches!(c, '[' | '!' | '*' | '_' | '`' | '\\' | '<') || matches!(c, 'h' | 'H') && link::begins(rest)
}

/// What a mark at the start of `text` shows, and how many bytes it takes.
fn mark(text: &str, before: Option<char>) -> (String, usize) {
    let mut chars = text.chars();
    let first = chars.next().unwrap_or(' ');
    let next = chars.next();
    let itself = || (first.to_string(), first.len_utf8());
    match first {
        'h' | 'H' => (text[..link::length(text)].to_owned(), link::length(text)),
        '<' => bracketed(text).map_or_else(itself, |address| (address.to_owned(), address.len() + 2)),
        '!' if next == Some('[') => labelled(&text[1..]).map_or_else(itself, |(label, _, used)| (label, used + 1)),
        '[' => labelled(text).map_or_else(itself, |(label, address, used)| (told(label, &address), used)),
        '`' => code(text).unwrap_or_else(|| (String::new(), 1)),
        '_' => underscore(text, before).unwrap_or_else(|| {
            let length = text.len() - text.trim_start_matches('_').len();
            (text[..length].to_owned(), length)
        }),
        '*' if next == Some('*') => (String::new(), 2),
        '\\' if next.is_some_and(|c| c.is_ascii_punctuation()) => (next.into_iter().collect(), 2),
        // A single mark is emphasis at the edge of a word, and itself elsewhere: 2 * 3.
        '*' => {
            let open = before.is_none_or(|c| !c.is_alphanumeric()) && next.is_some_and(|c| !c.is_whitespace());
            let close = before.is_some_and(|c| !c.is_whitespace()) && next.is_none_or(|c| !c.is_alphanumeric());
            (if open || close { String::new() } else { first.to_string() }, 1)
        }
        _ => itself(),
    }
}

/// `<https://…>`
fn bracketed(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<').filter(|inner| link::begins(inner))?;
    let address = &inner[..inner.find(['>', ' ', '<'])?];
    inner[address.len()..].starts_with('>').then_some(address)
}

/// Code is shown letter by letter, without its signs.
fn code(text: &str) -> Option<(String, usize)> {
    let signs = text.len() - text.trim_start_matches('`').len();
    let inside = window(&text[signs..]);
    let end = inside.find(&text[..signs])?;
    let code = &inside[..end];
    (!code.trim().is_empty()).then(|| (code.trim().to_owned(), 2 * signs + end))
}

/// Emphasis by underscores, which stands around whole words: `_so_`, and neither snake_case nor `__init__.py`.
fn underscore(text: &str, before: Option<char>) -> Option<(String, usize)> {
    let signs = text.len() - text.trim_start_matches('_').len();
    let inside = window(&text[signs..]);
    let opens = before.is_none_or(|c| !c.is_alphanumeric()) && inside.starts_with(|c: char| !c.is_whitespace());
    let closes = |at: &usize| {
        let behind = &inside[at + signs..];
        let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let file = behind.strip_prefix(['.', '-', '/']).is_some_and(goes_on);
        *at > 0 && !inside[..*at].ends_with(|c: char| c.is_whitespace() || c == '_') && !goes_on(behind) && !file
    };
    if !opens || signs > 3 {
        return None;
    }
    let end = inside.match_indices(&text[..signs]).map(|(at, _)| at).find(closes)?;
    Some((shown(&inside[..end]), 2 * signs + end))
}

/// The label and the address of `[label](address)`, and the bytes it takes; bounded, so that a run of brackets stays cheap.
fn labelled(text: &str) -> Option<(String, String, usize)> {
    let inside = window(text);
    let close = label_end(inside)?;
    let (address, used) = link::target(&text[close + 1..text.floor_char_boundary(close + 1 + link::BYTES_MAX)])?;
    Some((shown(inside[1..close].trim_matches(['*', '_', '`'])), address.to_owned(), close + 1 + used))
}

fn label_end(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth == 1 => return Some(at),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A link as text: an address that leads somewhere stands behind its label, one that leads on within the page does not.
fn told(label: String, address: &str) -> String {
    let scheme = address.split_once(':').filter(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()));
    let shown = match scheme.map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest)) {
        Some((scheme, rest)) if scheme == "mailto" => rest.split('?').next().unwrap_or_default().to_owned(),
        Some((scheme, rest)) if scheme == "tel" => rest.split(';').next().unwrap_or_default().to_owned(),
        Some((_, rest)) if rest.starts_with("//") => address.replace(' ', "%20"),
        _ => String::new(),
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let same = label == shown || !digits(&shown).is_empty() && shown.starts_with('+') && digits(&label) == digits(&shown);
    if shown.is_empty() || same { label } else { format!("{label} ({shown})") }
}

fn window(text: &str) -> &str {
    text.char_indices().nth(CHARS_MAX).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[(&str, &str)] = &[
        ("https://en.wikipedia.org/wiki/Kayak_(boat)", "https://en.wikipedia.org/wiki/Kayak_(boat)"),
        ("see https://shop.example/a_b_(c)_d now", "see https://shop.example/a_b_(c)_d now"),
        ("https://shop.example/__a__/*b*/c", "https://shop.example/__a__/*b*/c"),
        ("<https://shop.example/a_b_>", "https://shop.example/a_b_"),
        ("**https://shop.example/a_b**", "https://shop.example/a_b"),
        ("file__init__.py", "file__init__.py"),
        ("__init__.py", "__init__.py"),
        ("`__init__` and `a_b_`", "__init__ and a_b_"),
        ("``a ` b``", "a ` b"),
        ("_snake_case_ and snake_case_name", "snake_case and snake_case_name"),
        ("MAX_(HTTP)_SIZE", "MAX_(HTTP)_SIZE"),
        ("_so_, __so__ and ___so___.", "so, so and so."),
        ("a _b c_ d", "a b c d"),
        ("_ and __", "_ and __"),
        ("**bold** *so* 2 * 3 \\*no\\*", "bold so 2 * 3 *no*"),
        ("[size chart](https://shop.example/size_(eu)) page", "size chart (https://shop.example/size_(eu)) page"),
        ("[here](<https://shop.example/x y>).", "here (https://shop.example/x%20y)."),
        ("[here](https://shop.example/x \"A title (b)\")!", "here (https://shop.example/x)!"),
        ("[*here*](https://shop.example/a_b_c)", "here (https://shop.example/a_b_c)"),
        ("[https://shop.example](https://shop.example)", "https://shop.example"),
        ("[us](tel:+15550100123)", "us (+15550100123)"),
        ("[+1 555 010 0123](tel:+15550100123)", "+1 555 010 0123"),
        ("[write](mailto:jane@shop.example?subject=Hi)", "write (jane@shop.example)"),
        ("[pricing](/pricing), [top](#top)", "pricing, top"),
        ("[x](javascript:alert(1))", "x"),
        ("[a [b] c](https://shop.example/)", "a [b] c (https://shop.example/)"),
        ("[![logo](/logo.png)](https://shop.example/)", "logo (https://shop.example/)"),
        ("![alt text](https://shop.example/i_(1).png) text", "alt text text"),
        ("[1] and [x] (y)", "[1] and [x] (y)"),
        ("an a < b and <b>", "an a < b and <b>"),
    ];

    #[test]
    fn a_line_is_shown_without_its_marks_and_with_all_its_addresses() {
        let wrong: Vec<_> = LINES.iter().map(|(line, told)| (line, shown(line), told)).collect();
        let wrong: Vec<_> = wrong.into_iter().filter(|(_, shown, told)| shown != *told).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_long_line_of_marks_is_read_all_the_same() {
        for mark in ["_a ", "__", "[", "[x](", "`", "`a", "<https://", "![", "\\", "_(", "https://"] {
            shown(&mark.repeat(3_000));
        }
    }
}
