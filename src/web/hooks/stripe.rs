//! Stripe's webhook. Any answer but 200 makes Stripe send the event again, for three days.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;

use crate::billing::stripe::{self, Refused};
use crate::web::App;
use crate::web::body::{BODY_BYTES_MAX, drop_rest};
use crate::web::error::{ApiError, Result};
use crate::web::extract::Json;

#[derive(Serialize)]
pub struct Received {
    received: bool,
}

pub async fn receive(State(app): State<App>, headers: HeaderMap, body: Body) -> Result<Json<Received>> {
    let Some(signature) = signature(&headers).filter(|_| app.config.stripe.is_on()) else {
        drop_rest(body);
        return Err(if app.config.stripe.is_on() { Refused::Forged } else { Refused::Off }.into());
    };
    let body = app.bodies.read(body, "stripe", BODY_BYTES_MAX).await?;
    stripe::receive(&app.store, &app.config.stripe, signature, &body.bytes, app.world.now()).await?;
    Ok(Json(Received { received: true }))
}

/// The one header of this name.
fn signature(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all("stripe-signature").iter();
    let (Some(value), None) = (sent.next(), sent.next()) else { return None };
    value.to_str().ok()
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Off => Self::not_found(),
            Refused::Forged => Self::bad_request(
                "The Stripe-Signature is missing, older than five minutes, or does not match [stripe] webhook_secrets.",
            ),
            Refused::Unreadable => Self::bad_request("The body is not a known Stripe event."),
            Refused::OtherMode => Self::bad_request("The event's livemode does not match [stripe] mode."),
            Refused::Failed(error) => error.into(),
        }
    }
}
