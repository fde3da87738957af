//! Finds an e-mail address and a phone number in free text, and judges those typed into a form.

const EMAIL_MAX: usize = 254;
const LOCAL_MAX: usize = 64;
const LABEL_MAX: usize = 63;
const PHONE_DIGITS_MIN: usize = 7;
const PHONE_DIGITS_MAX: usize = 15;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contact {
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// The first address and the first number in the text.
pub fn find(text: &str) -> Contact {
    let email = text.match_indices('@').find_map(|(at, _)| email_around(text, at));
    let without = match email {
        Some(address) => text.replacen(address, " ", 1),
        None => text.to_owned(),
    };
    Contact { email: email.map(str::to_owned), phone: first_phone(&without) }
}

pub fn email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.len() <= EMAIL_MAX && local_part(local) && host(domain)
}

pub fn phone(text: &str) -> bool {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let body = text.strip_prefix('+').unwrap_or(text);
    (PHONE_DIGITS_MIN..=PHONE_DIGITS_MAX).contains(&digits)
        && body.chars().all(|c| c.is_ascii_digit() || separator(c))
        && text.len() <= 2 * PHONE_DIGITS_MAX + 2
}

/// The address around the `@` at a byte offset, without the punctuation that surrounds it.
fn email_around(text: &str, at: usize) -> Option<&str> {
    let window = |c: char| local_char(c) || !c.is_ascii() && c.is_alphanumeric();
    let before = text[..at].char_indices().rev().take(LOCAL_MAX + 1).take_while(|(_, c)| window(*c));
    let start = before.last().map_or(at, |(n, _)| n);
    let after = text[at + 1..].char_indices().take(EMAIL_MAX).take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '.' | '-'));
    let end = after.last().map_or(at + 1, |(n, c)| at + 1 + n + c.len_utf8());
    let found = text[start..end]
        .trim_start_matches(['.', '\'', '/', '=', '{', '|', '*', '`', '&', '#', '?', '!', '_', '~', '-'])
        .trim_end_matches(['.', '-']);
    email(found).then_some(found)
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

fn separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{2010}' | '\u{2011}' | '\u{2013}')
}

fn first_phone(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let opens = chars[at].is_ascii_digit()
            || matches!(chars[at], '+' | '(') && chars.get(at + 1).is_some_and(|c| c.is_ascii_digit() || *c == '(');
        if !opens {
            at += 1;
            continue;
        }
        let end = run_end(&chars, at);
        if let Some(number) = phone_in(&chars, at, end) {
            return Some(number);
        }
        at = end;
    }
    None
}

/// Where the run of digits and separators from `at` ends; two separators that a number would not hold end it too.
fn run_end(chars: &[char], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&c) = chars.get(end) {
        let wide = c == ' ' && matches!(chars[end - 1], ' ' | '.');
        let second = c == '(' && chars[at..end].contains(&'(');
        if wide || second || !(c.is_ascii_digit() || separator(c)) {
            break;
        }
        end += 1;
    }
    end
}

fn phone_in(chars: &[char], start: usize, end: usize) -> Option<String> {
    let touches = |c: Option<&char>| {
        c.is_some_and(|c| {
            c.is_alphanumeric() || matches!(c, '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}' | '\u{20b9}' | '#' | '%' | '_')
        })
    };
    let run: String = chars[start..end].iter().collect();
    let opened = run.contains('(') && !run.contains(')');
    let number = run.trim_end_matches(|c: char| separator(c) && c != ')').trim_start_matches(if opened { '(' } else { '\0' });
    let number = if number.contains('(') { number } else { number.trim_end_matches(')') };
    let tail = start + run.trim_end_matches(separator).chars().count();
    let glued = touches(start.checked_sub(1).and_then(|n| chars.get(n)))
        || touches(chars.get(tail).filter(|_| tail == end))
        || goes_on(chars, start);
    (!glued && phone(number) && phone_like(number) && !is_ordered(chars, start, number)).then(|| number.to_owned())
}

/// Whether the run goes on a number, a part number or a path: "1,5550123", "SKU-1234567", "/1234567".
fn goes_on(chars: &[char], start: usize) -> bool {
    let Some([before, mark]) = start.checked_sub(2).map(|n| [chars[n], chars[n + 1]]) else { return false };
    match mark {
        ',' | '.' | ':' => before.is_ascii_digit(),
        '-' | '/' | '=' => before.is_alphanumeric(),
        _ => false,
    }
}

/// The forms people write numbers in: not a price, a date, a time, a card, or years in a row.
fn phone_like(number: &str) -> bool {
    let groups: Vec<&str> = number.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let international = number.starts_with('+') || number.starts_with("00");
    let slashes = number.contains('/') && !number.contains(['(', '+']) && groups.len() == 3;
    let dots_decimal = number.contains('.') && groups.len() == 2;
    let year = |group: &str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    let date = groups.len() == 3
        && (lengths == [4, 2, 2] && year(groups[0])
            || lengths[0] <= 2 && lengths[1] <= 2 && (year(groups[2]) || lengths[2] == 2));
    let years = groups.len() == 2 && groups.iter().all(|group| year(group));
    let times =
        number.contains('-') && number.contains(['.', ' ']) && !international && lengths.iter().all(|length| *length <= 2);
    let singles = !international && lengths.iter().filter(|length| **length == 1).count() > 1;
    let spaced = groups.len() > 1 && !international && lengths.iter().all(|length| *length > 4);
    let round = lengths[0] == 7 && groups[0].ends_with("000");
    let compact = groups.len() == 1 && !international && (round || lengths[0] != 7 && !(9..=11).contains(&lengths[0]));
    !(slashes || dots_decimal || date || years || times || singles || spaced || compact) && groups.len() <= 6
}

/// A bare run of digits after "order" or "invoice" is that, not a phone.
fn is_ordered(chars: &[char], start: usize, number: &str) -> bool {
    if number.starts_with(['+', '(']) {
        return false;
    }
    const NAMES: [&str; 15] = [
        "order",
        "invoice",
        "ticket",
        "reference",
        "ref",
        "account",
        "tracking",
        "booking",
        "case",
        "card",
        "serial",
        "customer",
        "isbn",
        "id",
        "iban",
    ];
    let before: String = chars[start.saturating_sub(24)..start].iter().collect::<String>().to_lowercase();
    let mut words = before
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !matches!(*word, "" | "number" | "no" | "nr" | "is" | "my" | "the"))
        .rev();
    words.next().is_some_and(|word| NAMES.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, email: Option<&str>, phone: Option<&str>) {
        let found = find(text);
        assert_eq!((found.email.as_deref(), found.phone.as_deref()), (email, phone), "in {text:?}");
    }

    #[test]
    fn contact_details_are_found_in_free_text() {
        check("call 555-0123 or a@b.co", Some("a@b.co"), Some("555-0123"));
        check("call 555-0123 or a@b.c", Some("a@b.c"), Some("555-0123"));
        check("I'm Jane Smith from Acme, jane.smith@acme.io", Some("jane.smith@acme.io"), None);
        check("(mail: <jane+x@sub.example.co.uk>).", Some("jane+x@sub.example.co.uk"), None);
        check("jane@example.com.", Some("jane@example.com"), None);
        check("jane@example.com, or 020 7946 0958.", Some("jane@example.com"), Some("020 7946 0958"));
        check("Schreib an jürgen@müller.de!", Some("jürgen@müller.de"), None);
        check("'jane@example.com'", Some("jane@example.com"), None);
        check("a@b@c", None, None);
        check("@handle and foo@", None, None);
        check("you can reach me at +1 555 012 3456", None, Some("+1 555 012 3456"));
        check("(555) 014-2200 right away", None, Some("(555) 014-2200"));
        check("+44 (0)20 7946 0958", None, Some("+44 (0)20 7946 0958"));
        check("0049 30 901820", None, Some("0049 30 901820"));
        check("555.012.3456", None, Some("555.012.3456"));
        check("5550123456", None, Some("5550123456"));
        check("(my number is 555-012-3456)", None, Some("555-012-3456"));
        check("my number is 06 12 34 56 78", None, Some("06 12 34 56 78"));
        check("Ring 1-800-555-0199 today", None, Some("1-800-555-0199"));
        check("tel:+15550123456", None, Some("+15550123456"));
        check("1234567@example.com", Some("1234567@example.com"), None);
    }

    #[test]
    fn other_numbers_are_not_phones() {
        for text in [
            "$4,200,000 a year",
            "it costs 1500000.50",
            "on 2026-03-15 at 10:30",
            "15/03/2026",
            "03/15/26",
            "12.03.2026",
            "order 12345678",
            "order number 5550123456",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "invoice #1234567",
            "from 2019 - 2024",
            "10:30 - 12:45",
            "the years 2019 2024",
            "AB1234567",
            "192.168.100.200.1x",
            "1 2 3 4 5 6 7",
            "100 200",
            "SKU-1234567",
            "12345678901234567890",
            "9.00-17.00",
            "Mon-Fri 8-6, Sat 9-1",
            "\u{20ac}1234567",
            "we have 1500000 users",
            "",
        ] {
            check(text, None, None);
        }
    }

    #[test]
    fn form_fields_are_judged() {
        assert!(email("jane.o'neil+tag@mail.example.com"));
        for wrong in [
            "",
            "jane",
            "jane@",
            "@example.com",
            "jane@example",
            "ja ne@example.com",
            ".jane@example.com",
            "jane@-example.com",
            "jane@example.",
            "jane@example.1",
            "jane@exa_mple.com",
            "a@b..com",
        ] {
            assert!(!email(wrong), "{wrong:?}");
        }
        assert!(!email(&format!("{}@example.com", "x".repeat(65))));
        for right in ["555-0123", "+1 (555) 012-3456", " 020 7946 0958 ", "0612345678"] {
            assert!(phone(right), "{right:?}");
        }
        for wrong in ["", "555-012", "call me", "555-0123x", "+1234567890123456", "++15550123456"] {
            assert!(!phone(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn any_text_is_survived() {
        for text in [
            "@",
            "@@@@",
            "é@é.éé",
            "((((((((",
            "++++",
            "(5",
            "🙂@🙂.com 🙂5550123🙂",
            "5\u{a0}\u{a0}5",
            "a@b.co".repeat(500).as_str(),
        ] {
            find(text);
        }
    }
}
