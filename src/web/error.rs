//! Failures as callers see them: one JSON body for every one of them, and no words from inside.

use std::any::Any;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{Invalid, Rejection};
use crate::storage;

pub type Result<T> = std::result::Result<T, ApiError>;

/// Seconds after which a caller that met a busy server may try again.
const RETRY_SECONDS: i64 = 5;
/// A person has to come first.
const RETRY_DAMAGED_SECONDS: i64 = 60;

#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub details: Vec<Invalid>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub struct Body {
    error: Inner,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub struct Inner {
    /// For programs: stable, while messages may be reworded.
    code: &'static str,
    /// For people.
    message: String,
    /// The HTTP status once more.
    status: u16,
    /// Every field that was wrong; left out where no field is to blame.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<Detail>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = InvalidField)]
pub struct Detail {
    /// Where it stands in the request, such as `agents[2].color`.
    field: String,
    message: String,
}

impl Detail {
    pub fn new(invalid: &Invalid) -> Self {
        Self { field: invalid.field.clone(), message: invalid.message.clone() }
    }
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    pub fn with(mut self, name: HeaderName, value: impl ToString) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.headers.push((name, value));
        }
        self
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// The same words whatever was wrong with the key, so that nothing can be learned from them.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Missing or invalid API key.")
            .with(header::WWW_AUTHENTICATE, "Bearer")
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub fn plan_limit(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "plan_limit_reached", message)
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "The requested resource does not exist.")
    }

    pub fn agent_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "agent_not_found", "No agent found with the given ID.")
    }

    pub fn webhook_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "webhook_not_found", "No webhook found with the given ID.")
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub fn request_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request body took too long to arrive.")
    }

    pub fn payload_too_large(bytes_max: usize) -> Self {
        let message = format!("The request body is larger than {bytes_max} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
    }

    pub fn unsupported_media_type() -> Self {
        let message = "Send the body as application/json in UTF-8.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    pub fn rate_limited(retry_seconds: i64) -> Self {
        let unit = if retry_seconds == 1 { "second" } else { "seconds" };
        let message = format!("Too many requests. Try again in {retry_seconds} {unit}.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message).with(header::RETRY_AFTER, retry_seconds)
    }

    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "An unexpected server error occurred. Please retry.")
    }

    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", "The service is temporarily unavailable. Please retry.")
            .with(header::RETRY_AFTER, RETRY_SECONDS)
    }

    pub fn damaged() -> Self {
        let message = "The service is unavailable until its operator has restored the database.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "service_unavailable", message)
            .with(header::RETRY_AFTER, RETRY_DAMAGED_SECONDS)
    }

    pub fn inner(self) -> Inner {
        let details = self.details.iter().map(Detail::new).collect();
        Inner { code: self.code, message: self.message, status: self.status.as_u16(), details }
    }

    /// For a caller that knows which resource a `NotFound` of the store means.
    pub fn or_missing(error: storage::Error, missing: Self) -> Self {
        match error {
            storage::Error::NotFound => missing,
            other => other.into(),
        }
    }
}

impl From<storage::Error> for ApiError {
    fn from(error: storage::Error) -> Self {
        match error {
            storage::Error::NotFound => Self::not_found(),
            storage::Error::Conflict => Self::conflict("A resource with the same unique identifier already exists."),
            storage::Error::LimitReached => Self::plan_limit("Your plan's limit is reached."),
            storage::Error::TooMuchKnowledge(reason) => Rejection::one("content", reason).into(),
            storage::Error::Busy => Self::unavailable(),
            storage::Error::Disk(_) => {
                tracing::error!(%error, "the store cannot write");
                Self::unavailable()
            }
            // Told of once, where it was found.
            storage::Error::Corrupt(_) => Self::damaged(),
            _ => {
                tracing::error!(%error, "the store failed");
                Self::internal()
            }
        }
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        let (status, code) = if rejection.lacks_required {
            (StatusCode::BAD_REQUEST, "bad_request")
        } else {
            (StatusCode::UNPROCESSABLE_ENTITY, "validation_error")
        };
        let mut error = Self::new(status, code, rejection.summary());
        error.details = rejection.failures;
        error
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, headers) = (self.status, self.headers.clone());
        let body = serde_json::to_vec(&Body { error: self.inner() }).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        response.headers_mut().extend(headers);
        response
    }
}

pub async fn unknown_path() -> ApiError {
    ApiError::not_found()
}

pub async fn wrong_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This method is not supported here. See the Allow header.",
    )
}

/// The panic itself is in the log already.
pub fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal().into_response()
}
