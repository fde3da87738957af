//! JSON that somebody sent: read strictly, and never more of it than is bearable.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values in one text, those inside of others counted too. Each takes some 70 bytes however short it is written, so the
/// length of a text says little about what it costs.
pub const VALUES_MAX: usize = 50_000;

/// Why a text was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("is not valid JSON (line {line}, column {column})")]
    Syntax { line: usize, column: usize },
    #[error("must be a JSON object")]
    NoObject,
    #[error("contains a duplicate key")]
    Twice,
    #[error("contains more than {VALUES_MAX} values")]
    TooManyValues,
}

pub fn object(text: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    let left = Cell::new(VALUES_MAX);
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = Strict { left: &left }.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match value {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Unreadable::NoObject),
        Err(_) if left.get() == 0 => Err(Unreadable::TooManyValues),
        Err(error) if error.is_data() => Err(Unreadable::Twice),
        Err(error) => Err(Unreadable::Syntax { line: error.line(), column: error.column() }),
    }
}

/// Reads any JSON value, but refuses a key that stands twice in one object: which of the two was meant?
#[derive(Clone, Copy)]
struct Strict<'a> {
    /// How many more values there may be.
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            return Err(de::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self)?;
            if object.insert(key, value).is_some() {
                return Err(de::Error::custom("duplicate key"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_json_object_is_read() {
        for wrong in ["{\"name\":", "[1", "", "{}x", "\u{feff}{}", "{\"a\":NaN}", "{'a':1}", r#"{"a":"\ud800"}"#] {
            assert!(matches!(object(wrong.as_bytes()), Err(Unreadable::Syntax { .. })), "{wrong}");
        }
        for wrong in ["null", "[]", "\"x\"", "1"] {
            assert_eq!(object(wrong.as_bytes()), Err(Unreadable::NoObject), "{wrong}");
        }
        assert_eq!(object(br#"{"a":1,"a":2}"#), Err(Unreadable::Twice));
        assert!(matches!(object(b"{\"a\":\"\xff\"}"), Err(Unreadable::Syntax { .. })));
        assert!(matches!(object("[".repeat(100_000).as_bytes()), Err(Unreadable::Syntax { .. })));
        assert_eq!(object(br#"{"a":{"b":[1,2.5,null,true]}}"#).unwrap()["a"]["b"][1], 2.5);
    }

    #[test]
    fn values_are_counted_whatever_their_kind_and_wherever_they_stand() {
        let fits = VALUES_MAX - 3;
        let list = |item: &str, count: usize| format!("{{\"a\":[{}]}}", vec![item; count].join(","));
        assert!(object(list("0", fits).as_bytes()).is_ok());
        for item in ["0", "null", "true", "\"\"", "1.5", "-1", "[]", "{}"] {
            assert_eq!(object(list(item, fits + 1).as_bytes()), Err(Unreadable::TooManyValues), "{item}");
        }
        for item in ["[0]", "{\"\":0}"] {
            assert_eq!(object(list(item, fits / 2 + 1).as_bytes()), Err(Unreadable::TooManyValues), "{item}");
        }
        let keys: Vec<_> = (0..VALUES_MAX).map(|n| format!("\"{n}\":0")).collect();
        assert_eq!(object(format!("{{{}}}", keys.join(",")).as_bytes()), Err(Unreadable::TooManyValues));
    }
}
