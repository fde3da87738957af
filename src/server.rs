//! Where the parts meet: opened in order, served, and stopped in the opposite order.

mod connections;
mod places;
mod stream;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use url::Url;

use crate::answer::Answerer;
use crate::answer::model::Models;
use crate::auth::token::Signer;
use crate::auth::vault::{MasterKey, Vault};
use crate::config::Config;
use crate::deliver::{Courier, Means};
use crate::domain::webhook::url::{Place, UrlPolicy};
use crate::egress::Egress;
use crate::egress::guard::Policy;
use crate::jobs::Jobs;
use crate::limits::Limiter;
use crate::limits::held::Holdings;
use crate::limits::soft_lock::SoftLock;
use crate::server::connections::Hall;
use crate::server::places::Places;
use crate::storage::{Store, Use};
use crate::web::body::Bodies;
use crate::web::dashboard::setup::SetupLink;
use crate::web::hashes::Hashes;
use crate::web::live::Live;
use crate::web::once::Running;
use crate::web::{App, Parts, router, silence};
use crate::world::World;

/// Connections that are still open this long after the stop are cut off.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);

/// A running server, to be stopped by [`Server::stop`].
pub struct Server {
    pub app: App,
    pub address: SocketAddr,
    stopping: watch::Sender<bool>,
    places: Places,
    accepting: tokio::task::JoinHandle<()>,
    jobs: Jobs,
}

/// Opens the data folder and starts to serve it.
pub async fn start(mut config: Config, folder: &Path, world: World) -> anyhow::Result<Server> {
    let store = Store::open(folder, world.clone(), Use::Server)?;
    store.cap_knowledge(config.knowledge.cap());
    let listen = config.server.listen.clone();
    let listener = TcpListener::bind(&listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    if config.server.public_url.is_empty() {
        config.server.public_url = format!("http://{address}");
    }
    let (stopping, watched) = watch::channel(false);
    let (jobs_store, time) = (store.clone(), world.clone());
    let (inactivity_ms, backups, retention) = (config.inactivity_ms(), config.backups.clone(), config.retention.clone());
    let app = assemble(config, folder, store, world, watched).await?;
    let (acting, runtime) = (app.clone(), Handle::current());
    let act = move |due| drop(runtime.spawn(silence::act(acting.clone(), due)));
    let jobs = Jobs::start(jobs_store, time, inactivity_ms, backups, retention, Box::new(act));
    let hall = Hall::new(&app.config, router(app.clone()), app.stopping.clone())?;
    let places = hall.places.clone();
    let accepting = tokio::spawn(connections::accept(listener, hall));
    Ok(Server { app, address, stopping, places, accepting, jobs })
}

async fn assemble(
    config: Config,
    folder: &Path,
    store: Store,
    world: World,
    stopping: watch::Receiver<bool>,
) -> anyhow::Result<App> {
    let master = master_key(folder, &store, &world).await?;
    let vault = Vault::new(&master);
    let (http, private) = (config.webhooks.allow_http, config.testing.allow_private_addresses);
    let allow = config.webhooks.allow_addresses.iter().map(|range| range.parse().map_err(anyhow::Error::msg));
    let allow = allow.collect::<anyhow::Result<Vec<_>>>().context("webhooks.allow_addresses")?;
    let url_policy = UrlPolicy {
        allow_http: http || private,
        allow_private: private || !allow.is_empty(),
        own: Url::parse(config.public_url()).ok().as_ref().and_then(Place::of),
    };
    let courier = Courier::start(Means {
        store: store.clone(),
        world: world.clone(),
        vault: vault.clone(),
        egress: Egress::new(Policy { allow_http: http || private, allow_private: private, allow }),
        url_policy,
        retry_base_ms: config.retry_base_ms(),
        timeout_ms: config.webhook_timeout_ms(),
        threads: config.webhooks.threads,
    });
    let setup = SetupLink::new(&world, store.has_users().await?);
    Ok(App::new(Parts {
        answerer: Answerer::start(&store, &world, Models::new(&config, &world), &config.answers),
        sessions: Signer::new(master.derive("visitor-session")),
        courier,
        vault,
        setup,
        live: Live::default(),
        running: Running::default(),
        requests: Limiter::new(),
        strangers: Limiter::new(),
        streams: Holdings::new(config.server.connections_per_address_max, config.server.connections_max, []),
        soft_lock: SoftLock::default(),
        hashes: Hashes::start(),
        bodies: Bodies::default(),
        stopping,
        store,
        world,
        config,
    }))
}

/// The folder's master key, made with the folder. What was sealed under a lost one cannot be opened with a new one.
pub async fn master_key(folder: &Path, store: &Store, world: &World) -> anyhow::Result<MasterKey> {
    let sealed = store.some_sealed().await?;
    // One is proof enough; others may be damaged, which is no reason to serve nobody.
    let opens_one = |key: &MasterKey| sealed.iter().any(|(place, value)| Vault::new(key).open(value, place).is_ok());
    // A change of keys broke off: either nothing was moved to the next one, or everything.
    match MasterKey::staged(folder)? {
        Some(next) if opens_one(&next) => MasterKey::promote(folder)?,
        Some(_) => MasterKey::discard(folder)?,
        None => {}
    }
    let path = MasterKey::path(folder);
    match MasterKey::load(folder)? {
        Some(key) if sealed.is_empty() || opens_one(&key) => Ok(key),
        Some(_) => anyhow::bail!("{} is not the key that webhook secrets are encrypted with; restore that key", path.display()),
        None if !sealed.is_empty() => {
            anyhow::bail!("{} is missing, but webhook secrets are encrypted with it; restore it", path.display())
        }
        None => Ok(MasterKey::create(folder, world)?),
    }
}

impl Server {
    /// Answers what is under way, ends event streams, waits for the deliveries being tried, and closes the store.
    pub async fn stop(self) {
        tracing::info!("stopping");
        // Everyone may be gone already; then there is nobody to tell.
        let _ = self.stopping.send(true);
        let (courier, answerer, store, jobs) =
            (self.app.courier.clone(), self.app.answerer.clone(), self.app.store.clone(), self.jobs);
        let deliveries = tokio::task::spawn_blocking(move || courier.stop());
        let _ = self.accepting.await;
        if tokio::time::timeout(DRAIN_TIMEOUT, self.places.emptied()).await.is_err() {
            tracing::warn!("some connections did not close in time and were cut off");
        }
        let closing = tokio::task::spawn_blocking(move || {
            answerer.stop();
            jobs.stop();
        });
        let _ = closing.await;
        let _ = deliveries.await;
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
        tracing::info!("stopped");
    }
}
