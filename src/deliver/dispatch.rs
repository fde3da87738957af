//! Claims due deliveries for the sending threads, and records how their tries ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Select, Sender};
use pollster::block_on;

use crate::deliver::Shared;
use crate::deliver::request;
use crate::deliver::sign::Secrets;
use crate::domain::pace::{Lane, Reaction};
use crate::domain::webhook::{Hint, next_attempt, retry_after_ms};
use crate::egress::{self, Failure};
use crate::storage::{Claim, Error, Outcome, Release, Result, Room, Tried};

const GONE: u16 = 410;
const TOO_MANY_REQUESTS: u16 = 429;

/// Tries that are recorded together.
const RECORDED_MAX: usize = 128;

/// How often they are tried to be recorded, and the pause in between: within the lease, and within the time for a stop.
const RECORD_AGAIN_MAX: usize = 20;
const RECORD_PAUSE: Duration = Duration::from_millis(250);

/// For this long a round waits for more tries to end, while every thread has something to send next: a transaction costs
/// the same for one as for many.
const GATHERING: Duration = Duration::from_millis(2);

/// Where each lane's claims wait for a thread.
pub struct Queues {
    pub fast: Sender<Claim>,
    pub slow: Sender<Claim>,
    pub fast_threads: usize,
}

impl Queues {
    fn are_full(&self) -> bool {
        self.fast.len() > self.fast_threads
    }
}

/// A claim that came back from a sender; without a try if it was not made, or came to no end.
pub type Ended = (Claim, Option<Tried>);

/// Until the stop is set, and every claim has come back. What a killed process had claimed is given back first: this one
/// holds the folder alone.
pub fn run(shared: &Shared, queues: &Queues, ended: &Receiver<Ended>) {
    let mut begun = false;
    while !shared.stop.is_set() || shared.is_busy() {
        if queues.are_full() && ended.len() < RECORDED_MAX {
            thread::sleep(GATHERING);
        }
        shared.seen_ms.store(shared.world.instant_ms(), Ordering::Relaxed);
        if shared.store.damage().is_some() {
            idle(shared, ended);
            continue;
        }
        let start = if begun { Ok(()) } else { block_on(shared.store.release_deliveries(Release::Orphaned)) };
        begun |= start.is_ok();
        match start.and_then(|()| round(shared, queues, ended)) {
            // There may be more.
            Ok(claimed) if claimed > 0 => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "deliveries wait until the store works again"),
        }
        wait(shared, ended);
    }
}

/// Over a damaged database nothing can be claimed, and no try recorded: what was sent is sent again once it is restored.
fn idle(shared: &Shared, ended: &Receiver<Ended>) {
    ended.try_iter().for_each(|(claim, _)| shared.places(claim.lane).free_one());
    wait(shared, ended);
}

/// For a try that ended, an event, or a time to look at the clock.
fn wait(shared: &Shared, ended: &Receiver<Ended>) {
    let bell = shared.store.bell();
    let mut any = Select::new();
    any.recv(ended);
    any.recv(bell);
    // Which of them it was is found out by looking.
    let _ = any.ready_timeout(shared.world.tick());
    let _ = bell.try_recv();
}

/// Records what has ended, and hands out what may be tried next. Tries that end meanwhile share the next round, so that no
/// sender waits for the disk.
fn round(shared: &Shared, queues: &Queues, ended: &Receiver<Ended>) -> Result<usize> {
    let back = ended.try_iter().take(RECORDED_MAX).inspect(|(claim, _)| shared.places(claim.lane).free_one());
    let tries: Arc<[_]> = back.filter_map(|(claim, tried)| Some((claim, tried?))).collect();
    let room = if shared.stop.is_set() { Room::default() } else { shared.room() };
    if tries.is_empty() && block_on(shared.store.next_due(room))?.is_none_or(|due| due > shared.world.now()) {
        return Ok(0);
    }
    let claims = exchange(shared, &tries, room).inspect_err(|error| {
        tracing::warn!(%error, tries = tries.len(), "attempts could not be recorded together");
        tries.iter().for_each(|tried| record_alone(shared, tried));
    })?;
    let count = claims.len();
    for claim in claims {
        shared.places(claim.lane).take_one();
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

/// A store that is busy, or a disk that is full, may recover: better to wait than to send all of them again.
fn exchange(shared: &Shared, tries: &Arc<[(Claim, Tried)]>, room: Room) -> Result<Vec<Claim>> {
    for _ in 0..RECORD_AGAIN_MAX {
        match block_on(shared.store.exchange_deliveries(tries.clone(), room)) {
            Err(Error::Busy | Error::Disk(_)) if !tries.is_empty() => thread::sleep(RECORD_PAUSE),
            other => return other,
        }
        shared.seen_ms.store(shared.world.instant_ms(), Ordering::Relaxed);
    }
    block_on(shared.store.exchange_deliveries(tries.clone(), room))
}

/// One that cannot be recorded must not take others with it.
fn record_alone(shared: &Shared, tried: &(Claim, Tried)) {
    if let Err(error) = block_on(shared.store.exchange_deliveries(Arc::new([tried.clone()]), Room::default())) {
        // The lease ends and the delivery is tried again: rather twice than never.
        tracing::error!(%error, delivery = %tried.0.delivery, "an attempt could not be recorded");
    }
}

/// One try: the request, and what it means for the delivery.
pub fn attempt(shared: &Shared, claim: &Claim) -> Tried {
    let started_at = shared.world.now();
    let Some(secrets) = Secrets::open(&shared.vault, &claim.webhook, &claim.secret, claim.next_secret.as_deref()) else {
        tracing::error!(webhook = %claim.webhook, "the webhook's secret cannot be decrypted with this master key");
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
