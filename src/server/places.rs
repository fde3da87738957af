//! The places that connections take. When all are held, whoever keeps the server waiting for longest makes room.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// A connection on which a byte came or went within this time is never told to go.
const LIVELY_MS: u64 = 1_000;
/// How many are told to go at once: looking through all of them is not free, and more will come.
const LEAVERS_MAX: usize = 32;
/// Of those that keep the server waiting, one in so many goes at most, but one always.
const LEAVERS_PART: usize = 8;
/// How soon a newcomer for whom nobody could be told to go looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Clones share the places.
#[derive(Clone)]
pub struct Places {
    free: Arc<Semaphore>,
    open: Arc<Mutex<HashMap<u64, Arc<Life>>>>,
    clock: Clock,
    max: u32,
}

/// Whose turn it is on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Nothing is asked, or not to the end.
    Client,
    /// A request is whole, and not answered yet.
    Server,
    /// An answer is on its way; it may be a stream on which nothing happens.
    Answer,
}

/// What may be told to go: first the first, then the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaver {
    /// It does not read, asks nothing, or does not say what.
    KeepsWaiting,
    /// The same, but not for long enough yet.
    Soon,
    /// Its reader is there, as far as can be told, and comes back to an event stream by itself.
    Listens,
}

impl Places {
    pub fn new(max: u32) -> Self {
        Self { free: Arc::new(Semaphore::new(max as usize)), open: Arc::default(), clock: Clock(Instant::now()), max }
    }

    /// A place for a new connection. Waits for as long as all that are open are lively or being answered.
    pub async fn take(&self) -> Option<Place> {
        let since_ms = self.clock.now_ms();
        loop {
            if let Ok(permit) = self.free.clone().try_acquire_owned() {
                return Some(self.place(permit));
            }
            // Whoever kept the server waiting then has either moved or waited for long enough by now.
            self.make_room(self.clock.now_ms() < since_ms + LIVELY_MS);
            if let Ok(permit) = timeout(LOOK_AGAIN, self.free.clone().acquire_owned()).await {
                return permit.ok().map(|permit| self.place(permit));
            }
        }
    }

    /// Returns once every place is free.
    pub async fn emptied(&self) {
        // An error would mean that there are no places any more.
        let _ = self.free.acquire_many(self.max).await;
    }

    fn place(&self, permit: OwnedSemaphorePermit) -> Place {
        let life = Arc::new(Life::new(self.clock));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // An address is its own for as long as somebody holds it.
        let number = Arc::as_ptr(&life).addr() as u64;
        open.insert(number, life.clone());
        drop(open);
        Place { life, number, places: self.clone(), _permit: permit }
    }

    /// Whoever listens goes only where nobody keeps the server waiting, or will have for long enough while one is `patient`.
    fn make_room(&self, patient: bool) {
        let now_ms = self.clock.now_ms();
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = |(number, life): (&u64, &Arc<Life>)| Some((life.leaver(now_ms)?, life.last_ms(), *number));
        let ready: Vec<_> = open.iter().filter_map(ready).collect();
        let is_there = |how| ready.iter().any(|(mine, ..)| *mine == how);
        let how = match is_there(Leaver::KeepsWaiting) {
            true => Leaver::KeepsWaiting,
            false if patient && is_there(Leaver::Soon) => return,
            false => Leaver::Listens,
        };
        let mut leavers: Vec<_> = ready.iter().filter(|(mine, ..)| *mine == how).map(|(_, last, n)| (*last, *n)).collect();
        let most = if how == Leaver::Listens { 1 } else { LEAVERS_MAX };
        let count = (leavers.len() / LEAVERS_PART).clamp(1, most).min(leavers.len());
        if count == 0 {
            return;
        }
        leavers.select_nth_unstable(count - 1);
        leavers[..count].iter().filter_map(|(_, number)| open.get(number)).for_each(|life| life.tell_to_go());
        tracing::debug!(count, "all places are held; some connections make room");
    }
}

/// One connection's place, until it is dropped.
pub struct Place {
    pub life: Arc<Life>,
    number: u64,
    places: Places,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

/// What a connection is doing, and since when nothing has come or gone on it.
pub struct Life {
    clock: Clock,
    last_ms: AtomicU64,
    turn: AtomicU8,
    streaming: AtomicBool,
    stalled: AtomicBool,
    leaving: AtomicBool,
    told: Notify,
}

impl Life {
    fn new(clock: Clock) -> Self {
        Self {
            clock,
            last_ms: AtomicU64::new(clock.now_ms()),
            turn: AtomicU8::new(Turn::Client as u8),
            streaming: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            told: Notify::new(),
        }
    }

    /// A byte came or went.
    pub fn progressed(&self) {
        self.last_ms.store(self.clock.now_ms(), Ordering::Relaxed);
    }

    /// Whether something is written that the client does not take.
    pub fn set_stalled(&self, stalled: bool) {
        self.stalled.store(stalled, Ordering::Relaxed);
    }

    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    pub fn asked(&self) {
        // One that was answered before it was whole is whole too late.
        let (client, server) = (Turn::Client as u8, Turn::Server as u8);
        let _ = self.turn.compare_exchange(client, server, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub fn answering(&self, is_stream: bool) {
        self.streaming.store(is_stream, Ordering::Relaxed);
        self.turn.store(Turn::Answer as u8, Ordering::Relaxed);
    }

    /// Whether the answer comes as events, when they happen.
    pub fn is_streaming(&self) -> bool {
        self.streaming.load(Ordering::Relaxed)
    }

    pub fn answered(&self) {
        self.turn.store(Turn::Client as u8, Ordering::Relaxed);
    }

    /// Returns once another connection needs the place.
    pub async fn told_to_go(&self) {
        self.told.notified().await;
    }

    fn tell_to_go(&self) {
        self.leaving.store(true, Ordering::Relaxed);
        self.told.notify_one();
    }

    fn last_ms(&self) -> u64 {
        self.last_ms.load(Ordering::Relaxed)
    }

    /// Whether it may be told to go.
    fn leaver(&self, now_ms: u64) -> Option<Leaver> {
        if self.leaving.load(Ordering::Relaxed) {
            return None;
        }
        let turn = self.turn.load(Ordering::Relaxed);
        let is_lively = now_ms.saturating_sub(self.last_ms()) < LIVELY_MS;
        match is_lively {
            true if self.is_stalled() || turn == Turn::Client as u8 => Some(Leaver::Soon),
            false if self.is_stalled() || turn == Turn::Client as u8 => Some(Leaver::KeepsWaiting),
            false if turn == Turn::Answer as u8 => Some(Leaver::Listens),
            _ => None,
        }
    }
}

/// Milliseconds since the server began to listen: the machine's, like the sockets that it is about.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn now_ms(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection on which nothing has come or gone for `quiet_ms`.
    fn life(turn: Turn, stalled: bool, quiet_ms: u64) -> Option<Leaver> {
        let life = Life::new(Clock(Instant::now()));
        life.turn.store(turn as u8, Ordering::Relaxed);
        life.set_stalled(stalled);
        life.leaver(life.last_ms() + quiet_ms)
    }

    #[test]
    fn whoever_keeps_the_server_waiting_goes_first_and_whoever_it_works_for_stays() {
        let cases = [
            (Turn::Client, false, 999, Some(Leaver::Soon)),
            (Turn::Client, false, 1_000, Some(Leaver::KeepsWaiting)),
            (Turn::Client, true, 1_000, Some(Leaver::KeepsWaiting)),
            (Turn::Client, false, 9_000_000, Some(Leaver::KeepsWaiting)),
            (Turn::Server, false, 1_000, None),
            (Turn::Server, false, 9_000_000, None),
            (Turn::Server, true, 1_000, Some(Leaver::KeepsWaiting)),
            (Turn::Answer, false, 999, None),
            (Turn::Answer, false, 15_000, Some(Leaver::Listens)),
            (Turn::Answer, true, 999, Some(Leaver::Soon)),
            (Turn::Answer, true, 1_000, Some(Leaver::KeepsWaiting)),
        ];
        for (turn, stalled, quiet_ms, expected) in cases {
            assert_eq!(life(turn, stalled, quiet_ms), expected, "{turn:?}, {stalled}, {quiet_ms}");
        }
    }

    /// Of turn and milliseconds without a byte each, the numbers of those that are told to go.
    fn told(open: &[(Turn, u64)], patient: bool) -> Vec<usize> {
        let began = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
        let mut places = Places::new(u32::try_from(open.len()).unwrap());
        places.clock = Clock(began);
        let taken: Vec<_> = open.iter().map(|_| pollster::block_on(places.take()).unwrap()).collect();
        for (place, (turn, quiet_ms)) in taken.iter().zip(open) {
            place.life.turn.store(*turn as u8, Ordering::Relaxed);
            place.life.last_ms.store(60_000 - quiet_ms, Ordering::Relaxed);
        }
        places.make_room(patient);
        let gone = |place: &Place| place.life.leaving.load(Ordering::Relaxed);
        taken.iter().enumerate().filter(|(_, place)| gone(place)).map(|(n, _)| n).collect()
    }

    #[test]
    fn the_one_that_has_been_quiet_for_longest_makes_room() {
        let idle = |quiet_ms| (Turn::Client, quiet_ms);
        let (listens, works) = (|quiet_ms| (Turn::Answer, quiet_ms), (Turn::Server, 20_000));
        assert_eq!(told(&[idle(3_000), idle(9_000), idle(4_000)], true), [1]);
        assert_eq!(told(&[listens(14_000), idle(2_000), works], true), [1]);
        assert_eq!(told(&[listens(4_000), works, listens(14_000)], true), [2]);
        assert_eq!(told(&[idle(0), works, listens(500)], false), [0; 0]);
        let many: Vec<_> = (0..400).map(|n| idle(2_000 + n)).collect();
        assert_eq!(told(&many, true), (368..400).collect::<Vec<_>>());
        assert_eq!(told(&many[..24], true), [21, 22, 23]);
    }

    #[test]
    fn whoever_listens_stays_while_another_may_soon_make_room() {
        let open = [(Turn::Answer, 14_000), (Turn::Client, 500), (Turn::Answer, 3_000)];
        assert_eq!(told(&open, true), [0; 0]);
        assert_eq!(told(&open, false), [0]);
        // One at a time: each comes back.
        assert_eq!(told(&vec![(Turn::Answer, 14_000); 400], true).len(), 1);
    }

    #[test]
    fn whoever_has_left_is_not_looked_at_again() {
        let places = Places::new(1);
        let place = pollster::block_on(places.take()).unwrap();
        assert_eq!(places.open.lock().unwrap().len(), 1);
        drop(place);
        assert!(places.open.lock().unwrap().is_empty());
        pollster::block_on(places.emptied());
    }
}
