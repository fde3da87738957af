//! The request that carries an event: the stored bytes, and headers that prove where they come from.

use crate::deliver::sign::Secrets;
use crate::domain::time::Time;
use crate::egress::Request;
use crate::storage::Claim;

pub struct Signed<'a> {
    url: &'a str,
    headers: Vec<(&'static str, String)>,
    body: &'a [u8],
}

impl Signed<'_> {
    pub fn as_request(&self, timeout_ms: u64) -> Request<'_> {
        Request { url: self.url, headers: &self.headers, body: self.body, timeout_ms }
    }
}

/// Signed with the secret, and during a rotation with the next one too.
pub fn of<'a>(claim: &'a Claim, secrets: &Secrets, at: Time) -> Signed<'a> {
    let mut headers = signatures(secrets, claim.event.as_str(), at, &claim.payload);
    headers.extend([
        ("x-chatforge-event", claim.event_type.clone()),
        ("x-chatforge-event-id", claim.event.to_string()),
        ("x-chatforge-delivery", claim.delivery.to_string()),
        ("x-chatforge-attempt", (claim.attempts + 1).to_string()),
    ]);
    Signed { url: &claim.url, headers, body: &claim.payload }
}

/// Both signatures over `body`: the documented one, and the triple of Standard Webhooks, which may hold several.
pub fn signatures(secrets: &Secrets, id: &str, at: Time, body: &[u8]) -> Vec<(&'static str, String)> {
    let Secrets { current: secret, next } = secrets;
    let mut signature = secret.sign_message(id, at, body);
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("x-chatforge-signature", secret.sign_body(body)),
        ("x-chatforge-timestamp", at.seconds().to_string()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.seconds().to_string()),
    ];
    if let Some(next) = next {
        headers.push(("x-chatforge-signature-next", next.sign_body(body)));
        signature = format!("{signature} {}", next.sign_message(id, at, body));
    }
    headers.push(("webhook-signature", signature));
    headers
}
