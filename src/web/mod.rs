//! HTTP in, HTTP out: what the API, the dashboard and the widget share.

pub mod api;
pub mod assets;
pub mod audit;
pub mod body;
pub mod caller;
pub mod client;
pub mod conditional;
pub mod csv;
pub mod dashboard;
pub mod docs;
pub mod error;
pub mod extract;
pub mod forwarded;
pub mod gate;
pub mod hashes;
pub mod headers;
pub mod health;
pub mod hooks;
pub mod live;
pub mod mount;
pub mod once;
pub mod packed;
pub mod permissions;
pub mod silence;
mod trial;
pub mod webhooks;
pub mod well_known;
pub mod widget;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::answer::Answerer;
use crate::auth::token::Signer;
use crate::auth::vault::Vault;
use crate::config::Config;
use crate::deliver::Courier;
use crate::domain::account::{Account, Plan};
use crate::domain::id::AgentId;
use crate::limits::held::Holdings;
use crate::limits::network::networks;
use crate::limits::soft_lock::SoftLock;
use crate::limits::{Limiter, Verdict, Window};
use crate::storage::Store;
use crate::web::body::Bodies;
use crate::web::client::ClientAddress;
use crate::web::dashboard::setup::SetupLink;
use crate::web::error::ApiError;
use crate::web::hashes::Hashes;
use crate::web::live::Live;
use crate::web::once::Running;
use crate::world::World;

/// Everything a request may need; clones share it.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub store: Store,
    pub world: World,
    pub config: Config,
    pub answerer: Answerer,
    pub courier: Courier,
    pub vault: Vault,
    pub sessions: Signer,
    pub setup: SetupLink,
    pub live: Live,
    pub running: Running,
    /// API requests, by key.
    pub requests: Limiter<String>,
    /// Everything that strangers may do, by address, visitor or agent.
    pub strangers: Limiter<String>,
    /// Event streams that visitors have open: behind a proxy, connections do not tell whose they are.
    pub streams: Holdings,
    /// Wrong passwords and codes, by person.
    pub soft_lock: SoftLock,
    pub hashes: Hashes,
    pub bodies: Bodies,
    pub stopping: watch::Receiver<bool>,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The one line that puts the widget on a website.
    pub fn embed_code(&self, agent: &AgentId) -> String {
        format!("<script src=\"{}/widget.js\" data-agent=\"{agent}\"></script>", self.config.public_url())
    }

    /// Takes a place in a limit that test suites may lift; `what` and `who` name the log that counts.
    pub fn limit(&self, what: &str, who: &str, windows: &[Window]) -> error::Result<()> {
        if !self.config.testing.public_limits {
            return Ok(());
        }
        self.count(what, who, windows)
    }

    /// The same for a limit that nothing lifts.
    pub fn count(&self, what: &str, who: &str, windows: &[Window]) -> error::Result<()> {
        let verdict = self.strangers.admit(&format!("{what}:{who}"), self.world.instant_ms(), windows);
        if verdict.allowed { Ok(()) } else { Err(ApiError::rate_limited(verdict.retry_after_seconds())) }
    }

    /// The same for an address: each of its networks takes a place, a wider one of more.
    pub fn limit_from(&self, what: &str, address: ClientAddress, windows: &[Window]) -> error::Result<()> {
        if !self.config.testing.public_limits {
            return Ok(());
        }
        self.count_from(what, address, windows).map_err(|refused| ApiError::rate_limited(refused.retry_after_seconds()))
    }

    /// A limit that nothing lifts; the error is the verdict of the network that has used up its places.
    pub fn count_from(&self, what: &str, address: ClientAddress, windows: &[Window]) -> Result<(), Verdict> {
        networks(address.0).iter().try_for_each(|network| {
            let key = format!("{what}:{network}");
            let verdict = self.strangers.admit(&key, self.world.instant_ms(), &network.windows(windows));
            if verdict.allowed { Ok(()) } else { Err(verdict) }
        })
    }

    /// What [`Self::count_from`] counted last did not take place.
    pub fn take_back_from(&self, what: &str, address: ClientAddress) {
        networks(address.0).iter().for_each(|network| self.strangers.take_back(&format!("{what}:{network}")));
    }

    /// Whether [`Self::count_from`] would count another one.
    pub fn has_room_for(&self, what: &str, address: ClientAddress, windows: &[Window]) -> bool {
        networks(address.0).iter().all(|network| {
            let key = format!("{what}:{network}");
            self.strangers.peek(&key, self.world.instant_ms(), &network.windows(windows)).allowed
        })
    }

    /// Whether browsers reach this server by TLS.
    pub fn is_https(&self) -> bool {
        self.config.public_url().starts_with("https://")
    }

    pub fn plan_of(&self, account: &Account) -> Plan {
        self.config.plan(&account.plan)
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Returns once the server is told to stop.
pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it the server.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

pub fn router(app: App) -> Router {
    mount::under(app.config.path(), inner_router(app.clone()))
}

fn inner_router(app: App) -> Router {
    Router::new()
        .nest("/api/v1", api::router(&app))
        .merge(widget::router())
        .merge(dashboard::router(&app))
        .merge(hooks::router())
        .merge(docs::router())
        .merge(assets::router())
        .merge(health::router())
        .merge(well_known::router())
        .fallback(dashboard::unknown_path)
        .method_not_allowed_fallback(error::wrong_method)
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), headers::dress))
        .with_state(app)
}
