//! Cookies of this server alone, which no script reads.

use axum::http::{HeaderMap, header};

use crate::web::App;

/// Stands for a session.
pub const SESSION: Cookie = Cookie("cf_session");
/// Stands for a right password whose code has not come yet.
pub const HALFWAY: Cookie = Cookie("cf_halfway");
/// Remembers who has signed in here before.
pub const DEVICE: Cookie = Cookie("cf_device");

/// Set by whoever wants to look around first; says nothing of who that is.
pub const SKIPPED: Cookie = Cookie("cf_start");

pub struct Cookie(&'static str);

impl Cookie {
    pub fn read<'a>(&self, app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
        cookie(headers, &self.name(app))
    }

    /// The `Set-Cookie` line; without an age it goes with the browser's window.
    pub fn write(&self, app: &App, value: &str, age_seconds: Option<i64>) -> String {
        let secure = if app.is_https() { "; Secure" } else { "" };
        let path = if app.config.path().is_empty() { "/" } else { app.config.path() };
        let age = age_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        format!("{}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{age}", self.name(app))
    }

    /// What a response writes into it, unless it removes it.
    pub fn written<'a>(&self, app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = lines.filter_map(|line| line.split(';').next()?.split_once('='));
        pairs.find(|(name, value)| *name == self.name(app) && !value.is_empty()).map(|(_, value)| value)
    }

    pub fn remove(&self, app: &App) -> String {
        self.write(app, "", Some(0))
    }

    /// The prefix makes browsers refuse the cookie from any other host, or at least without HTTPS where the server shares
    /// its host: `__Host-` wants the path to be `/`, which would show the cookie to the neighbours.
    fn name(&self, app: &App) -> String {
        match (app.is_https(), app.config.path()) {
            (true, "") => format!("__Host-{}", self.0),
            (true, _) => format!("__Secure-{}", self.0),
            (false, _) => self.0.to_owned(),
        }
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
}
