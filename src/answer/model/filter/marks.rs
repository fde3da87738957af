//! What a text begins with, as far as it can be told: plain words, a citation, a link, a picture, a sign of the model's.

use crate::answer::model::filter::{Allowed, Found};
use crate::domain::link;

/// How much is held back at most for what does not end.
const LABEL_BYTES_MAX: usize = 400;
const LINK_BYTES_MAX: usize = 2_000;
const DIGITS_MAX: usize = 3;
const RANGE_MAX: usize = 20;
/// A piece of the canary at the very end that is as long as this is the canary.
const CANARY_PART: usize = 6;

const SENTINELS: [&str; 5] = ["NO_ANSWER", "NO ANSWER", "NO-ANSWER", "NO\\_ANSWER", "no_answer"];
/// What may stand before the sentinel.
const DRESS: [char; 9] = ['*', '_', '`', '"', '\'', '[', '(', '#', '>'];
const TAGS: [&str; 12] =
    ["img", "image", "picture", "svg", "iframe", "object", "embed", "video", "audio", "script", "style", "link"];

/// Lengths are bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Mark {
    /// What comes next decides.
    Wait,
    Plain(usize),
    Drop(usize),
    /// This text in place of so much; it is shorter.
    Put(usize, String),
    Cite(usize, Vec<usize>),
    Stop(Found),
}

/// How far a text begins with a pattern.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    No,
    /// As far as the text goes.
    Part,
    Whole,
}

fn fit(rest: &str, pattern: &str, any_case: bool) -> Fit {
    let length = rest.len().min(pattern.len());
    let (Some(start), Some(wanted)) = (rest.get(..length), pattern.get(..length)) else { return Fit::No };
    let same = if any_case { start.eq_ignore_ascii_case(wanted) } else { start == wanted };
    match same {
        true if length == pattern.len() => Fit::Whole,
        true => Fit::Part,
        false => Fit::No,
    }
}

fn sentinel(rest: &str) -> Fit {
    SENTINELS.iter().map(|sign| fit(rest, sign, false)).max().unwrap_or(Fit::No)
}

fn address(rest: &str) -> Fit {
    fit(rest, "http://", true).max(fit(rest, "https://", true))
}

/// `rest` is not empty. `begun`: something was shown already. `end`: nothing follows.
pub fn next(rest: &str, begun: bool, end: bool, allowed: &Allowed) -> Mark {
    if let Some(mark) = Some(begun).filter(|begun| !begun).and_then(|_| opening(rest, end)) {
        return mark;
    }
    let plain = rest.char_indices().find(|(at, _)| is_special(&rest[*at..], allowed)).map_or(rest.len(), |(at, _)| at);
    match rest.chars().next() {
        _ if plain > 0 => Mark::Plain(plain),
        Some(c) if c.is_whitespace() => blank(rest, end, allowed),
        Some('[') => bracket(rest, end, allowed),
        Some('【') => foreign_citation(rest, end),
        Some('!') => picture(rest, end),
        Some('<') => tag(rest, end, allowed),
        _ => sign(rest, end, allowed),
    }
}

fn is_special(rest: &str, allowed: &Allowed) -> bool {
    rest.starts_with(|c: char| matches!(c, '[' | '【' | '!' | '<') || c.is_whitespace())
        || sentinel(rest) > Fit::No
        || address(rest) > Fit::No
        || fit(rest, allowed.canary, true) > Fit::No
}

/// Before anything is shown: white space, and the sentinel in whatever dress.
fn opening(rest: &str, end: bool) -> Option<Mark> {
    let blank = rest.len() - rest.trim_start().len();
    if blank > 0 {
        return Some(Mark::Drop(blank));
    }
    let inner = rest.trim_start_matches(DRESS);
    match sentinel(inner) {
        Fit::Whole => Some(Mark::Stop(Found::NoAnswer)),
        Fit::Part if !end => Some(Mark::Wait),
        _ => None,
    }
}

/// White space goes with what is taken out behind it, and at the end altogether.
fn blank(rest: &str, end: bool, allowed: &Allowed) -> Mark {
    let after = rest.trim_start();
    let length = rest.len() - after.len();
    let behind = match after.chars().next() {
        None if end => return Mark::Drop(length),
        None => return Mark::Wait,
        Some('[') => bracket(after, end, allowed),
        Some('【') => foreign_citation(after, end),
        Some('!') => picture(after, end),
        Some('<') => tag(after, end, allowed),
        Some(_) if address(after) > Fit::No => sign(after, end, allowed),
        Some(_) => return Mark::Plain(length),
    };
    match behind {
        Mark::Cite(more, numbers) => Mark::Cite(length + more, numbers),
        Mark::Drop(more) => Mark::Drop(length + more),
        Mark::Wait => Mark::Wait,
        _ => Mark::Plain(length),
    }
}

/// `[1]`, `[1, 2]`, `[label](target)`, or just a bracket.
fn bracket(rest: &str, end: bool, allowed: &Allowed) -> Mark {
    let Some(close) = closing(rest, ']', LABEL_BYTES_MAX) else {
        return wait_or(end || over(rest, LABEL_BYTES_MAX), Mark::Plain(1));
    };
    let (label, after) = (&rest[1..close], &rest[close + 1..]);
    // What stands in it is judged by itself: a picture in a link must not become one by losing the link.
    if label.contains('[') {
        return Mark::Drop(1);
    }
    let numbers = numbers(label);
    let alone = |numbers: Option<Vec<usize>>| numbers.map_or(Mark::Plain(1), |numbers| Mark::Cite(close + 1, numbers));
    match after.chars().next() {
        None if !end => Mark::Wait,
        Some('(') => match target(after) {
            None if !end && !over(after, LINK_BYTES_MAX) => Mark::Wait,
            // What cannot be judged is no link.
            None => Mark::Put(close + 2, label.to_owned()),
            Some((target, used)) => match numbers {
                Some(numbers) => Mark::Cite(close + 1 + used, numbers),
                None if allowed.link(target) => Mark::Plain(close + 1 + used),
                None => Mark::Put(close + 1 + used, label.to_owned()),
            },
        },
        _ => alone(numbers),
    }
}

/// `【4†source】`, as some models cite whatever they are told.
fn foreign_citation(rest: &str, end: bool) -> Mark {
    let open = '【'.len_utf8();
    let Some(close) = closing(rest, '】', LABEL_BYTES_MAX) else {
        return wait_or(end || over(rest, LABEL_BYTES_MAX), Mark::Drop(open));
    };
    let digits: String = rest[open..close].chars().take_while(char::is_ascii_digit).take(DIGITS_MAX).collect();
    Mark::Cite(close + '】'.len_utf8(), digits.parse().into_iter().collect())
}

/// `![alt](target)` and `![alt][name]`: no answer shows a picture, for whoever holds it would learn of the reader.
fn picture(rest: &str, end: bool) -> Mark {
    let after = &rest[1..];
    match after.chars().next() {
        None => return wait_or(end, Mark::Plain(1)),
        Some('[') => {}
        Some(_) => return Mark::Plain(1),
    }
    let Some(close) = closing(after, ']', LABEL_BYTES_MAX) else {
        return wait_or(end || over(rest, LABEL_BYTES_MAX), Mark::Drop(2));
    };
    let target = &after[close + 1..];
    let used = match target.chars().next() {
        None if !end => return Mark::Wait,
        Some('(') => self::target(target).map(|(_, used)| used),
        Some('[') => closing(target, ']', LINK_BYTES_MAX).map(|last| last + 1),
        _ => return Mark::Drop(1 + close + 1),
    };
    match used {
        Some(used) => Mark::Drop(1 + close + 1 + used),
        None => wait_or(end || over(target, LINK_BYTES_MAX), Mark::Drop(1 + close + 1 + 1)),
    }
}

/// `<https://…>` is a link; of tags, those go that load something.
fn tag(rest: &str, end: bool, allowed: &Allowed) -> Mark {
    let inner = &rest[1..];
    match inner.chars().next() {
        None => return wait_or(end, Mark::Plain(1)),
        Some(c) if c.is_ascii_alphabetic() || c == '/' => {}
        Some(_) => return Mark::Plain(1),
    }
    let name: String = inner.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
    let loads = TAGS.contains(&name.to_ascii_lowercase().as_str());
    // One that goes on in another line is none, or what is found would depend on what has come yet.
    let line = inner.split('\n').next().unwrap_or_default();
    let Some(close) = closing(line, '>', LINK_BYTES_MAX) else {
        let given_up = end || over(inner, LINK_BYTES_MAX) || line.len() < inner.len();
        return wait_or(given_up, if loads { Mark::Drop(1 + name.len()) } else { Mark::Plain(1) });
    };
    let is_link = address(inner) == Fit::Whole || fit(inner, "mailto:", true) == Fit::Whole;
    match is_link {
        true if allowed.link(&inner[..close]) => Mark::Plain(close + 2),
        true => Mark::Drop(close + 2),
        false if loads => Mark::Drop(close + 2),
        false => Mark::Plain(1),
    }
}

/// The sentinel, an address, or the canary; or a letter that could have begun one.
fn sign(rest: &str, end: bool, allowed: &Allowed) -> Mark {
    let canary = fit(rest, allowed.canary, true);
    if canary == Fit::Whole || (end && canary == Fit::Part && rest.len() >= CANARY_PART) {
        return Mark::Stop(Found::Leak);
    }
    if sentinel(rest) == Fit::Whole {
        return Mark::Stop(Found::NoAnswer);
    }
    if address(rest) < Fit::Whole {
        return wait_or(end, Mark::Plain(rest.chars().next().map_or(0, char::len_utf8)));
    }
    if link::reach(rest) == rest.len() && !end {
        return Mark::Wait;
    }
    let url = &rest[..link::length(rest)];
    if allowed.link(url) { Mark::Plain(url.len().max(1)) } else { Mark::Drop(url.len().max(1)) }
}

fn wait_or(given_up: bool, mark: Mark) -> Mark {
    if given_up { mark } else { Mark::Wait }
}

fn over(text: &str, bytes_max: usize) -> bool {
    text.len() > bytes_max || text.contains("\n\n")
}

/// The address of a link and the bytes it takes, if it ends soon and in the same paragraph.
fn target(text: &str) -> Option<(&str, usize)> {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    link::target(&paragraph[..paragraph.floor_char_boundary(LINK_BYTES_MAX)])
}

/// Where `last` stands, if it does so soon and in the same paragraph.
fn closing(text: &str, last: char, bytes_max: usize) -> Option<usize> {
    let at = text.find(last).filter(|at| *at <= bytes_max)?;
    Some(at).filter(|at| !text[..*at].contains("\n\n"))
}

/// The numbers of `1`, `^1`, `1, 2`, `1-3`, `source 2`; nothing if it is something else.
fn numbers(label: &str) -> Option<Vec<usize>> {
    let label = label.trim().trim_start_matches('^');
    let lower = label.to_ascii_lowercase();
    let label = ["sources ", "source "].iter().find_map(|word| lower.strip_prefix(word)).unwrap_or(&lower);
    let mut numbers = Vec::new();
    for part in label.split([',', ';', ' ']).filter(|part| !part.is_empty()) {
        let bounds: Vec<usize> = part.split(['-', '\u{2013}']).map(number).collect::<Option<_>>()?;
        match bounds[..] {
            [one] => numbers.push(one),
            [first, last] if first <= last && last - first <= RANGE_MAX => numbers.extend(first..=last),
            _ => return None,
        }
    }
    (!numbers.is_empty()).then_some(numbers)
}

fn number(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.len() <= DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}
