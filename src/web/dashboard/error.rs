//! The page for whatever went wrong.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use crate::storage;
use crate::web::audit::NothingDone;
use crate::web::dashboard::Page;
use crate::web::error::ApiError;

pub type Result<T> = std::result::Result<T, PageError>;

#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub status: u16,
    pub title: &'static str,
    pub message: String,
    pub request_id: String,
}

/// A failure that is shown as a page, or the way to the page that mends it.
pub enum PageError {
    SignIn,
    /// The address of the page that comes first.
    Elsewhere(String),
    /// The page that comes first.
    Shown(Box<Response>),
    Failed(ApiError),
}

impl From<ApiError> for PageError {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl From<storage::Error> for PageError {
    fn from(error: storage::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let error = match self {
            Self::SignIn => return NothingDone::by(Redirect::to("/login").into_response()),
            Self::Elsewhere(address) => return NothingDone::by(Redirect::to(&address).into_response()),
            Self::Shown(page) => return *page,
            Self::Failed(error) => error,
        };
        let page = ErrorPage {
            status: error.status.as_u16(),
            title: title(error.status),
            // The title says it all.
            message: if error.status == StatusCode::NOT_FOUND { String::new() } else { error.message },
            request_id: String::new(),
        };
        let mut response = (error.status, Page(page)).into_response();
        response.headers_mut().extend(error.headers);
        response
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "This page doesn’t exist",
        StatusCode::CONFLICT => "This isn’t possible right now",
        StatusCode::FORBIDDEN => "You don’t have access",
        StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
        StatusCode::SERVICE_UNAVAILABLE => "Temporarily unavailable",
        _ => "Something went wrong",
    }
}
