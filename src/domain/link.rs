//! Where an address in a text ends: one rule for visitors' messages, knowledge and answers. `widget/src/links.ts` has it too.

const SCHEMES: [&str; 2] = ["http://", "https://"];
/// What no address ends with, for it belongs to the sentence.
const TRAILING: &str = ".,;:!?'*_~\u{60c}\u{61b}\u{61f}\u{6d4}\u{2019}";
pub const BYTES_MAX: usize = 2_000;

/// Whether `text` begins with the address of a page.
pub fn begins(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// How many bytes of `text` belong to the address that it begins with.
pub fn length(text: &str) -> usize {
    let reach = &text[..reach(text)];
    reach.trim_end_matches(|c| TRAILING.contains(c)).len()
}

/// How far an address may go, with the punctuation that stands directly behind it. A bracket that closes none of its own
/// ends it.
pub fn reach(text: &str) -> usize {
    let (mut round, mut square) = (0_u32, 0_u32);
    for (at, c) in text.char_indices() {
        let closes_none = match c {
            '(' => opened(&mut round),
            '[' => opened(&mut square),
            ')' => closed(&mut round),
            ']' => closed(&mut square),
            _ => false,
        };
        if closes_none || ends(c) || at >= BYTES_MAX {
            return at;
        }
    }
    text.len()
}

/// The address in `(address "title")`, with which `text` begins, and how many bytes that takes. Brackets of its own belong
/// to it.
pub fn target(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix('(')?;
    let start = text.len() - inner.trim_start().len();
    let (address, end) = match text[start..].strip_prefix('<') {
        Some(inside) => {
            let close = inside.find(['>', '\n']).filter(|at| inside[*at..].starts_with('>'))?;
            (&inside[..close], start + close + 2)
        }
        None => {
            let length = word_length(&text[start..]);
            (&text[start..start + length], start + length)
        }
    };
    let behind = text[end..].trim_start();
    // A bracket in the title closes nothing.
    let title = match behind.chars().next() {
        Some(quote @ ('"' | '\'')) => behind[1..].find(quote)? + 2,
        _ => 0,
    };
    let closing = text.len() - behind.len() + title;
    let last = closing + text[closing..].find(')')?;
    Some((address, last + 1))
}

/// How long a word is that ends at a space or at a bracket which closes none of its own.
fn word_length(text: &str) -> usize {
    let mut round = 0_u32;
    for (at, c) in text.char_indices() {
        let closes_none = match c {
            '(' => opened(&mut round),
            ')' => closed(&mut round),
            _ => false,
        };
        if closes_none || c.is_whitespace() {
            return at;
        }
    }
    text.len()
}

fn opened(depth: &mut u32) -> bool {
    *depth += 1;
    false
}

fn closed(depth: &mut u32) -> bool {
    match depth.checked_sub(1) {
        Some(less) => *depth = less,
        None => return true,
    }
    false
}

/// What is written in an address only percent-encoded.
pub fn ends(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '`' | '|' | '{' | '}' | '\\' | '^')
        || matches!(c, '\u{ab}' | '\u{bb}' | '\u{201c}'..='\u{201f}' | '\u{2026}')
        || is_invisible(c)
        || is_unspaced(c)
}

/// Signs that show nothing: of no width, or only turning the direction of what follows.
pub const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Letters and signs of scripts that put no space around a foreign word: Chinese, Japanese, Korean, Thai and its neighbours.
pub const fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ffef}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_where_a_reader_ends_it() {
        for (text, address) in [
            ("https://shop.example/kayakをご覧ください。18ユーロです", "https://shop.example/kayak"),
            ("https://shop.example/kayak，价格18欧元", "https://shop.example/kayak"),
            ("https://shop.example/kayak）for", "https://shop.example/kayak"),
            ("https://shop.example/kayak에서", "https://shop.example/kayak"),
            ("https://shop.example/kayakครับ", "https://shop.example/kayak"),
            ("https://shop.example/%E3%82%AB%E3%83%A4です", "https://shop.example/%E3%82%AB%E3%83%A4"),
            ("https://en.wikipedia.org/wiki/Kayak_(boat)", "https://en.wikipedia.org/wiki/Kayak_(boat)"),
            ("https://en.wikipedia.org/wiki/Kayak_(boat)).", "https://en.wikipedia.org/wiki/Kayak_(boat)"),
            ("https://shop.example/a_b_(c)_d, and", "https://shop.example/a_b_(c)_d"),
            ("https://shop.example/x),then", "https://shop.example/x"),
            ("https://shop.example/x].", "https://shop.example/x"),
            ("https://[2001:db8::1]/x] y", "https://[2001:db8::1]/x"),
            ("https://de.wikipedia.org/wiki/Käse?!", "https://de.wikipedia.org/wiki/Käse"),
            ("https://ru.wikipedia.org/wiki/Каяк.", "https://ru.wikipedia.org/wiki/Каяк"),
            ("https://it.wikipedia.org/wiki/L'Aquila'", "https://it.wikipedia.org/wiki/L'Aquila"),
            ("https://shop.example/x\u{201d}, he said", "https://shop.example/x"),
            ("https://shop.example/x\u{200b}y", "https://shop.example/x"),
            ("https://shop.example/x\u{202c}", "https://shop.example/x"),
            ("https://shop.example/x؟", "https://shop.example/x"),
            ("https://shop.example/?a=1&b=2;c|d", "https://shop.example/?a=1&b=2;c"),
            ("<https://shop.example/>", ""),
        ] {
            assert_eq!(&text[..length(text)], address, "{text}");
        }
    }
    #[test]
    fn the_address_of_a_link_keeps_its_own_brackets() {
        for (text, address, rest) in [
            ("(https://shop.example/size_(eu)) page", "https://shop.example/size_(eu)", " page"),
            ("(https://shop.example/a_(b_(c))).", "https://shop.example/a_(b_(c))", "."),
            ("(https://shop.example/x), then (y)", "https://shop.example/x", ", then (y)"),
            ("( https://shop.example/x )", "https://shop.example/x", ""),
            ("(<https://shop.example/x y>)", "https://shop.example/x y", ""),
            ("(<https://shop.example/x)y>)", "https://shop.example/x)y", ""),
            ("(https://shop.example/x \"a title\") z", "https://shop.example/x", " z"),
            ("(https://shop.example/x 'one :) two') z", "https://shop.example/x", " z"),
            ("(https://shop.example/x y z) w", "https://shop.example/x", " w"),
            ("(/pricing)", "/pricing", ""),
            ("(tel:+15550100123)", "tel:+15550100123", ""),
            ("()", "", ""),
        ] {
            assert_eq!(target(text).map(|(address, used)| (address, &text[used..])), Some((address, rest)), "{text}");
        }
        for text in ["(https://shop.example/x", "(https://shop.example/(x)", "(<https://shop.example", "(x \"a)", "x", ""] {
            assert_eq!(target(text), None, "{text}");
        }
    }
}
