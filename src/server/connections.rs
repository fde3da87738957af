//! Connections: accepted, counted by network, and ended when their client does not read or another needs the place.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::config::Config;
use crate::domain::address::Cidr;
use crate::limits::held::{Held, Holdings};
use crate::server::places::{Place, Places};
use crate::server::stream::{Answered, Asked, watched};
use crate::web::client::Peer;
use crate::web::stopped;

/// A client that has not finished its headers by then is cut off.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const HEADER_BYTES_MAX: usize = 32 * 1024;
/// A client that takes nothing of what is written to it for this long is cut off.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// After an accept error, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What every connection needs.
#[derive(Clone)]
pub struct Hall {
    pub router: Router,
    pub places: Places,
    guests: Holdings,
    write_timeout: Duration,
    stopping: watch::Receiver<bool>,
}

impl Hall {
    pub fn new(config: &Config, router: Router, stopping: watch::Receiver<bool>) -> anyhow::Result<Self> {
        let server = &config.server;
        let proxies = server.trusted_proxies.iter().filter_map(|proxy| proxy.parse::<Cidr>().ok());
        let write_timeout = match config.testing.write_timeout_ms {
            0 => WRITE_TIMEOUT,
            ms => Duration::from_millis(ms),
        };
        Ok(Self {
            router,
            places: Places::new(u32::try_from(server.connections_max)?),
            guests: Holdings::new(server.connections_per_address_max, server.connections_max, proxies),
            write_timeout,
            stopping,
        })
    }
}

/// A connection is accepted before there is a place for it: whoever waits outside cannot be told from whoever is gone.
pub async fn accept(listener: TcpListener, hall: Hall) {
    let mut stopping = hall.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stopping) => return,
        };
        match accepted {
            Ok((socket, peer)) => {
                // Dropped at once if one of its networks holds as many as it may.
                let Some(guest) = hall.guests.take(peer.ip()) else { continue };
                let place = tokio::select! {
                    place = hall.places.take() => place,
                    () = stopped(&mut stopping) => return,
                };
                let Some(place) = place else { return };
                tokio::spawn(converse(socket, peer, hall.clone(), place, guest));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection, to its end. HTTP/1 with a header time-out: a client that says nothing costs a place, so not for long.
async fn converse(socket: TcpStream, peer: SocketAddr, hall: Hall, place: Place, _guest: Held) {
    let (life, router, mut stopping) = (place.life.clone(), hall.router, hall.stopping);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let (router, life) = (router.clone(), life.clone());
        async move {
            let answer = router.oneshot(request.map(|body| Asked::of(body, life.clone()))).await;
            answer.map(|answer| Answered::of(answer, life))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(watched(socket, life.clone(), hall.write_timeout)), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = life.told_to_go() => return tracing::debug!(%peer, "a connection made room for another"),
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection broke off");
    }
}
