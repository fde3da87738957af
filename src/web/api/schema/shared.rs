//! Parameters, headers and failures that many operations have, and how a caller proves who it is.

use serde_json::{Map, Value, json};

use crate::domain::id::{AgentId, ConversationId, DeliveryId, Identifier, KnowledgeId, LeadId, VisitorId, WebhookId};
use crate::web::error::ApiError;

/// On every answer to a caller that is known.
pub const HEADERS_ALWAYS: [&str; 4] = ["X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];
const HEADERS_OF_STRANGERS: &[&str] = &["X-Request-Id"];

pub fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

pub fn response(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

pub fn header(name: &str) -> (String, Value) {
    (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
}

pub fn components() -> Map<String, Value> {
    let parts =
        [("parameters", parameters()), ("headers", headers()), ("responses", responses()), ("securitySchemes", security())];
    parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
}

fn security() -> Value {
    json!({ "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "cfk_…",
        "description": "An API key of the account, from the dashboard or from `chatforge key create`.",
    }})
}

fn parameters() -> Value {
    json!({
        "agent": id::<AgentId>("agent", "The agent's id."),
        "entry": id::<KnowledgeId>("entry", "The id of the entry."),
        "conversation": id::<ConversationId>("conversation", "The conversation's id."),
        "lead": id::<LeadId>("lead", "The lead's id."),
        "visitor": id::<VisitorId>("visitor", "The visitor's id."),
        "webhook": id::<WebhookId>("webhook", "The webhook's id."),
        "delivery": id::<DeliveryId>("delivery", "The delivery's id."),
        "Idempotency-Key": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A name for this request, drawn at random. The same request under the same name takes effect once; \
                            for 24 hours it gets its first answer again.",
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": 255,
                "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
            },
            "example": "4f6b1c1e-0d3a-4c0e-9a52-3f6f1b8a7c11",
        },
        "If-None-Match": {
            "name": "If-None-Match",
            "in": "header",
            "description": "The `ETag` of an earlier answer; if nothing has changed since, the answer is an empty 304.",
            "schema": { "type": "string" },
        },
    })
}

fn id<I: Identifier>(name: &str, about: &str) -> Value {
    let kind = std::any::type_name::<I>().rsplit("::").next().unwrap_or_default();
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": about,
        "schema": { "$ref": format!("#/components/schemas/{kind}") },
    })
}

fn headers() -> Value {
    let text = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    let number = |about: &str| json!({ "description": about, "schema": { "type": "integer", "minimum": 0 } });
    json!({
        "X-Request-Id": text("Names this request in the server's log. A well-formed one that was sent is kept."),
        "X-RateLimit-Limit": number("Requests that the key may make in a minute."),
        "X-RateLimit-Remaining": number("Requests that may follow within this minute."),
        "X-RateLimit-Reset": number("When there is room again, in seconds since 1970 (UTC)."),
        "Retry-After": number("After how many seconds to try again."),
        "ETag": text("Names the content of this answer, for `If-None-Match`."),
        "Idempotent-Replayed": {
            "description": "Present where this is the first answer to the `Idempotency-Key` once more.",
            "schema": { "type": "string", "const": "true" },
        },
        "WWW-Authenticate": text("`Bearer`."),
    })
}

fn responses() -> Value {
    let known = HEADERS_ALWAYS.as_slice();
    let later = [known, &["Retry-After"]].concat();
    json!({
        "NotModified": {
            "description": "Nothing has changed since the named answer.",
            "headers": headers_of(&[known, &["ETag"]].concat()),
        },
        "BadRequest": failure(
            "The body is not a JSON object, or lacks a required field; or the `Idempotency-Key` is malformed.",
            known, &ApiError::bad_request("name: is required")),
        "Unauthorized": failure("The API key is missing or not valid.",
            &[HEADERS_OF_STRANGERS, &["WWW-Authenticate"]].concat(), &ApiError::unauthorized()),
        "Forbidden": failure(
            "The key lacks the permission (`forbidden`), or the plan has no room for another active agent \
             (`plan_limit_reached`).",
            known, &ApiError::forbidden("Your API key lacks the permission agents:write.")),
        "NotFound": failure(
            "There is no such thing in this account: `agent_not_found`, `webhook_not_found`, or else `not_found`.",
            known, &ApiError::agent_not_found()),
        "RequestTimeout": failure("The body took too long to arrive.", known, &ApiError::request_timeout()),
        "Conflict": failure(
            "Something stands against it: the same webhook exists, a delivery is under way, or a request with this \
             `Idempotency-Key` is still running.",
            known, &ApiError::conflict("A webhook with this url, agent and events exists already.")),
        "PayloadTooLarge": failure("The body is too large.", known, &ApiError::payload_too_large(1_048_576)),
        "UnsupportedMediaType": failure(
            "The body is not sent as `application/json`.", known, &ApiError::unsupported_media_type()),
        "ValidationError": failure(
            "A value is wrong in type, length, range or form; `details` names each of them. `webhook_verification_failed`: the \
             webhook's address did not send the challenge back.",
            known, &validation_error()),
        "RateLimited": failure("Too many requests. The headers say when to come back.", &later, &ApiError::rate_limited(13)),
        "InternalError": failure(
            "The server failed; its log knows more, under the `X-Request-Id`.", known, &ApiError::internal()),
        "ServiceUnavailable": failure("Busy, out of disk space or shutting down.", &later, &ApiError::unavailable()),
    })
}

fn validation_error() -> ApiError {
    crate::domain::Rejection::one("color", "must be a hex colour such as #6366f1").into()
}

fn failure(about: &str, names: &[&str], example: &ApiError) -> Value {
    json!({
        "description": about,
        "headers": headers_of(names),
        "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/Error" },
            "example": { "error": example.clone().inner() },
        }},
    })
}

fn headers_of(names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| header(name)).collect()
}
