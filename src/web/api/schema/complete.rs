//! Adds what all operations of a kind have in common: parameters of the path, headers, failures, examples.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::web::api::schema::events;
use crate::web::api::schema::shared;

/// Requests and answers by operation: those of the documentation where it has them.
const EXAMPLES: &str = include_str!("examples.json");

pub fn complete(mut document: Value) -> Value {
    let examples: Value = serde_json::from_str(EXAMPLES).expect("examples.json is JSON");
    for (path, item) in object(&mut document["paths"]) {
        for (method, operation) in object(item) {
            complete_operation(path, method, operation, &examples);
        }
    }
    document["webhooks"] = events::webhooks();
    let components = object(&mut document["components"]);
    components.extend(shared::components());
    let schemas = object(&mut components["schemas"]);
    schemas.extend(events::payloads());
    let requests = request_names(&document["paths"]);
    for (name, schema) in object(&mut document["components"]["schemas"]) {
        if !requests.contains(name) {
            require_nullable(schema);
        }
    }
    // The derive knows no way to say it: a form without a way to answer is refused.
    document["components"]["schemas"]["Appearance"]["properties"]["lead_fields"]["contains"] =
        json!({ "enum": ["email", "phone"] });
    sorted(&mut document["components"]["schemas"]);
    document
}

fn complete_operation(path: &str, method: &str, operation: &mut Value, examples: &Value) {
    let id = text(&operation["operationId"]).to_owned();
    if let Some(rest) = id.strip_prefix("update").filter(|_| method == "patch" && path.starts_with("/agents")) {
        operation["operationId"] = json!(format!("patch{rest}"));
    }
    say_permission(operation);
    let has_body = operation.get("requestBody").is_some();
    let failures = failures(path, method, operation);
    add_parameters(path, method, operation);
    for (status, response) in object(&mut operation["responses"]) {
        add_headers(method, status, response);
    }
    let answer = &examples[&id]["response"];
    for response in object(&mut operation["responses"]).values_mut().take(1).filter(|_| !answer.is_null()) {
        response["content"]["application/json"]["example"] = answer.clone();
    }
    if has_body {
        operation["requestBody"]["required"] = json!(true);
        operation["requestBody"]["content"]["application/json"]["example"] = examples[&id]["request"].clone();
    }
    let responses = object(&mut operation["responses"]);
    for (status, name) in failures {
        responses.entry(status).or_insert_with(|| shared::response(name));
    }
}

fn say_permission(operation: &mut Value) {
    let needed = operation["security"][0]["apiKey"][0].as_str().map(|name| format!("Requires the permission `{name}`."));
    let said = operation.get("description").and_then(Value::as_str);
    let sentences: Vec<&str> = said.into_iter().chain(needed.as_deref()).collect();
    if !sentences.is_empty() {
        operation["description"] = json!(sentences.join(" "));
    }
}

/// Parameters that follow from path and method, before those that are the operation's own.
fn add_parameters(path: &str, method: &str, operation: &mut Value) {
    let in_path = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let header = match method {
        "get" => Some("If-None-Match"),
        "post" => Some("Idempotency-Key"),
        _ => None,
    };
    let own = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    let all: Vec<Value> = in_path.map(shared::parameter).chain(own).chain(header.map(shared::parameter)).collect();
    if !all.is_empty() {
        operation["parameters"] = json!(all);
    }
}

fn add_headers(method: &str, status: &str, response: &mut Value) {
    if !status.starts_with('2') {
        return;
    }
    let own = response.get("headers").and_then(Value::as_object).cloned().unwrap_or_default();
    let of_method = match method {
        "get" => Some("ETag"),
        "post" => Some("Idempotent-Replayed"),
        _ => None,
    };
    let names = shared::HEADERS_ALWAYS.into_iter().chain(of_method);
    let headers: Map<String, Value> = own.into_iter().chain(names.map(shared::header)).collect();
    response["headers"] = json!(headers);
}

/// The answers other than success, as statuses with the names of shared responses.
fn failures(path: &str, method: &str, operation: &Value) -> Vec<(&'static str, &'static str)> {
    let (has_body, is_post) = (operation.get("requestBody").is_some(), method == "post");
    let is_read = method == "get";
    let has_query = operation.get("parameters").is_some();
    let has_permission = operation["security"][0]["apiKey"][0].is_string();
    let names_something = path.contains('{') || path == "/webhooks" && is_post;
    // Under an Idempotency-Key the body is read whether the operation takes one or not.
    let reads_body = has_body || is_post;
    let changes_webhook = path == "/webhooks/{webhook}" && method == "patch";
    let all = [
        (is_read, "304", "NotModified"),
        (reads_body, "400", "BadRequest"),
        (true, "401", "Unauthorized"),
        (has_permission, "403", "Forbidden"),
        (names_something, "404", "NotFound"),
        (reads_body, "408", "RequestTimeout"),
        (is_post || changes_webhook, "409", "Conflict"),
        (reads_body, "413", "PayloadTooLarge"),
        (has_body, "415", "UnsupportedMediaType"),
        (reads_body || has_query, "422", "ValidationError"),
        (true, "429", "RateLimited"),
        (true, "500", "InternalError"),
        (true, "503", "ServiceUnavailable"),
    ];
    all.into_iter().filter(|(applies, ..)| *applies).map(|(_, status, name)| (status, name)).collect()
}

/// An answer holds all of its fields, also those that are null.
fn require_nullable(schema: &mut Value) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required: HashSet<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let names = properties.iter().filter(|(name, property)| required.contains(name.as_str()) || is_nullable(property));
    let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
    schema["required"] = json!(names);
}

fn is_nullable(property: &Value) -> bool {
    let null = |value: &Value| value == "null";
    let listed = property["type"].as_array().is_some_and(|kinds| kinds.iter().any(null));
    listed || property["oneOf"].as_array().is_some_and(|choices| choices.iter().any(|choice| null(&choice["type"])))
}

fn request_names(paths: &Value) -> HashSet<String> {
    let items = paths.as_object().into_iter().flat_map(|items| items.values());
    let operations = items.filter_map(Value::as_object).flat_map(|item| item.values());
    let bodies = operations.map(|operation| &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]);
    bodies.filter_map(|name| name.as_str()?.rsplit('/').next().map(str::to_owned)).collect()
}

fn sorted(value: &mut Value) {
    let object = object(value);
    let mut entries: Vec<(String, Value)> = std::mem::take(object).into_iter().collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    object.extend(entries);
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("this part of the document is an object")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
