//! Claims due deliveries for the sending threads, and records how each try ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use pollster::block_on;

use crate::deliver::Shared;
use crate::deliver::request;
use crate::deliver::sign::Secrets;
use crate::domain::pace::{Lane, Reaction};
use crate::domain::webhook::{Hint, next_attempt, retry_after_ms};
use crate::egress::{self, Failure};
use crate::storage::{Claim, Error, Outcome, Release, Result, Tried};

const GONE: u16 = 410;
const TOO_MANY_REQUESTS: u16 = 429;

/// Tries that are recorded together.
const RECORDED_MAX: usize = 128;

/// How often they are tried to be recorded, and the pause in between: within the lease, and within the time for a stop.
const RECORD_AGAIN_MAX: usize = 20;
const RECORD_PAUSE: Duration = Duration::from_millis(250);

/// Where each lane's claims wait for a thread.
pub struct Queues {
    pub fast: Sender<Claim>,
    pub slow: Sender<Claim>,
}

/// Until the stop is set. What a killed process had claimed is given back first: this one holds the folder alone.
pub fn run(shared: &Shared, queues: &Queues) {
    let mut held = Release::Orphaned;
    while !shared.stop.is_set() {
        shared.seen_ms.store(shared.world.instant_ms(), Ordering::Relaxed);
        let worked = block_on(shared.store.release_deliveries(held)).and_then(|_| round(shared, queues));
        if worked.is_ok() {
            held = Release::Expired;
        }
        match worked {
            // There may be more.
            Ok(claimed) if claimed > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "deliveries wait until the store works again"),
        }
        shared.store.wait_for_event(shared.world.tick());
    }
}

fn round(shared: &Shared, queues: &Queues) -> Result<usize> {
    let room = shared.room();
    if block_on(shared.store.next_due(room))?.is_none_or(|due| due > shared.world.now()) {
        return Ok(0);
    }
    let taken = block_on(shared.store.claim_deliveries(room))?;
    let count = taken.len();
    for claim in taken {
        shared.places(claim.lane).taken.fetch_add(1, Ordering::Relaxed);
        let queue = match claim.lane {
            Lane::Fast => &queues.fast,
            Lane::Slow => &queues.slow,
        };
        // There is room for each, so this does not wait.
        if queue.send(claim).is_err() {
            break;
        }
    }
    Ok(count)
}

/// One try: the request, and what it means for the delivery.
pub fn attempt(shared: &Shared, claim: &Claim) -> Tried {
    let started_at = shared.world.now();
    let Some(secrets) = Secrets::open(&shared.vault, &claim.webhook, &claim.secret, claim.next_secret.as_deref()) else {
        tracing::error!(webhook = %claim.webhook, "the webhook's secret cannot be opened with this master key");
        return unsigned(shared, started_at);
    };
    let answer = shared.egress.post(&request::of(claim, &secrets, started_at).as_request(shared.timeout_ms));
    tracing::debug!(delivery = %claim.delivery, status = answer.status, remote = ?answer.remote, "tried");
    let failed = claim.attempts + 1;
    let outcome = judge(shared, &answer, failed);
    let timeout_ms = i64::try_from(shared.timeout_ms).unwrap_or(i64::MAX);
    let reaction = Reaction::of(answer.status.is_some(), timed_out(&answer), answer.duration_ms, timeout_ms);
    Tried {
        started_at,
        duration_ms: answer.duration_ms,
        status: answer.status,
        error: answer.error.map(Failure::as_str),
        response_headers: answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect(),
        response_body: answer.body,
        outcome,
        reaction,
    }
}

fn judge(shared: &Shared, answer: &egress::Outcome, failed: u32) -> Outcome {
    match answer.status {
        Some(200..=299) => return Outcome::Delivered,
        Some(GONE) => return Outcome::Gone,
        _ => {}
    }
    let now = shared.world.now();
    let hint = Hint {
        overloaded: timed_out(answer) || answer.status == Some(TOO_MANY_REQUESTS),
        retry_after_ms: answer.retry_after.as_deref().and_then(|value| retry_after_ms(value, now)),
    };
    let next = next_attempt(failed, now, shared.retry_base_ms, shared.world.jitter(), hint);
    next.map_or(Outcome::Exhausted, Outcome::RetryAt)
}

fn timed_out(answer: &egress::Outcome) -> bool {
    matches!(answer.error, Some(Failure::Timeout | Failure::ConnectTimeout))
}

/// A try that could not even be signed: it is not repeated, since the key will not come back by itself.
fn unsigned(shared: &Shared, started_at: crate::domain::time::Time) -> Tried {
    Tried {
        started_at,
        duration_ms: shared.world.now().since(started_at),
        status: None,
        error: Some("internal"),
        response_headers: String::new(),
        response_body: String::new(),
        outcome: Outcome::Exhausted,
        reaction: Reaction::Unreached,
    }
}

/// Until the last sender has gone. Tries that end while others are being recorded share the next commit, so that no sender
/// waits for the disk.
pub fn record(shared: &Shared, ended: &Receiver<(Claim, Tried)>) {
    for first in ended {
        let together: Arc<[_]> = std::iter::once(first).chain(ended.try_iter().take(RECORDED_MAX - 1)).collect();
        if let Err(error) = record_together(shared, &together) {
            tracing::warn!(%error, tries = together.len(), "tries could not be recorded together");
            together.iter().for_each(|tried| record_alone(shared, tried));
        }
        shared.store.ring();
    }
}

/// A store that is busy, or a disk that is full, may recover: better to wait than to send all of them again.
fn record_together(shared: &Shared, tries: &Arc<[(Claim, Tried)]>) -> Result<()> {
    for _ in 0..RECORD_AGAIN_MAX {
        match block_on(shared.store.record_deliveries(tries.clone())) {
            Err(Error::Busy | Error::Disk(_)) => thread::sleep(RECORD_PAUSE),
            other => return other,
        }
    }
    block_on(shared.store.record_deliveries(tries.clone()))
}

/// One that cannot be recorded must not take others with it.
fn record_alone(shared: &Shared, tried: &(Claim, Tried)) {
    if let Err(error) = block_on(shared.store.record_deliveries(Arc::new([tried.clone()]))) {
        // The lease ends and the delivery is tried again: rather twice than never.
        tracing::error!(%error, delivery = %tried.0.delivery, "a try could not be recorded");
    }
}
