//! Reads the fields of a request body, collecting every failure instead of stopping at the first.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::domain::spelling::{likeness, nearest};
use crate::domain::unseen::turns;
use crate::domain::{Invalid, Rejection};

/// How alike a name that was sent must be to the one that is missing, and how long: nothing else is worth repeating.
const LIKENESS_MIN: f64 = 0.8;
const NAME_BYTES_MAX: usize = 40;

/// The form a text field must have; lengths are counted in Unicode scalar values.
#[derive(Clone)]
pub struct Text {
    pub chars: RangeInclusive<usize>,
    /// Line breaks and tabs are allowed, and the ends are kept as they were sent.
    pub multiline: bool,
}

pub const fn line(chars: RangeInclusive<usize>) -> Text {
    Text { chars, multiline: false }
}

pub const fn lines(chars: RangeInclusive<usize>) -> Text {
    Text { chars, multiline: true }
}

/// One JSON object being read, with the path under which its failures are named.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
    lacks_required: bool,
    failures: Vec<Invalid>,
}

impl<'a> Fields<'a> {
    pub fn new(object: &'a Map<String, Value>) -> Self {
        Self::at(object, "")
    }

    /// `path` is put before each field's name: `agents[2].` gives `agents[2].color`.
    pub fn at(object: &'a Map<String, Value>, path: &str) -> Self {
        Self { object, path: path.to_owned(), lacks_required: false, failures: Vec::new() }
    }

    pub fn fail(&mut self, field: &str, message: impl Into<String>) {
        self.failures.push(Invalid::new(format!("{}{field}", self.path), message));
    }

    /// The field, if it was sent at all; null counts as sent.
    pub fn sent(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field)
    }

    pub fn required(&mut self, field: &str) -> Option<&'a Value> {
        let value = self.sent(field).filter(|value| !value.is_null());
        if value.is_none() {
            self.lacks_required = true;
            let hint = self.misspelt(field).map(|sent| format!(" ({sent} is unknown; did you mean {field}?)"));
            self.fail(field, format!("is required{}", hint.unwrap_or_default()));
        }
        value
    }

    /// The name that was sent in the place of `field`, if one is nearly the same.
    fn misspelt(&self, field: &str) -> Option<&'a str> {
        let is_name = |sent: &str| sent.len() <= NAME_BYTES_MAX && sent.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let names = self.object.keys().map(String::as_str).filter(|sent| *sent != field && is_name(sent));
        nearest(field, names).filter(|sent| LIKENESS_MIN <= likeness(sent, field))
    }

    pub fn required_text(&mut self, field: &str, form: &Text) -> String {
        let value = self.required(field);
        value.and_then(|value| self.read_text(field, value, form)).unwrap_or_default()
    }

    pub fn text(&mut self, field: &str, form: &Text) -> Option<String> {
        let value = self.sent(field)?;
        self.read_text(field, value, form)
    }

    fn read_text(&mut self, field: &str, value: &Value, form: &Text) -> Option<String> {
        let read = match value {
            Value::String(text) => text_of_form(text, form),
            _ => Err("must be a string".to_owned()),
        };
        read.map_err(|message| self.fail(field, message)).ok()
    }

    /// Reads `field` with `parse`, noting its message when it fails.
    pub fn parsed<T>(&mut self, field: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let read = match self.sent(field)? {
            Value::String(text) => parse(text),
            _ => Err("must be a string".to_owned()),
        };
        read.map_err(|message| self.fail(field, message)).ok()
    }

    /// Reads the fields of an object inside this one; their failures are named with its name before theirs.
    pub fn nested<T>(&mut self, field: &str, read: impl FnOnce(&mut Fields) -> T) -> Option<T> {
        let Value::Object(object) = self.sent(field)? else {
            self.fail(field, "must be an object");
            return None;
        };
        let mut inner = Fields::at(object, &format!("{}{field}.", self.path));
        let value = read(&mut inner);
        self.lacks_required |= inner.lacks_required;
        self.failures.append(&mut inner.failures);
        Some(value)
    }

    /// Reads a list of strings, naming each failing item by its place: `events[1]`.
    pub fn list<T>(
        &mut self,
        field: &str,
        count: RangeInclusive<usize>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.sent(field)? else {
            self.fail(field, "must be a list of strings");
            return None;
        };
        if !count.contains(&items.len()) {
            self.fail(field, format!("must contain {} to {} items", count.start(), count.end()));
            return None;
        }
        let mut read = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            match item.as_str().ok_or_else(|| "must be a string".to_owned()).and_then(&parse) {
                Ok(value) => read.push(value),
                Err(message) => self.fail(&format!("{field}[{place}]"), message),
            }
        }
        Some(read)
    }

    /// Reads a list of objects, naming each failing field by its place: `knowledge[3].content`.
    pub fn objects<T>(&mut self, field: &str, count_max: usize, mut read: impl FnMut(&mut Fields) -> T) -> Option<Vec<T>> {
        let Value::Array(items) = self.sent(field)? else {
            self.fail(field, "must be a list of objects");
            return None;
        };
        if items.len() > count_max {
            self.fail(field, format!("must contain at most {count_max} items"));
            return None;
        }
        let mut objects = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let Value::Object(object) = item else {
                self.fail(&format!("{field}[{place}]"), "must be an object");
                continue;
            };
            let mut inner = Fields::at(object, &format!("{}{field}[{place}].", self.path));
            objects.push(read(&mut inner));
            self.lacks_required |= inner.lacks_required;
            self.failures.append(&mut inner.failures);
        }
        Some(objects)
    }

    /// What was wrong with a part that was read by itself, and is named with its whole path.
    pub fn fail_all(&mut self, rejection: Rejection) {
        self.lacks_required |= rejection.lacks_required;
        self.failures.extend(rejection.failures);
    }

    pub fn finish(self) -> Result<(), Rejection> {
        if self.failures.is_empty() {
            return Ok(());
        }
        Err(Rejection { lacks_required: self.lacks_required, failures: self.failures })
    }
}

/// `text` in the wanted form, or what is wrong with it. Signs that turn its direction are taken out: whoever copies from
/// a document sends them unknowingly, and they would turn what is shown beside the text.
pub fn text_of_form(text: &str, form: &Text) -> Result<String, String> {
    let straight: String = text.chars().filter(|c| !turns(*c)).collect();
    let text = if form.multiline { straight.as_str() } else { straight.trim() };
    let forbidden = |c: char| c.is_control() && !(form.multiline && matches!(c, '\n' | '\r' | '\t'));
    if text.chars().any(forbidden) {
        return Err("must not contain control characters".to_owned());
    }
    let length = text.chars().count();
    let blank = *form.chars.start() > 0 && text.trim().is_empty();
    if blank || !form.chars.contains(&length) {
        return Err(match form.chars.start() {
            0 => format!("must be at most {} characters", form.chars.end()),
            start => format!("must be {start} to {} characters", form.chars.end()),
        });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_failure_of_a_body_is_named() {
        let body = json!({"name": " ", "color": 5, "events": ["a", 1]});
        let mut fields = Fields::at(body.as_object().unwrap(), "agents[2].");
        fields.required_text("name", &line(1..=100));
        fields.text("color", &line(1..=7));
        fields.list("events", 1..=9, |text| Ok(text.to_owned()));
        let rejection = fields.finish().unwrap_err();
        let names: Vec<_> = rejection.failures.iter().map(|f| f.field.as_str()).collect();
        assert_eq!(names, ["agents[2].name", "agents[2].color", "agents[2].events[1]"]);
        assert!(!rejection.lacks_required);
    }

    #[test]
    fn null_lacks_a_required_field_and_is_wrong_for_another() {
        let body = json!({"name": null, "greeting": null});
        let mut fields = Fields::new(body.as_object().unwrap());
        fields.required_text("name", &line(1..=100));
        assert_eq!(fields.text("greeting", &line(1..=100)), None);
        let rejection = fields.finish().unwrap_err();
        assert!(rejection.lacks_required);
        assert_eq!(rejection.failures.len(), 2);
    }

    #[test]
    fn a_missing_field_names_the_misspelt_one_that_was_sent() {
        for (sent, field, says) in [
            ("nmae", "name", "is required (nmae is unknown; did you mean name?)"),
            ("Name", "name", "is required (Name is unknown; did you mean name?)"),
            ("names", "name", "is required (names is unknown; did you mean name?)"),
            ("uri", "url", "is required (uri is unknown; did you mean url?)"),
            ("event", "events", "is required (event is unknown; did you mean events?)"),
            ("contents", "content", "is required (contents is unknown; did you mean content?)"),
            ("agent_id", "agent_ids", "is required (agent_id is unknown; did you mean agent_ids?)"),
            ("greeting", "name", "is required"),
            ("color", "name", "is required"),
            ("title", "name", "is required"),
            ("name", "name", "is required"),
            ("<name>", "name", "is required"),
            ("name\n", "name", "is required"),
            ("", "name", "is required"),
        ] {
            let body = json!({ sent: null });
            let mut fields = Fields::new(body.as_object().unwrap());
            assert_eq!(fields.required(field), None);
            assert_eq!(fields.finish().unwrap_err().failures[0].message, says, "{sent}");
        }
    }

    #[test]
    fn lengths_are_scalar_values_and_controls_are_refused() {
        let fits = |text: &str| text_of_form(text, &line(1..=3)).is_ok();
        assert!(fits("😀😀😀") && fits("  abc  "));
        assert!(!fits("😀😀😀😀") && !fits("a\0") && !fits("a\nb") && !fits("  "));
        assert!(text_of_form("a\n\tb", &lines(1..=9)).is_ok());
        assert!(text_of_form("a\u{7}", &lines(1..=9)).is_err());
    }

    #[test]
    fn signs_that_turn_a_text_are_taken_out_before_it_is_judged() {
        for (text, kept) in [
            ("a\u{202e}b", Ok("ab")),
            ("\u{202b}abc\u{202c}", Ok("abc")),
            ("\u{2066} a \u{2069}", Ok("a")),
            ("\u{2067}\u{2069}", Err(())),
            ("a\u{200f}b", Ok("a\u{200f}b")),
            ("a\u{200d}b", Ok("a\u{200d}b")),
        ] {
            assert_eq!(text_of_form(text, &line(1..=3)).as_deref().map_err(|_| ()), kept, "{text:?}");
        }
    }
}
