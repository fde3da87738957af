//! Finds a visitor's e-mail address, phone number and name in free text, and judges those typed into a form.

mod east;
mod email;
mod name;
mod nouns;
mod phone;
mod plain;
mod shape;

use std::ops::Range;

use crate::domain::contact::plain::Plain;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contact {
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// The first address and the first number in the text.
pub fn find(text: &str) -> Contact {
    let found = Found::of(text);
    Contact { email: found.email.map(|(address, _)| address), phone: found.phone.map(|(number, _)| number) }
}

/// The text with the details that [`find`] finds taken out; the same text where there are none.
pub fn without(text: &str) -> String {
    let Found { email, phone } = Found::of(text);
    let mut places: Vec<Range<usize>> = email.into_iter().chain(phone).map(|(_, place)| place).collect();
    places.sort_by_key(|place| place.start);
    let mut rest = text.to_owned();
    places.into_iter().rev().for_each(|place| rest.replace_range(place, " "));
    rest
}

/// What a visitor who leaves contact details is called, if the message says so.
pub fn name(text: &str) -> Option<String> {
    name::find(text)
}

pub fn email(text: &str) -> bool {
    email::is_address(text)
}

/// An address as a person types or copies it, as it is kept.
pub fn typed_email(text: &str) -> Option<String> {
    let plain: String = Plain::of(text).chars.into_iter().collect();
    let address = plain.trim().trim_start_matches('<').trim_end_matches(['>', '.', ',', ';']);
    let scheme = address.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).map_or(0, str::len);
    Some(address[scheme..].trim()).filter(|address| email(address)).map(str::to_owned)
}

/// A number as a person types or copies it, as it is kept.
pub fn typed_phone(text: &str) -> Option<String> {
    phone::typed(text)
}

/// Each with the bytes that it takes of the text.
struct Found {
    email: Option<(String, Range<usize>)>,
    phone: Option<(String, Range<usize>)>,
}

impl Found {
    fn of(text: &str) -> Self {
        // Most texts hold neither, and this is asked of every passage of the knowledge.
        if !text.contains(['@', '\u{ff20}']) && !text.chars().any(|c| plain::ascii_digit(c).is_some()) {
            return Self { email: None, phone: None };
        }
        let mut plain = Plain::of(text);
        plain.blank_links();
        let email = email::take(&mut plain);
        let phone = phone::first(&plain);
        let placed = |(detail, place): (String, Range<usize>)| (detail, plain.bytes(&place));
        Self { email: email.map(placed), phone: phone.map(placed) }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod name_tests;
#[cfg(test)]
mod phone_tests;
