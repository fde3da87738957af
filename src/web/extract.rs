//! Query strings and path ids, read so that every failure is answered in our own words.

use std::marker::PhantomData;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::id::Identifier;
use crate::domain::input::text_of_form;
use crate::domain::page::{CURSOR, LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX, Page, WORDS};
use crate::domain::time::Time;
use crate::domain::{Invalid, Rejection};
use crate::storage;
use crate::web::error::{ApiError, Result};

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
        let read = if seen.contains(&name) { Err("must appear only once".to_owned()) } else { read };
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
        storage::Error::NotFound => Rejection::one("after", "must be the id of a result in this list").into(),
        other => other.into(),
    }
}

fn whole(text: &str, least: i64, most: i64) -> std::result::Result<i64, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().ok().filter(|number| digits && (least..=most).contains(number));
    number.ok_or_else(|| match most {
        OFFSET_MAX => format!("must be a whole number of at least {least}"),
        _ => format!("must be a whole number from {least} to {most}"),
    })
}

fn instant(text: &str) -> std::result::Result<Time, String> {
    Time::parse(text).ok_or_else(|| {
        let hint = if text.contains(' ') { "; encode the + of the time zone offset as %2B" } else { "" };
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
                tracing::error!(%error, "a response could not be written as JSON");
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
