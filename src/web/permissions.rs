//! What each call of the API needs, read from the description that stands above its handler.

use std::collections::HashMap;

use axum::extract::MatchedPath;
use axum::http::Method;
use axum::http::request::Parts;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::domain::account::Permission;
use crate::web::caller::ApiCaller;
use crate::web::error::{ApiError, Result};

/// Permissions by method and path; none where the description says nothing that is understood.
pub struct Permissions(HashMap<(Method, String), Option<Vec<Permission>>>);

impl Permissions {
    /// `root` is where the described paths begin. A call whose description says nothing is open to no key.
    pub fn of(described: &OpenApi, root: &str) -> Self {
        let described = serde_json::to_value(described).unwrap_or_default();
        let mut needed = HashMap::new();
        for (path, item) in described["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let method = Method::from_bytes(method.to_uppercase().as_bytes());
                if let Ok(method) = method {
                    needed.insert((method, format!("{root}{path}")), permissions(operation));
                }
            }
        }
        Self(needed)
    }

    /// Asked before anything of the request but its head is read.
    pub fn check(&self, caller: &ApiCaller, parts: &Parts) -> Result<()> {
        let path = parts.extensions.get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned());
        // A HEAD is answered by the handler of the GET.
        let method = if parts.method == Method::HEAD { Method::GET } else { parts.method.clone() };
        let Some(needed) = self.0.get(&(method, path)) else {
            // Every route is described, so this is none: a method that the path does not have, and the router says which it has.
            return Ok(());
        };
        let needed = needed.as_ref().ok_or_else(|| ApiError::forbidden("This endpoint does not accept API keys."))?;
        match needed.iter().find(|permission| !caller.key.permissions.contains(permission)) {
            None => Ok(()),
            Some(lacking) => Err(ApiError::forbidden(format!("Your API key lacks the permission {}.", lacking.as_str()))),
        }
    }
}

/// None where the operation does not say, or names a permission that there is not.
fn permissions(operation: &Value) -> Option<Vec<Permission>> {
    let scopes = operation["security"].get(0)?.get("apiKey")?.as_array()?;
    scopes.iter().map(|scope| Permission::parse(scope.as_str()?).ok()).collect()
}
