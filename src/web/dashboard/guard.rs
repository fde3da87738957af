//! The way into the dashboard: who it is, whether the route is for them, and what the audit log keeps of it.

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::domain::account::Role;
use crate::domain::audit::{Actor, subject};
use crate::domain::time::MINUTE_MS;
use crate::limits::Window;
use crate::storage::Member;
use crate::web::App;
use crate::web::audit::{self, RefusedSignIn, Seen};
use crate::web::dashboard::access::{self, Does};
use crate::web::dashboard::error::{PageError, Result};
use crate::web::dashboard::session;
use crate::web::error::ApiError;
use crate::web::live::TeamNews;

/// Nobody fills in five forms a second for a minute.
const FORMS_PER_PERSON: Window = Window { limit: 300, span_ms: MINUTE_MS };

const LED_HERE: &str = "Another website led here. Nothing was exported. To export it, use the dashboard’s own button.";

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
    if let Err(error) = admit(&parts, member.as_ref(), least) {
        return error.into_response();
    }
    if rule.is_some_and(|rule| rule.does == Does::Show && rule.action.is_some()) && !is_led_by_us(&parts.headers) {
        return PageError::from(ApiError::forbidden(LED_HERE)).into_response();
    }
    if !parts.method.is_safe()
        && let Some(member) = &member
        && let Err(error) = slow_down(&app, member)
    {
        return error.into_response();
    }
    if let Some(member) = member.clone() {
        parts.extensions.insert(member);
    }
    let seen = Seen::of(&app, &parts);
    let request = Request::from_parts(parts, body);
    match rule.and_then(|rule| rule.action) {
        Some(action) => {
            let changing = Changing { app, member: member.filter(|_| least.is_some()), action, seen };
            audit::to_the_end(changing.run(next, request)).await
        }
        None => {
            let response = next.run(request).await;
            note_refused(&app, &seen, &response);
            response
        }
    }
}

/// Browsers say which site led to an address. Typed in by hand, it is nobody's doing but the person's own.
fn is_led_by_us(headers: &HeaderMap) -> bool {
    !headers.get("sec-fetch-site").is_some_and(|site| matches!(site.as_bytes(), b"cross-site" | b"same-site"))
}

/// A password or code that was wrong, wherever it was asked for.
fn note_refused(app: &App, seen: &Seen, response: &Response) -> bool {
    let Some(RefusedSignIn(user)) = response.extensions().get::<RefusedSignIn>().cloned() else { return false };
    app.store.note_refused_sign_in(user, seen.origin.clone());
    true
}

/// A use of a route that the audit log tells of.
struct Changing {
    app: App,
    /// None where the route is a way in: then it is whoever the response lets in.
    member: Option<Member>,
    action: &'static str,
    seen: Seen,
}

impl Changing {
    async fn run(self, next: Next, request: Request) -> Response {
        let response = next.run(request).await;
        let Self { app, member, action, seen } = self;
        if note_refused(&app, &seen, &response) {
            return response;
        }
        let member = match (member, session::opened(&app, response.headers())) {
            (Some(member), _) => member,
            (None, None) => return response,
            (None, Some(hash)) => match app.store.member(hash).await {
                Ok(Some(member)) => member,
                Ok(None) => return response,
                Err(error) => {
                    tracing::error!(%error, action, "who it was is missing from the audit log");
                    return response;
                }
            },
        };
        let account = member.account.id;
        let actor = Actor::Person(member.user.id, member.user.name);
        if let Some(entry) = seen.entry(account.clone(), actor, action, &response) {
            audit::record(&app, entry).await;
            if matches!(subject(action), "access" | "team") {
                app.live.tell_team(&account, TeamNews::Sessions);
            }
        }
        response
    }
}

/// What a person does is written down for a year, and each time the disk is waited for.
fn slow_down(app: &App, member: &Member) -> Result<()> {
    Ok(app.count("person", member.user.id.as_str(), &[FORMS_PER_PERSON])?)
}

fn admit(parts: &Parts, member: Option<&Member>, least: Option<Role>) -> Result<()> {
    let Some(least) = least else { return Ok(()) };
    let member = member.ok_or_else(|| session::sign_in_first(parts))?;
    if least <= member.user.role {
        return Ok(());
    }
    let (needed, own) = (least.label(), member.user.role.label());
    let above = if least == Role::Owner { "" } else { " or more" };
    Err(ApiError::forbidden(format!("This requires the role “{needed}”{above}. Your role is “{own}”. Nothing was changed."))
        .into())
}
