//! How an agent gets onto websites: its embed code, notes for the usual kinds of site, and where it was seen.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use url::{Host, Url};

use crate::domain::agent::Agent;
use crate::domain::installation::{DOMAINS_MAX, Installation, NEW_DOMAINS_A_DAY_MAX};
use crate::domain::page;
use crate::web::App;
use crate::web::dashboard::Page;
use crate::web::dashboard::display::{PageUrl, When};
use crate::web::dashboard::error::Result;
use crate::web::dashboard::nav::{Nav, Section};
use crate::web::dashboard::session::{OwnAgent, SignedForm, SignedIn};

#[derive(Template)]
#[template(path = "install.html")]
pub struct InstallPage {
    pub nav: Nav,
    pub id: String,
    pub name: String,
    pub color: String,
    pub active: bool,
    pub allowed_domains: Vec<String>,
    pub install: Install,
}

/// What the pages about installing an agent share.
pub struct Install {
    pub code: String,
    /// The same for pages that are made by React.
    pub react: String,
    /// What a content security policy has to allow.
    pub policy: String,
    /// Where the code loads the widget from.
    pub server: String,
    /// No other computer reaches that address.
    pub is_local: bool,
    /// Newest first.
    pub seen: Vec<SeenRow>,
    pub domains_max: i64,
    pub domains_a_day_max: i64,
}

/// A domain on which the embed code was loaded.
pub struct SeenRow {
    pub domain: String,
    pub page: PageUrl,
    pub first: When,
    pub last: When,
    /// Whether a conversation has begun there.
    pub written: bool,
}

pub async fn show(
    member: SignedIn,
    OwnAgent(agent): OwnAgent,
    State(app): State<App>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response> {
    let install = Install::of(&app, &agent).await?;
    let mut nav = member.nav(Section::Agents);
    nav.flash = query.contains_key("removed").then(|| "Website removed. It reappears when it loads the widget again.".to_owned());
    Ok(Page(InstallPage {
        nav,
        id: agent.id.to_string(),
        active: agent.is_active(),
        name: agent.name,
        color: agent.color,
        allowed_domains: agent.allowed_domains,
        install,
    })
    .into_response())
}

/// What a stranger has made up, or what is no more.
pub async fn remove(OwnAgent(agent): OwnAgent, State(app): State<App>, form: SignedForm) -> Result<Redirect> {
    let domain = form.fields.text("domain").to_owned();
    app.store.remove_installation(agent.account.clone(), agent.id.clone(), domain).await?;
    Ok(Redirect::to(&format!("/agents/{}/install?removed", agent.id)))
}

impl Install {
    pub async fn of(app: &App, agent: &Agent) -> Result<Self> {
        let seen = app.store.installations(agent.account.clone(), agent.id.clone()).await?;
        let server = app.config.public_url();
        let origin = page::origin(server).unwrap_or_else(|| server.to_owned());
        Ok(Self {
            code: app.embed_code(&agent.id),
            react: react(server, agent),
            policy: format!("script-src {origin}; connect-src {origin}"),
            server: server.to_owned(),
            is_local: is_local(server),
            seen: seen.into_iter().map(SeenRow::new).collect(),
            domains_max: DOMAINS_MAX,
            domains_a_day_max: NEW_DOMAINS_A_DAY_MAX,
        })
    }

    pub fn is_full(&self) -> bool {
        i64::try_from(self.seen.len()).is_ok_and(|seen| seen >= self.domains_max)
    }
}

impl SeenRow {
    fn new(seen: Installation) -> Self {
        Self {
            domain: seen.domain,
            page: PageUrl(seen.page_url),
            first: When::new(seen.first_seen_at),
            last: When::new(seen.last_seen_at),
            written: seen.written_at.is_some(),
        }
    }
}

fn react(server: &str, agent: &Agent) -> String {
    let id = &agent.id;
    format!(
        "useEffect(() => {{\n  const script = document.createElement(\"script\");\n  script.src = \"{server}/widget.js\";\n  \
         script.dataset.agent = \"{id}\";\n  document.body.append(script);\n}}, []);"
    )
}

fn is_local(server: &str) -> bool {
    let Ok(url) = Url::parse(server) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_computer_alone_is_known_as_one() {
        for local in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", "http://0.0.0.0"] {
            assert!(is_local(local), "{local}");
        }
        for reached in ["https://chat.example.com", "http://192.168.1.5:8080", "https://localhost.example.com"] {
            assert!(!is_local(reached), "{reached}");
        }
    }
}
