//! Webhook deliveries: one thread claims what is due, a bounded number of threads send it.

pub mod challenge;
pub mod dispatch;
pub mod request;
pub mod sign;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};
use pollster::block_on;
use tokio::sync::Semaphore;

use crate::auth::vault::Vault;
use crate::deliver::challenge::Unproven;
use crate::deliver::dispatch::{Ended, Queues};
use crate::deliver::sign::Secrets;
use crate::domain::id::WebhookId;
use crate::domain::pace::Lane;
use crate::domain::time::MINUTE_MS;
use crate::domain::webhook::url::UrlPolicy;
use crate::egress::Egress;
use crate::storage::{Claim, Release, Room, Store};
use crate::supervise::{self, Stop};
use crate::world::World;

/// Addresses asked to prove themselves at the same time.
const PROOFS_MAX: usize = 8;

/// Claims that may wait for each thread of the fast lane: as many as it sends to quick endpoints during one commit.
const WAITING_EACH: usize = 3;

/// Sends events to webhooks, and asks new webhooks to prove themselves.
#[derive(Clone)]
pub struct Courier(Arc<Shared>);

pub struct Shared {
    pub store: Store,
    pub world: World,
    pub vault: Vault,
    pub egress: Egress,
    pub retry_base_ms: i64,
    url_policy: UrlPolicy,
    proofs: Semaphore,
    pub timeout_ms: u64,
    fast: Places,
    slow: Places,
    seen_ms: AtomicI64,
    stop: Stop,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

pub struct Means {
    pub store: Store,
    pub world: World,
    pub vault: Vault,
    pub egress: Egress,
    pub url_policy: UrlPolicy,
    pub retry_base_ms: i64,
    pub timeout_ms: u64,
    pub threads: usize,
}

/// How many claims a lane may hold at once.
struct Places {
    max: usize,
    taken: AtomicUsize,
}

impl Places {
    const fn new(max: usize) -> Self {
        Self { max, taken: AtomicUsize::new(0) }
    }

    fn free(&self) -> usize {
        self.max.saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    fn take_one(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    fn free_one(&self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Courier {
    pub fn start(means: Means) -> Self {
        let slow_threads = slow_threads(means.threads);
        let fast_threads = means.threads - slow_threads;
        let shared = Arc::new(Shared {
            seen_ms: AtomicI64::new(means.world.instant_ms()),
            store: means.store,
            world: means.world,
            vault: means.vault,
            egress: means.egress,
            retry_base_ms: means.retry_base_ms,
            url_policy: means.url_policy,
            proofs: Semaphore::new(PROOFS_MAX),
            timeout_ms: means.timeout_ms,
            // Some wait for each thread, so that none is idle while the next are claimed.
            fast: Places::new((1 + WAITING_EACH) * fast_threads),
            slow: Places::new(slow_threads),
            stop: Stop::default(),
            threads: Mutex::default(),
        });
        // No sender waits until another's try is recorded.
        let (back, ended) = bounded(shared.fast.max + shared.slow.max);
        let mut threads = Vec::new();
        let mut lane = |name: &str, senders: usize, waiting_max: usize| {
            let (queue, waiting) = bounded::<Claim>(senders + waiting_max);
            for number in 0..senders {
                let (shared, waiting, back) = (shared.clone(), waiting.clone(), back.clone());
                threads.push(supervise::spawn(&format!("{name}-{number}"), &shared.stop.clone(), move || {
                    waiting.iter().for_each(|claim| shared.handle(claim, &back));
                }));
            }
            queue
        };
        let fast = lane("deliver", fast_threads, WAITING_EACH * fast_threads);
        let queues = Queues { fast, slow: lane("deliver-slow", slow_threads, 0), fast_threads };
        let dispatcher = shared.clone();
        threads.push(supervise::spawn("dispatch", &shared.stop, move || dispatch::run(&dispatcher, &queues, &ended)));
        shared.threads.lock().unwrap_or_else(PoisonError::into_inner).extend(threads);
        Self(shared)
    }

    pub fn url_policy(&self) -> &UrlPolicy {
        &self.0.url_policy
    }

    /// Whether the dispatcher has looked for work of late.
    pub fn is_alive(&self) -> bool {
        self.0.world.instant_ms() - self.0.seen_ms.load(Ordering::Relaxed) < MINUTE_MS
    }

    /// Succeeds if the address answers a challenge as only a willing receiver does.
    pub async fn prove(&self, webhook: WebhookId, url: String, secrets: Secrets) -> Result<(), Unproven> {
        let _permit = self.0.proofs.try_acquire().map_err(|_| Unproven::TooMany)?;
        let shared = self.0.clone();
        let asked = tokio::task::spawn_blocking(move || challenge::ask(&shared, &webhook, &url, &secrets));
        asked.await.unwrap_or(Err(Unproven::TooMany))
    }

    /// Claims nothing more, and waits for what is under way.
    pub fn stop(&self) {
        self.0.stop.set();
        self.0.store.ring();
        let threads = std::mem::take(&mut *self.0.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic was logged where it happened.
            let _ = thread.join();
        }
        if let Err(error) = block_on(self.0.store.release_deliveries(Release::Untried)) {
            tracing::warn!(%error, "claimed deliveries are released at the next start");
        }
    }
}

/// A quarter of the threads is for endpoints that let one wait; the others never wait for those.
fn slow_threads(threads: usize) -> usize {
    (threads / 4).max(1)
}

impl Shared {
    fn places(&self, lane: Lane) -> &Places {
        match lane {
            Lane::Fast => &self.fast,
            Lane::Slow => &self.slow,
        }
    }

    fn room(&self) -> Room {
        Room { fast: self.fast.free(), slow: self.slow.free() }
    }

    fn is_busy(&self) -> bool {
        self.fast.free() < self.fast.max || self.slow.free() < self.slow.max
    }

    /// Tries one delivery; its claim comes back whatever happens, and the thread goes on.
    fn handle(&self, claim: Claim, back: &Sender<Ended>) {
        let tried = catch_unwind(AssertUnwindSafe(|| self.stands(&claim).then(|| dispatch::attempt(self, &claim))));
        let tried = tried.unwrap_or_else(|_| {
            // Its lease ends, and it is tried again.
            tracing::error!(delivery = %claim.delivery, "an attempt panicked");
            None
        });
        // It fails only if the dispatcher has gone; then the lease ends and the delivery is tried again.
        let _ = back.send((claim, tried));
    }

    /// What waits at a stop is given back untried; what does not stand any more, because much can happen to it while it
    /// waits, is sent to nobody.
    fn stands(&self, claim: &Claim) -> bool {
        !self.stop.is_set() && block_on(self.store.holds(claim)).unwrap_or(false)
    }
}
