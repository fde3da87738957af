//! Phone numbers: what is one, and where one stands in free text.

use std::ops::Range;

use crate::domain::contact::nouns::{Named, named};
use crate::domain::contact::plain::Plain;
use crate::domain::contact::shape::{Shape, shape};

const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 15;
const EXTENSION_DIGITS_MAX: usize = 6;

/// What stands between a number and its extension, in lower case.
const EXTENSIONS: &[&str] = &[
    // A longer name stands before the one that it begins with.
    "extension",
    "extensión",
    "extensão",
    "extensao",
    "ext",
    "x",
    "#",
    "durchwahl",
    "dw",
    "poste",
    "interno",
    "int",
    "ramal",
    "anexo",
    "toestel",
    "tst",
    "wewnętrzny",
    "wewn",
    "wew",
    "内線",
    "分机",
    "تحويلة",
];

const CURRENCIES: &str = "$\u{20ac}\u{a3}\u{a5}\u{20b9}\u{20bd}\u{20a9}\u{20ba}\u{20aa}\u{e3f}\u{20ab}";
/// What is counted so, money first.
const COUNTED: &[&str] = &[
    "eur",
    "euro",
    "euros",
    "usd",
    "dollar",
    "dollars",
    "gbp",
    "pounds",
    "chf",
    "franken",
    "francs",
    "pln",
    "zł",
    "zlotych",
    "złotych",
    "reais",
    "brl",
    "jpy",
    "yen",
    "cny",
    "rmb",
    "inr",
    "rs",
    "rupees",
    "sek",
    "nok",
    "dkk",
    "kr",
    "aed",
    "sar",
    "pesos",
    "ريال",
    "درهم",
    "دولار",
    "views",
    "users",
    "people",
    "visitors",
    "customers",
    "followers",
    "likes",
    "units",
    "downloads",
    "km",
    "nutzer",
    "personen",
    "personnes",
    "personas",
    "persone",
    "pessoas",
    "mensen",
    "osób",
];

/// A number as it is kept: in the digits of ASCII, without signs that nobody sees, its extension behind it.
pub fn typed(text: &str) -> Option<String> {
    let chars = Plain::of(text).numeric();
    let text: String = chars.iter().collect();
    let text = text.trim();
    let scheme = text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("tel:")).map_or(0, str::len);
    let chars: Vec<char> = text[scheme..].trim_start().chars().collect();
    let plus = usize::from(chars.first() == Some(&'+'));
    let signs = chars[plus..].iter().take_while(|c| c.is_ascii_digit() || separator(**c)).count();
    let end = trimmed(&chars, 0, plus + signs).end;
    let number: String = chars[..end].iter().collect();
    let digits = number.chars().filter(char::is_ascii_digit).count();
    if !(DIGITS_MIN..=DIGITS_MAX).contains(&digits) || number.len() > 2 * DIGITS_MAX + 2 {
        return None;
    }
    match extension(&chars, end) {
        Some((extension, last)) if last == chars.len() => Some(format!("{number} {extension}")),
        None if plus + signs == chars.len() => Some(number),
        _ => None,
    }
}

/// The first number in the text, as it is kept, and where it stands.
pub fn first(plain: &Plain) -> Option<(String, Range<usize>)> {
    let chars = plain.numeric();
    let mut at = 0;
    while at < chars.len() {
        if !opens(&chars, at) {
            at += 1;
            continue;
        }
        let end = run_end(&chars, at);
        if let Some(found) = number_in(&chars, at, end) {
            return Some(found);
        }
        at = end;
    }
    None
}

fn opens(chars: &[char], at: usize) -> bool {
    let digit = |n: usize| chars.get(n).is_some_and(char::is_ascii_digit);
    match chars[at] {
        '+' => digit(at + 1) || matches!(chars.get(at + 1), Some('(' | ' ')) && digit(at + 2),
        '(' => digit(at + 1) || matches!(chars.get(at + 1), Some('(' | '+')) && digit(at + 2),
        c => c.is_ascii_digit(),
    }
}

/// Where the run of digits and separators from `at` ends; what a number would not hold ends it too.
fn run_end(chars: &[char], at: usize) -> usize {
    let mut end = at + 1;
    let mut digits = usize::from(chars[at].is_ascii_digit());
    let mut bracket = chars[at] == '(';
    while let Some(&c) = chars.get(end) {
        let wide = c == ' ' && matches!(chars[end - 1], ' ' | '.');
        // A whole number before a stroke: behind it begins another.
        let another = c == '/' && digits >= DIGITS_MIN;
        let plus = c == '+' && chars[end - 1] == '(';
        if wide || another || c == '(' && bracket || !(c.is_ascii_digit() || separator(c) || plus) {
            break;
        }
        digits += usize::from(c.is_ascii_digit());
        bracket |= c == '(';
        end += 1;
    }
    end
}

fn number_in(chars: &[char], start: usize, end: usize) -> Option<(String, Range<usize>)> {
    let range = trimmed(chars, start, end);
    let number: String = chars[range.clone()].iter().collect();
    let extension = extension(chars, range.end);
    let tail = extension.as_ref().map_or(range.end, |(_, length)| *length);
    if is_part(chars, range.start, tail) || is_sum(chars, &range) || is_account(chars, range.start) {
        return None;
    }
    let digits = number.chars().filter(char::is_ascii_digit).count();
    // The signs that one dials to leave a country are no part of the number.
    let most = if number.starts_with("00") || number.starts_with("011") { DIGITS_MAX + 3 } else { DIGITS_MAX };
    let named = || named(chars, range.start, tail);
    let fits = (DIGITS_MIN..=most).contains(&digits)
        && match shape(&number) {
            Shape::Sure => named() != Named::Other,
            Shape::Likely => matches!(named(), Named::Phone | Named::Nothing),
            Shape::Unclear => named() == Named::Phone,
            Shape::Never => false,
        };
    let kept = match extension {
        Some((extension, _)) => format!("{number} {extension}"),
        None => number,
    };
    fits.then_some((kept, range.start..tail))
}

/// Without separators at its ends, and without brackets that close outside of it or hold all of it.
fn trimmed(chars: &[char], start: usize, end: usize) -> Range<usize> {
    let mut range = start..end;
    loop {
        let run = &chars[range.clone()];
        let count = |sign: char| run.iter().filter(|c| **c == sign).count();
        let (opened, closed) = (count('('), count(')'));
        match (run.first(), run.last()) {
            (_, Some(last)) if separator(*last) && (*last != ')' || closed > opened) => range.end -= 1,
            (Some('('), _) if opened > closed => range.start += 1,
            (Some('('), Some(')')) if closed == 1 => range = range.start + 1..range.end - 1,
            _ => return range,
        }
    }
}

/// Whether it is a part of something longer: a word, a sum, a path, a name on a list.
fn is_part(chars: &[char], start: usize, end: usize) -> bool {
    let at = |n: Option<usize>| n.and_then(|n| chars.get(n)).copied().unwrap_or(' ');
    let (second, before) = (at(start.checked_sub(2)), at(start.checked_sub(1)));
    let (behind, next) = (at(Some(end)), at(Some(end + 1)));
    let continues = match before {
        ',' | '.' | ':' | '\'' | '+' => second.is_ascii_digit(),
        '-' | '/' | '=' | '~' => is_word(second),
        '#' | '%' | '@' | '_' | '\u{2116}' | '\u{a7}' | '\u{3012}' | '\u{7b2c}' => true,
        before => is_word(before),
    };
    let goes_on = match behind {
        ',' | '.' | ':' | '\'' => next.is_ascii_digit(),
        // A code goes on in capitals, a sentence does not.
        '-' => next.is_uppercase(),
        '%' | '_' | '@' | '=' | '\u{b0}' => true,
        behind => is_word(behind) || counts(behind),
    };
    continues || goes_on
}

/// A letter that makes a word of what stands beside it. Scripts without spaces, and those that join small words, do not.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() && (c < '\u{250}' || matches!(c, '\u{370}'..='\u{5ff}'))
}

/// What Chinese, Japanese and Korean count with.
fn counts(c: char) -> bool {
    "円元圓원年月日時点點人個个件本枚台回万萬億亿개명년월일시억만歳才歲岁".contains(c)
}

/// Whether a sum of money or of something else is told: "€ 555 012 345", "5550123456 views".
fn is_sum(chars: &[char], range: &Range<usize>) -> bool {
    let before: String = chars[range.start.saturating_sub(9)..range.start].iter().collect();
    let behind: String = chars[range.end..chars.len().min(range.end + 12)].iter().collect();
    let (before, behind) = (before.trim_end(), behind.trim_start());
    let named = |text: Option<&str>| {
        let word = text.unwrap_or_default().trim_matches(|c: char| !c.is_alphabetic()).to_lowercase();
        COUNTED.contains(&word.as_str())
    };
    before.ends_with(|c| CURRENCIES.contains(c))
        || behind.starts_with(|c| CURRENCIES.contains(c))
        || named(before.rsplit(' ').next())
        || named(behind.split(' ').next())
}

/// The letters of a bank before it: "NL91 ABNA 0417 1643 00".
fn is_account(chars: &[char], start: usize) -> bool {
    let before: String = chars[start.saturating_sub(10)..start].iter().collect();
    let mut words = before.split(' ').rev().skip(1);
    let bank = words.next().is_some_and(|word| word.len() == 4 && word.bytes().all(|c| c.is_ascii_uppercase()));
    let country = words.next().is_some_and(|word| word.len() == 4 && word.bytes().skip(2).all(|c| c.is_ascii_digit()));
    bank && country
}

/// The extension that follows a number at `at`, as it is kept, and where it ends.
fn extension(chars: &[char], at: usize) -> Option<(String, usize)> {
    let skip = |at: usize, signs: &[char]| at + chars[at..].iter().take_while(|c| signs.contains(c)).count();
    let from = skip(at, &[' ', ',', ';', '(', '-', '/']);
    let rest: String = chars[from..].iter().take(12).flat_map(|c| c.to_lowercase()).collect();
    let name = EXTENSIONS.iter().find(|name| rest.starts_with(**name))?;
    let digits = skip(from + name.chars().count(), &[' ', '.', ':', '=', '-']);
    let count = chars[digits..].iter().take_while(|c| c.is_ascii_digit()).count();
    let end = digits + count;
    let clean = chars.get(end).is_none_or(|c| !is_word(*c));
    let number: String = chars[digits..end].iter().collect();
    let closing = usize::from(chars[at..from].contains(&'(') && chars.get(end) == Some(&')'));
    ((1..=EXTENSION_DIGITS_MAX).contains(&count) && clean).then(|| (format!("ext. {number}"), end + closing))
}

pub const fn separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')
}
