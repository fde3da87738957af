//! The way into the dashboard: who it is, and whether the route is for them.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::domain::account::Role;
use crate::storage::Member;
use crate::web::App;
use crate::web::dashboard::access;
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::session;
use crate::web::error::ApiError;

pub async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let member = match session::find(&parts, &app).await {
        Ok(member) => member,
        Err(error) => return error.into_response(),
    };
    let path = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let rule = access::rule(&parts.method, &path);
    let least = match rule {
        Some(rule) => rule.least,
        None if parts.method.is_safe() => None,
        // The table's test finds this first; until then it is for nobody else.
        None => Some(Role::Owner),
    };
    if let Err(error) = admit(member.as_ref(), least) {
        return error.into_response();
    }
    if let Some(member) = member {
        parts.extensions.insert(member);
    }
    next.run(Request::from_parts(parts, body)).await
}

fn admit(member: Option<&Member>, least: Option<Role>) -> Result<()> {
    let Some(least) = least else { return Ok(()) };
    let member = member.ok_or(PageError::SignIn)?;
    if least <= member.user.role {
        return Ok(());
    }
    let (needed, own) = (least.label(), member.user.role.label());
    let above = if least == Role::Owner { "" } else { " or more" };
    Err(ApiError::forbidden(format!("This needs the role “{needed}”{above}, and yours is “{own}”. Nothing was changed.")).into())
}
