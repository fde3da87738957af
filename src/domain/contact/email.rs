//! E-mail addresses: what is one, and where one stands in free text.

use std::ops::Range;

use crate::domain::contact::plain::{Plain, Script};

pub const BYTES_MAX: usize = 254;
const LOCAL_MAX: usize = 64;
const LABEL_MAX: usize = 63;
/// Top-level names that are kept for examples and for networks of one's own (RFC 2606, RFC 6761).
const RESERVED: [&str; 7] = ["example", "test", "invalid", "localhost", "local", "internal", "home"];
/// Behind these stands at most a country: `com.au`, and never `com.thanks`.
const GENERIC: [&str; 7] = ["com", "org", "net", "edu", "gov", "info", "biz"];

pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.len() <= BYTES_MAX && local_part(local) && host(domain)
}

/// The first address in the text and where it stands; all of them are blanked.
pub fn take(plain: &mut Plain) -> Option<(String, Range<usize>)> {
    let signs: Vec<usize> = plain.chars.iter().enumerate().filter(|(_, c)| **c == '@').map(|(at, _)| at).collect();
    let mut first = None;
    for at in signs {
        if let Some(place) = around(plain, at) {
            first = first.or_else(|| Some((plain.text(&place), place.clone())));
            plain.blank(&place);
        }
    }
    first
}

fn around(plain: &Plain, at: usize) -> Option<Range<usize>> {
    let chars = &plain.chars;
    let start = local_start(chars, at);
    let before = start.checked_sub(1).and_then(|n| chars.get(n));
    // `@jane@social.example` is a handle, and so is what a path ends with.
    if before == Some(&'@') || before == Some(&'/') && follows_host(&chars[..start]) {
        return None;
    }
    let window = &chars[at + 1..];
    let length = host_length(&window[..window.len().min(BYTES_MAX)])?;
    let range = start..at + 1 + length;
    let goes_on = chars.get(range.end) == Some(&'@') || is_repository(&chars[range.end..]);
    (!goes_on && is_address(&plain.text(&range))).then_some(range)
}

/// Where the part before the `@` begins: where a sign stands that people do not have in their addresses, or another script.
fn local_start(chars: &[char], at: usize) -> usize {
    let first = |n: Option<usize>| n.and_then(|n| chars.get(n)).copied().unwrap_or(' ');
    // Digits go with the letters of any script, but before a Latin name they are the whole: "邮箱12345@mail.example".
    let digits = first(at.checked_sub(1)).is_ascii_digit() && Script::of(first(Some(at + 1))).is_none_or(|s| s == Script::Latin);
    let mut script = digits.then_some(Script::Latin);
    let mut start = at;
    for (n, c) in chars[..at].iter().enumerate().rev().take(LOCAL_MAX + 1) {
        let fits = c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '\'' | '&');
        let own = Script::of(*c);
        if !fits || own.is_some_and(|own| *script.get_or_insert(own) != own) {
            break;
        }
        start = n;
    }
    // A sign at the edge belongs to the sentence.
    start + chars[start..at].iter().take_while(|c| !c.is_alphanumeric()).count()
}

/// `shop.example/` at the end: the address of a page without its scheme.
fn follows_host(before: &[char]) -> bool {
    let word: String = before.iter().rev().take(BYTES_MAX).take_while(|c| !c.is_whitespace()).collect();
    let word: String = word.chars().rev().collect();
    let name = word.split('/').next().unwrap_or_default();
    !name.contains('@') && host(name) && name.rsplit('.').next().is_some_and(is_top)
}

/// `git@code.example:team/project` names a place for programs.
fn is_repository(after: &[char]) -> bool {
    let path = after.strip_prefix(&[':']).unwrap_or_default();
    path.iter().take(BYTES_MAX).take_while(|c| !c.is_whitespace()).any(|c| *c == '/')
}

/// How many characters from the start of `window` are the host's name.
fn host_length(window: &[char]) -> Option<usize> {
    let labels = labels(window);
    let mut longest = None;
    for count in (2..=labels.len()).rev() {
        let length = labels[count - 1].end;
        let name: String = window[..length].iter().collect();
        if !host(&name) {
            continue;
        }
        longest = longest.or(Some(length));
        let text = |label: &Range<usize>| window[label.clone()].iter().collect::<String>();
        let (last, before) = (text(&labels[count - 1]), text(&labels[count - 2]));
        if is_top(&last) && !(count > 2 && begins_sentence(&last, &before)) {
            return Some(length);
        }
    }
    longest
}

/// Whether the last label is the next sentence, whose space was left out: `jane@shop.com.Thanks`.
fn begins_sentence(last: &str, before: &str) -> bool {
    let capital = last.starts_with(char::is_uppercase) && !before.starts_with(char::is_uppercase);
    let country = last.chars().count() == 2 || RESERVED.contains(&last);
    capital || GENERIC.contains(&before.to_lowercase().as_str()) && !country
}

/// The labels of a name; the last ends where it cannot go on: at another script, or at what no top-level name holds.
fn labels(window: &[char]) -> Vec<Range<usize>> {
    let mut labels = Vec::new();
    let mut start = 0;
    loop {
        let end = start + label_length(&window[start..]);
        if end == start {
            return labels;
        }
        let whole = window.get(end) == Some(&'.');
        let label: String = window[start..end].iter().collect();
        let letters = label.chars().take_while(|c| c.is_alphabetic()).count();
        if whole || label.starts_with("xn--") || is_top(&label) {
            labels.push(start..end);
        } else if letters > 0 {
            labels.push(start..start + letters);
        }
        if !whole {
            return labels;
        }
        start = end + 1;
    }
}

fn label_length(window: &[char]) -> usize {
    let mut script = None;
    let fits = |c: &&char| {
        let own = Script::of(**c);
        (c.is_alphanumeric() || **c == '-') && own.is_none_or(|own| *script.get_or_insert(own) == own)
    };
    window.iter().take_while(fits).count()
}

fn is_top(label: &str) -> bool {
    let lower = label.to_lowercase();
    if RESERVED.contains(&lower.as_str()) || tld::exist(&lower) {
        return true;
    }
    // Names of other scripts are listed as they travel.
    let travels = || url::Host::parse(&format!("x.{lower}")).ok().map(|host| host.to_string());
    !lower.is_ascii() && travels().is_some_and(|name| name.strip_prefix("x.").is_some_and(tld::exist))
}

fn local_part(local: &str) -> bool {
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    !local.is_empty()
        && local.len() <= LOCAL_MAX
        && !dots
        && local.chars().all(|c| local_char(c) || !c.is_ascii() && c.is_alphanumeric())
}

fn local_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
}

fn host(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let Some(last) = labels.last() else { return false };
    let top = !last.is_empty() && (last.starts_with("xn--") || last.chars().all(char::is_alphabetic));
    let label = |label: &&str| {
        !label.is_empty()
            && label.len() <= LABEL_MAX
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    labels.len() >= 2 && top && labels.iter().all(label)
}
