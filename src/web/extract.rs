//! Bodies, query strings and path ids, read so that every failure is answered in our own words.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::domain::id::Identifier;
use crate::domain::input::text_of_form;
use crate::domain::page::{CURSOR, LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX, Page, WORDS};
use crate::domain::time::Time;
use crate::domain::{Invalid, Rejection};
use crate::storage;
use crate::web::error::{ApiError, Result};

/// Fifty thousand characters, each written as twelve bytes of escapes, and room beside them.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Twenty agents of that size.
pub const BULK_BYTES_MAX: usize = 16 * BODY_BYTES_MAX;
const DROPPED_BYTES_MAX: usize = 16 * BODY_BYTES_MAX;
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// A body that is a JSON object of at most `MAX` bytes.
pub struct Object<const MAX: usize = BODY_BYTES_MAX>(pub Map<String, Value>);

impl<S: Send + Sync, const MAX: usize> FromRequest<S> for Object<MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(ApiError::unsupported_media_type());
        }
        let bytes = read_body(request.into_body(), MAX).await?;
        object(&bytes).map(Self)
    }
}

/// An endpoint that takes no body still reads what was sent, so that the connection can be used again.
pub async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes> {
    let read = tokio::time::timeout(BODY_TIMEOUT, collect(body, bytes_max)).await;
    read.map_err(|_| ApiError::request_timeout())?
}

/// What is too large is read on for a while and dropped: a client that is still writing would not see the refusal.
async fn collect(mut body: Body, bytes_max: usize) -> Result<Bytes> {
    let (mut kept, mut seen) = (BytesMut::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::bad_request("The body broke off."))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= bytes_max {
            kept.extend_from_slice(&data);
        } else if seen > bytes_max + DROPPED_BYTES_MAX {
            break;
        } else {
            kept = BytesMut::new();
        }
    }
    if seen > bytes_max { Err(ApiError::payload_too_large(bytes_max)) } else { Ok(kept.freeze()) }
}

pub fn object(bytes: &[u8]) -> Result<Map<String, Value>> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match value {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::bad_request("The body must be a JSON object.")),
        Err(error) if error.is_data() => Err(ApiError::bad_request("The body names a key twice.")),
        Err(error) => {
            let message = format!("The body is not valid JSON (line {}, column {}).", error.line(), error.column());
            Err(ApiError::bad_request(message))
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = text.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

/// Reads any JSON value, but refuses a key that stands twice in one object: which of the two was meant?
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Self)?;
            if object.insert(key, value).is_some() {
                return Err(de::Error::custom("duplicate key"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// What `?status=` may say of a list's rows.
pub trait Statuses {
    const ALL: &'static [&'static str];
    /// Whether `?q=` searches the list; where it does not, it is ignored like any unknown parameter.
    const SEARCHED: bool = false;
}

/// `?limit=&offset=&since=&after=&status=&q=` of a list whose rows have the statuses of `S`.
pub struct Paged<S>(pub Page, pub PhantomData<S>);

impl<S: Statuses, T: Send + Sync> FromRequestParts<T> for Paged<S> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &T) -> Result<Self> {
        let mut failures = Vec::new();
        let page = page(parts.uri.query().unwrap_or_default(), S::ALL, S::SEARCHED, &mut failures);
        if failures.is_empty() {
            return Ok(Self(page, PhantomData));
        }
        Err(Rejection { lacks_required: false, failures }.into())
    }
}

fn page(query: &str, statuses: &[&'static str], searched: bool, failures: &mut Vec<Invalid>) -> Page {
    let mut page = Page::first(LIMIT_DEFAULT);
    let mut seen = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let read = match name.as_ref() {
            "limit" => whole(&value, 1, LIMIT_MAX).map(|limit| page.limit = limit),
            "offset" => whole(&value, 0, OFFSET_MAX).map(|offset| page.offset = offset),
            "since" => instant(&value).map(|since| page.since = Some(since)),
            "after" => text_of_form(&value, &CURSOR).map(|after| page.after = Some(after)),
            "q" if searched => text_of_form(&value, &WORDS).map(|words| page.filter.words = Some(words)),
            "status" => one_of(&value, statuses).map(|status| page.filter.status = Some(status)),
            _ => continue,
        };
        let read = if seen.contains(&name) { Err("must be given once".to_owned()) } else { read };
        if let Err(message) = read {
            failures.push(Invalid::new(name.as_ref(), message));
        }
        seen.push(name);
    }
    page
}

fn one_of(text: &str, statuses: &[&'static str]) -> std::result::Result<&'static str, String> {
    let found = statuses.iter().find(|status| **status == text);
    found.copied().ok_or_else(|| format!("must be one of {}", statuses.join(", ")))
}

/// A cursor that names no row of the list.
pub fn unknown_cursor(error: storage::Error) -> ApiError {
    match error {
        storage::Error::NotFound => Rejection::one("after", "must be the id of a row of this list").into(),
        other => other.into(),
    }
}

fn whole(text: &str, least: i64, most: i64) -> std::result::Result<i64, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (least..=most).contains(number));
    number.ok_or_else(|| match most {
        OFFSET_MAX => format!("must be a whole number from {least}"),
        _ => format!("must be a whole number from {least} to {most}"),
    })
}

fn instant(text: &str) -> std::result::Result<Time, String> {
    Time::parse(text).ok_or_else(|| {
        let hint = if text.contains(' ') { "; write the + of an offset as %2B" } else { "" };
        format!("must be an ISO 8601 timestamp such as 2026-03-01T00:00:00Z{hint}")
    })
}

/// The id in a path; another form than ours is simply not found.
pub fn path_id<I: Identifier>(params: &RawPathParams, name: &str, missing: fn() -> ApiError) -> Result<I> {
    let found = params.iter().find(|(param, _)| *param == name);
    found.and_then(|(_, value)| I::parse(value)).ok_or_else(missing)
}

/// An answer in JSON.
pub struct Json<T>(pub T);

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                ApiError::internal().into_response()
            }
        }
    }
}

/// The cursor behind a full page; a page that is not full is the last one.
pub fn next_after<T, I: Clone>(rows: &[T], limit: i64, id: impl Fn(&T) -> &I) -> Option<I> {
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= limit);
    rows.last().filter(|_| is_full).map(|row| id(row).clone())
}

/// What is left of a deleted resource.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Deleted {
    id: String,
    deleted: bool,
}

impl Deleted {
    pub fn new(id: impl ToString) -> Self {
        Self { id: id.to_string(), deleted: true }
    }
}

/// A resource that now exists, with the address where it can be found.
pub struct Created<T> {
    pub location: String,
    pub body: T,
}

impl<T> Created<T> {
    /// As an answer is kept under an `Idempotency-Key`.
    pub fn parts(self) -> (StatusCode, Option<String>, T) {
        (StatusCode::CREATED, Some(self.location), self.body)
    }
}

impl<T: serde::Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, [(header::LOCATION, self.location)], Json(self.body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_json_object_is_a_body() {
        let refused = |text: &[u8]| object(text).unwrap_err().code;
        for wrong in [
            "{\"name\":",
            "[1",
            "",
            "null",
            "[]",
            "\"x\"",
            "{}x",
            "\u{feff}{}",
            "{\"a\":NaN}",
            "{'a':1}",
            r#"{"a":1,"a":2}"#,
            r#"{"a":"\ud800"}"#,
        ] {
            assert_eq!(refused(wrong.as_bytes()), "bad_request", "{wrong}");
        }
        assert_eq!(refused(b"{\"a\":\"\xff\"}"), "bad_request");
        assert_eq!(refused("[".repeat(100_000).as_bytes()), "bad_request");
        assert_eq!(object(br#"{"a":{"b":[1,2.5,null,true]}}"#).unwrap()["a"]["b"][1], 2.5);
    }

    #[test]
    fn a_page_is_read_to_the_letter() {
        let read = |query| {
            let mut failures = Vec::new();
            let page = page(query, &["active"], true, &mut failures);
            (page, failures.len())
        };
        assert_eq!(read("").0, Page::first(25));
        assert_eq!(read("limit=100&offset=7&other=1"), (Page { offset: 7, ..Page::first(100) }, 0));
        for wrong in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=abc",
            "limit=1e3",
            "limit=99999999999999999999",
            "offset=-1",
            "offset=9223372036854775808",
            "limit=1&limit=2",
            "since=yesterday",
            "status=open",
            "q=",
            "since=2026-03-01T00:00:00+02:00",
            "limit=",
        ] {
            assert_eq!(read(wrong).1, 1, "{wrong}");
        }
    }
}
