//! Where the parts meet: opened in order, served, and stopped in the opposite order.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;
use url::Url;

use crate::answer::Answerer;
use crate::answer::model::Models;
use crate::auth::token::Signer;
use crate::auth::vault::{MasterKey, Vault};
use crate::config::{self, Config};
use crate::deliver::{Courier, Means};
use crate::domain::webhook::url::{Place, UrlPolicy};
use crate::egress::Egress;
use crate::egress::guard::Policy;
use crate::jobs::Jobs;
use crate::limits::Limiter;
use crate::limits::soft_lock::SoftLock;
use crate::storage::{Store, Use};
use crate::web::body::Bodies;
use crate::web::client::Peer;
use crate::web::dashboard::setup::SetupLink;
use crate::web::hashes::Hashes;
use crate::web::live::Live;
use crate::web::once::Running;
use crate::web::{App, Parts, router, stopped};
use crate::world::World;

/// A client that has not finished its headers by then is cut off.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Connections that are still open this long after the stop are cut off.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);
/// After an accept error, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A running server, to be stopped by [`Server::stop`].
pub struct Server {
    pub app: App,
    pub address: SocketAddr,
    stopping: watch::Sender<bool>,
    connections: Arc<Semaphore>,
    connections_max: u32,
    accepting: tokio::task::JoinHandle<()>,
    jobs: Jobs,
}

/// Opens the data folder and starts to serve it.
pub async fn start(mut config: Config, folder: &Path, world: World) -> anyhow::Result<Server> {
    let store = Store::open(folder, world.clone(), Use::Server)?;
    let listen = config.server.listen.clone();
    let listener = TcpListener::bind(&listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    if config.server.public_url.is_empty() {
        config.server.public_url = format!("http://{address}");
    }
    let connections_max = u32::try_from(config.server.connections_max)?;
    let (stopping, watched) = watch::channel(false);
    let jobs =
        Jobs::start(store.clone(), world.clone(), config.inactivity_ms(), config.backups.clone(), config.retention.clone());
    let app = assemble(config, folder, store, world, watched).await?;
    let connections = Arc::new(Semaphore::new(app.config.server.connections_max));
    let guests = Guests::new(&app.config.server);
    let accepting = tokio::spawn(accept(listener, router(app.clone()), guests, connections.clone(), app.stopping.clone()));
    Ok(Server { app, address, stopping, connections, connections_max, accepting, jobs })
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
        Some(_) => anyhow::bail!("{} is not the key that webhook secrets are sealed under; put that one back", path.display()),
        None if !sealed.is_empty() => {
            anyhow::bail!("{} is missing, and webhook secrets are sealed under it; put it back", path.display())
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
        if tokio::time::timeout(DRAIN_TIMEOUT, self.connections.acquire_many(self.connections_max)).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut off");
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

async fn accept(
    listener: TcpListener,
    router: Router,
    guests: Guests,
    connections: Arc<Semaphore>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let permit = tokio::select! {
            permit = connections.clone().acquire_owned() => permit,
            () = stopped(&mut stopping) => return,
        };
        let Ok(permit) = permit else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Dropped at once if its address holds as many as it may.
                if let Some(guest) = guests.admit(peer.ip()) {
                    tokio::spawn(converse(stream, peer, router.clone(), stopping.clone(), (permit, guest)));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection, to its end. HTTP/1 with a header time-out: a client that says nothing costs a place, so not for long.
async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut stopping: watch::Receiver<bool>,
    _place: (OwnedSemaphorePermit, Guest),
) {
    // Small answers should not wait for the next packet; without it they only come later.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection broke off");
    }
}

/// How many connections each address holds: one host must not take every place.
#[derive(Clone)]
struct Guests {
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    each_max: usize,
    proxies: Arc<[IpAddr]>,
}

impl Guests {
    fn new(config: &config::Server) -> Self {
        let proxies = config.trusted_proxies.iter().filter_map(|proxy| proxy.parse().ok()).collect();
        Self { held: Arc::default(), each_max: config.connections_per_address_max, proxies }
    }

    /// A proxy speaks for many, and so does this machine.
    fn admit(&self, address: IpAddr) -> Option<Guest> {
        let address = address.to_canonical();
        let is_host = address.is_loopback() || self.proxies.contains(&address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.each_max && !is_host {
            return None;
        }
        *count += 1;
        Some(Guest { guests: self.clone(), address })
    }
}

/// One connection of an address, until it is dropped.
struct Guest {
    guests: Guests,
    address: IpAddr,
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut held = self.guests.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_only_so_many_connections() {
        let config =
            config::Server { connections_per_address_max: 2, trusted_proxies: vec!["192.0.2.9".into()], ..Default::default() };
        let guests = Guests::new(&config);
        let admit = |text: &str| guests.admit(text.parse().unwrap());
        let (first, second) = (admit("192.0.2.1"), admit("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some() && admit("192.0.2.1").is_none());
        assert!(admit("192.0.2.2").is_some());
        drop(first);
        assert!(admit("192.0.2.1").is_some());
        let proxied: Vec<_> = (0..9).map(|_| admit("192.0.2.9")).collect();
        assert!(proxied.iter().all(Option::is_some));
    }
}
