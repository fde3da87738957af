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
        "description": "An API key of your account, created in the dashboard or with `chatforge key create`.",
    }})
}

fn parameters() -> Value {
    json!({
        "agent": id::<AgentId>("agent", "The agent's id."),
        "entry": id::<KnowledgeId>("entry", "The knowledge entry's id."),
        "conversation": id::<ConversationId>("conversation", "The conversation's id."),
        "lead": id::<LeadId>("lead", "The lead's id."),
        "visitor": id::<VisitorId>("visitor", "The visitor's id."),
        "webhook": id::<WebhookId>("webhook", "The webhook's id."),
        "delivery": id::<DeliveryId>("delivery", "The delivery's id."),
        "Idempotency-Key": {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "A random key for this request. Repeating the request with the same key performs it only once and \
                            returns the first response again, for 24 hours.",
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
            "description": "The `ETag` of an earlier response. If nothing has changed, the response is an empty 304.",
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
        "X-Request-Id": text("The request's id in the server's log. It is your own id if you sent a valid one."),
        "X-RateLimit-Limit": number("The number of requests that the key can make per minute."),
        "X-RateLimit-Remaining": number("The number of requests left in the current window."),
        "X-RateLimit-Reset": number("The time at which another request is allowed, as a Unix timestamp."),
        "Retry-After": number("The number of seconds to wait before retrying."),
        "ETag": text("The version of this response, for `If-None-Match`."),
        "Idempotent-Replayed": {
            "description": "Present if this is the stored response of the `Idempotency-Key`.",
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
            "description": "Nothing has changed since the given `ETag`.",
            "headers": headers_of(&[known, &["ETag"]].concat()),
        },
        "BadRequest": failure(
            "The request body is not a JSON object or lacks a required field, or the `Idempotency-Key` is malformed.",
            known, &ApiError::bad_request("name: is required")),
        "Unauthorized": failure("The API key is missing or invalid.",
            &[HEADERS_OF_STRANGERS, &["WWW-Authenticate"]].concat(), &ApiError::unauthorized()),
        "Forbidden": failure(
            "The API key lacks the permission (`forbidden`), or the plan's limit of active agents is reached \
             (`plan_limit_reached`).",
            known, &ApiError::forbidden("Your API key lacks the permission agents:write.")),
        "NotFound": failure(
            "The account has no such resource: `agent_not_found`, `webhook_not_found` or `not_found`.",
            known, &ApiError::agent_not_found()),
        "RequestTimeout": failure("The request body took too long to arrive.", known, &ApiError::request_timeout()),
        "Conflict": failure(
            "The webhook already exists, the delivery is in flight, or a request with the same `Idempotency-Key` is in \
             progress.",
            known, &ApiError::conflict("A webhook with this url, agent and events already exists.")),
        "PayloadTooLarge": failure("The request body is too large.", known, &ApiError::payload_too_large(1_048_576)),
        "UnsupportedMediaType": failure(
            "The request body is not sent as `application/json`.", known, &ApiError::unsupported_media_type()),
        "ValidationError": failure(
            "A value has an invalid type, length, range or format. `details` lists each of them. `webhook_verification_failed`: \
             the webhook's URL did not send the challenge back.",
            known, &validation_error()),
        "RateLimited": failure("Too many requests. The headers say when to retry.", &later, &ApiError::rate_limited(13)),
        "InternalError": failure(
            "An unexpected server error. The server's log contains the cause and the `X-Request-Id`.", known, &ApiError::internal()),
        "ServiceUnavailable": failure("The server is busy, out of disk space or shutting down.", &later, &ApiError::unavailable()),
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
