//! Bodies of requests, read within bounds of bytes, time and values; large ones only a few at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::domain::json::{self, Unreadable};
use crate::web::App;
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};

/// Fifty thousand characters, each written as twelve bytes of escapes, and room beside them.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Twenty agents of that size.
pub const BULK_BYTES_MAX: usize = 16 * BODY_BYTES_MAX;
/// A larger body takes one of a few places, and is taken apart on a thread that serves no sockets.
const SMALL_BYTES_MAX: usize = 64 * 1024;
const DROPPED_BYTES_MAX: usize = 16 * BODY_BYTES_MAX;
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// Large bodies in memory at once, and how many of them one account may have.
const LARGE_MAX: usize = 4;
const LARGE_EACH_MAX: usize = 2;
/// Of those, how many are taken apart at the same time.
const PARSED_AT_ONCE_MAX: usize = 2;
/// Whoever gets no place by then is asked to come again.
const PLACE_TIMEOUT: Duration = Duration::from_secs(5);

/// The places of large bodies.
pub struct Bodies {
    places: Arc<Semaphore>,
    of_sender: Mutex<HashMap<String, Arc<Semaphore>>>,
    parsers: Arc<Semaphore>,
}

/// Given back when the body has been taken apart.
struct Place(#[expect(dead_code, reason = "held, not looked at")] (OwnedSemaphorePermit, OwnedSemaphorePermit));

/// A body that has been read to its end.
#[derive(Clone)]
pub struct Whole {
    pub bytes: Bytes,
    #[expect(dead_code, reason = "held, not looked at")]
    place: Option<Arc<Place>>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(LARGE_MAX)),
            of_sender: Mutex::default(),
            parsers: Arc::new(Semaphore::new(PARSED_AT_ONCE_MAX)),
        }
    }
}

impl Bodies {
    /// Reads a body; `sender` names whose places it takes if it is large.
    pub async fn read(&self, body: Body, sender: &str, bytes_max: usize) -> Result<Whole> {
        let read = timeout(READ_TIMEOUT, self.collect(body, sender, bytes_max)).await;
        read.map_err(|_| ApiError::request_timeout())?
    }

    /// What is too large is read on for a while and dropped: a client that is still writing would not see the refusal.
    async fn collect(&self, mut body: Body, sender: &str, bytes_max: usize) -> Result<Whole> {
        let (mut kept, mut place) = (BytesMut::new(), None);
        while let Some(data) = next_data(&mut body).await? {
            if kept.len() + data.len() > bytes_max {
                drop((kept, place));
                drop_rest(body);
                return Err(ApiError::payload_too_large(bytes_max));
            }
            if place.is_none() && kept.len() + data.len() > SMALL_BYTES_MAX {
                place = Some(Arc::new(self.place(sender).await?));
            }
            kept.extend_from_slice(&data);
        }
        Ok(Whole { bytes: kept.freeze(), place })
    }

    async fn place(&self, sender: &str) -> Result<Place> {
        let own = self.places_of(sender);
        let both = async { Some(Place((own.acquire_owned().await.ok()?, self.places.clone().acquire_owned().await.ok()?))) };
        timeout(PLACE_TIMEOUT, both).await.ok().flatten().ok_or_else(ApiError::unavailable)
    }

    fn places_of(&self, sender: &str) -> Arc<Semaphore> {
        let mut of_sender = self.of_sender.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody holds or waits for.
        of_sender.retain(|_, places| Arc::strong_count(places) > 1);
        of_sender.entry(sender.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(LARGE_EACH_MAX))).clone()
    }

    /// Takes a body apart: a small one at once, a large one off the async threads, and few of those at a time.
    pub async fn parse<T: Send + 'static>(&self, whole: Whole, parse: impl FnOnce(&[u8]) -> T + Send + 'static) -> Result<T> {
        if whole.bytes.len() <= SMALL_BYTES_MAX {
            return Ok(parse(&whole.bytes));
        }
        let parser = self.parsers.clone().acquire_owned().await.map_err(|_| ApiError::unavailable())?;
        let parsing = tokio::task::spawn_blocking(move || {
            // Held by the work: it goes on when whoever sent the body hangs up.
            let _held = parser;
            parse(&whole.bytes)
        });
        parsing.await.map_err(|_| ApiError::internal())
    }
}

async fn next_data(body: &mut Body) -> Result<Option<Bytes>> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::bad_request("The request body is incomplete."))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// Reads on what a client still sends that is refused already, or it would not see the refusal; nothing of it is kept.
pub fn drop_rest(mut body: Body) {
    if body.is_end_stream() {
        return;
    }
    tokio::spawn(timeout(READ_TIMEOUT, async move {
        let mut dropped = 0;
        while let Ok(Some(data)) = next_data(&mut body).await {
            dropped += data.len();
            if dropped > DROPPED_BYTES_MAX {
                return;
            }
        }
    }));
}

/// A body that is a JSON object of at most `MAX` bytes.
pub struct Object<const MAX: usize = BODY_BYTES_MAX>(pub Map<String, Value>);

impl<const MAX: usize> FromRequest<App> for Object<MAX> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            drop_rest(body);
            return Err(ApiError::unsupported_media_type());
        }
        let whole = match parts.extensions.remove::<Whole>() {
            Some(whole) if whole.bytes.len() > MAX => return Err(ApiError::payload_too_large(MAX)),
            // Whoever came before has read it already.
            Some(whole) => whole,
            None => {
                let sender = parts.extensions.get::<ApiCaller>().ok_or_else(ApiError::unauthorized)?;
                app.bodies.read(body, sender.account.id.as_str(), MAX).await?
            }
        };
        app.bodies.parse(whole, object).await?.map(Self)
    }
}

pub fn object(bytes: &[u8]) -> Result<Map<String, Value>> {
    json::object(bytes).map_err(|unreadable| {
        let message = format!("The request body {unreadable}.");
        match unreadable {
            Unreadable::TooManyValues => ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", message),
            _ => ApiError::bad_request(message),
        }
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn large() -> Body {
        Body::from(vec![b' '; SMALL_BYTES_MAX + 1])
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
    }

    #[test]
    fn an_account_takes_no_more_than_its_share_of_the_places() {
        runtime().block_on(async {
            let bodies = Bodies::default();
            let read = |sender: &'static str| bodies.read(large(), sender, BODY_BYTES_MAX);
            let held = [read("a").await.unwrap(), read("a").await.unwrap()];
            assert_eq!(read("a").await.map(|_| ()).unwrap_err().status.as_u16(), 503);
            let others = [read("b").await.unwrap(), read("c").await.unwrap()];
            assert_eq!(read("d").await.map(|_| ()).unwrap_err().status.as_u16(), 503);
            assert!(bodies.read(Body::from("{}"), "d", BODY_BYTES_MAX).await.is_ok());
            drop((held, others));
            assert!(read("d").await.is_ok());
            assert!(bodies.of_sender.lock().unwrap().len() <= 4);
        });
    }

    #[test]
    fn a_body_that_is_passed_on_keeps_its_place_until_it_is_taken_apart() {
        runtime().block_on(async {
            let bodies = Bodies::default();
            let whole = bodies.read(large(), "a", BODY_BYTES_MAX).await.unwrap();
            let passed_on = whole.clone();
            drop(whole);
            assert_eq!(bodies.places.available_permits(), LARGE_MAX - 1);
            assert!(bodies.parse(passed_on, object).await.unwrap().is_err());
            assert_eq!(bodies.places.available_permits(), LARGE_MAX);
        });
    }

    #[test]
    fn too_many_values_are_told_from_what_is_no_json() {
        let refused = |text: String| object(text.as_bytes()).map(|_| ()).unwrap_err();
        assert_eq!(refused(format!("{{\"a\":[{}0]}}", "0,".repeat(1_000_000))).code, "validation_error");
        assert_eq!(refused(r#"{"a":1,"a":2}"#.into()).code, "bad_request");
        assert_eq!(refused("[]".into()).message, "The request body must be a JSON object.");
    }
}
