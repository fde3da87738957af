//! Recognises the tags by which models set apart what they think, in every spelling that is in use.

/// A tag with its attributes. Longer ones are text, so that nobody waits for what never ends.
const TAG_BYTES_MAX: usize = 120;
const NAMES: [&str; 6] = ["think", "thinking", "thought", "thoughts", "reasoning", "reflection"];
const NAMESPACES: [&str; 4] = ["", "seed:", "mm:", "antml:"];
/// Words in brackets are often just words: `[Reflection](…)` is a link.
const NAMES_IN_BRACKETS: [&str; 2] = ["think", "thinking"];
/// What a tag begins with.
pub const BEGINNINGS: [char; 3] = ['<', '[', '\u{25c1}'];
/// Tags that are written in one way only.
const SIGNS: [(&str, Tag); 18] = [
    ("<|begin_of_thought|>", Tag::Open),
    ("<|end_of_thought|>", Tag::Close),
    ("<|start_thinking|>", Tag::Open),
    ("<|end_thinking|>", Tag::Close),
    ("<|channel>thought", Tag::Open),
    ("<channel|>", Tag::Close),
    ("<|start|>", Tag::Start),
    ("<|channel|>", Tag::Channel),
    ("<|message|>", Tag::Message),
    ("<|end|>", Tag::Over),
    ("<|return|>", Tag::Over),
    ("<|call|>", Tag::Over),
    ("<|constrain|>", Tag::Noise),
    ("<|begin_of_solution|>", Tag::Noise),
    ("<|end_of_solution|>", Tag::Noise),
    ("<|start_response|>", Tag::Noise),
    ("<|end_response|>", Tag::Noise),
    ("<|im_end|>", Tag::Noise),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// What follows is thought.
    Open,
    /// What stands before it was.
    Close,
    /// A message begins; its header says whose it is.
    Start,
    /// What kind of message it is follows.
    Channel,
    /// The header is over.
    Message,
    /// The message is over.
    Over,
    /// Means nothing, and is no word.
    Noise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Text,
    /// What comes next decides.
    Wait,
    /// So many bytes are this tag.
    Tag(usize, Tag),
}

/// `rest` begins with one of `BEGINNINGS`. `before` is what stands in front of it. `end`: nothing follows.
pub fn look(rest: &str, before: Option<char>, end: bool) -> Look {
    let bounded = &rest[..rest.floor_char_boundary(TAG_BYTES_MAX)];
    let found = match sign(bounded) {
        Look::Text => element(bounded),
        found => found,
    };
    match found {
        Look::Wait if end || bounded.len() < rest.len() => Look::Text,
        Look::Tag(length, tag) => unless_quoted(rest, length, tag, before, end),
        found => found,
    }
}

/// Between backticks a tag is a word that is talked about, and before a round bracket it is the words of a link.
fn unless_quoted(rest: &str, length: usize, tag: Tag, before: Option<char>, end: bool) -> Look {
    let (found, quoted) = (Look::Tag(length, tag), before == Some('`'));
    let next = rest[length..].chars().next();
    match (tag, next) {
        (Tag::Close, None) if quoted && !end => Look::Wait,
        (Tag::Close, next) if quoted && next == Some('`') => Look::Text,
        (Tag::Close, _) => found,
        _ if quoted => Look::Text,
        (Tag::Open, None) if rest.starts_with('[') && !end => Look::Wait,
        (Tag::Open, Some('(')) if rest.starts_with('[') => Look::Text,
        _ => found,
    }
}

fn sign(rest: &str) -> Look {
    let mut found = Look::Text;
    for (text, tag) in SIGNS {
        match begins(text, rest) {
            true if rest.len() >= text.len() => return Look::Tag(text.len(), tag),
            true => found = Look::Wait,
            false => {}
        }
    }
    found
}

/// Whether the one is the beginning of the other, as far as both go.
fn begins(text: &str, other: &str) -> bool {
    let length = text.len().min(other.len());
    text.as_bytes()[..length].eq_ignore_ascii_case(&other.as_bytes()[..length])
}

/// `<think>`, `< /think >`, `<think id="1">`, `<think/>`, `[THINK]`, `◁think▷`.
fn element(rest: &str) -> Look {
    let Some(first) = rest.chars().next() else { return Look::Text };
    let inner = rest[first.len_utf8()..].trim_start();
    let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner.trim_start()));
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let (name, after) = inner.split_at(inner.find(|c| !is_name(c)).unwrap_or(inner.len()));
    let known = named(name, first);
    if after.is_empty() || known != Look::Wait {
        // It may go on, or is none.
        return if after.is_empty() { known } else { Look::Text };
    }
    if !is_whole(name, first) {
        return Look::Text;
    }
    let (end, alone) = match first {
        '<' => attributes(after, closes),
        '[' => (last(after, ']'), false),
        _ => (last(after, '\u{25b7}'), false),
    };
    let tag = if closes { Tag::Close } else { Tag::Open };
    match end {
        End::At(left) => Look::Tag(rest.len() - left, if alone { Tag::Noise } else { tag }),
        End::Open => Look::Wait,
        End::None => Look::Text,
    }
}

fn names(first: char) -> impl Iterator<Item = (&'static str, &'static str)> {
    let (spaces, names): (&'static [&str], &'static [&str]) =
        if first == '<' { (&NAMESPACES, &NAMES) } else { (&NAMESPACES[..1], &NAMES_IN_BRACKETS) };
    spaces.iter().flat_map(|space| names.iter().map(move |name| (*space, *name)))
}

/// `Wait` if a name begins like this.
fn named(text: &str, first: char) -> Look {
    let is_beginning = |(space, name): (&str, &str)| match text.len() <= space.len() {
        true => begins(space, text),
        false => begins(space, text) && text.len() <= space.len() + name.len() && begins(name, &text[space.len()..]),
    };
    if names(first).any(is_beginning) { Look::Wait } else { Look::Text }
}

fn is_whole(text: &str, first: char) -> bool {
    names(first)
        .any(|(space, name)| text.len() == space.len() + name.len() && begins(space, text) && begins(name, &text[space.len()..]))
}

enum End {
    /// So many bytes are left behind it.
    At(usize),
    /// Not here yet.
    Open,
    None,
}

fn last(after: &str, sign: char) -> End {
    let after = after.trim_start();
    match after.strip_prefix(sign) {
        Some(left) => End::At(left.len()),
        None if after.is_empty() => End::Open,
        None => End::None,
    }
}

/// Attributes have values, so that `a <thought is > b` stays; and whether the tag is closed in itself.
fn attributes(after: &str, closes: bool) -> (End, bool) {
    let mut left = after;
    loop {
        let spaced = left.len() > left.trim_start().len();
        left = left.trim_start();
        let alone = left.strip_prefix('/').filter(|_| !closes);
        let none = !spaced || closes || !left.starts_with(|c: char| c.is_ascii_alphabetic());
        match (last(alone.unwrap_or(left), '>'), alone.is_some()) {
            (End::None, false) if !none => {}
            (end, alone) => return (end, alone),
        }
        left = match attribute(left) {
            End::At(rest) => &left[left.len() - rest..],
            end => return (end, false),
        };
    }
}

/// `name="value"`, `name='value'`, `name=value`.
fn attribute(left: &str) -> End {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
    let after = left.trim_start_matches(is_name).trim_start();
    let Some(value) = after.strip_prefix('=').map(str::trim_start) else {
        return if after.is_empty() { End::Open } else { End::None };
    };
    let Some(quote) = value.chars().next() else { return End::Open };
    let end = match quote {
        '"' | '\'' => value[1..].find(quote).map(|at| at + 2),
        _ => value.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')),
    };
    end.map_or(End::Open, |at| End::At(value.len() - at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_tag_is_known() {
        for name in NAMES {
            for text in [format!("<{name}>"), format!("<{}>", name.to_uppercase()), format!("< {name}\n id='a>b' n=1 >")] {
                assert_eq!(look(&text, None, false), Look::Tag(text.len(), Tag::Open), "{text}");
            }
            for text in [format!("</{name}>"), format!("< / {name} >"), format!("</Seed:{name}>")] {
                assert_eq!(look(&text, None, false), Look::Tag(text.len(), Tag::Close), "{text}");
            }
        }
        for (text, tag) in [
            ("<think/>", Tag::Noise),
            ("<think a=\"b\" />", Tag::Noise),
            ("[/THINK]", Tag::Close),
            ("\u{25c1}/think\u{25b7}", Tag::Close),
            ("\u{25c1}think\u{25b7}", Tag::Open),
            ("<|CHANNEL|>", Tag::Channel),
        ] {
            assert_eq!(look(text, None, false), Look::Tag(text.len(), tag), "{text}");
        }
        assert_eq!(look("[THINK]x", None, false), Look::Tag(7, Tag::Open));
    }

    #[test]
    fn what_only_looks_like_a_tag_is_text_as_soon_as_it_can_be_told() {
        for text in [
            "<b",
            "<3",
            "< 5",
            "<thin ",
            "<thinks>",
            "<thought is >",
            "<think about it",
            "<rethink>",
            "</b",
            "<|x",
            "<think\u{e9}",
            "[1]",
            "[thought]",
            "[Reflection](",
            "[think](",
            "[x",
            "\u{25c1}x",
            "</think x>",
            "<https:",
        ] {
            assert_eq!(look(text, None, false), Look::Text, "{text}");
        }
        for text in ["<", "<th", "</", "<think", "<think ", "<think a", "<think a=\"", "<|", "<|chan", "[", "[THINK", "\u{25c1}"]
        {
            assert_eq!(look(text, None, false), Look::Wait, "{text}");
            assert_eq!(look(text, None, true), Look::Text, "{text}");
        }
        assert_eq!(look(&format!("<think a=\"{}", "x".repeat(200)), None, false), Look::Text);
        assert_eq!(look("<think>", Some('`'), false), Look::Text);
        assert_eq!(look("</think>`", Some('`'), false), Look::Text);
    }
}
