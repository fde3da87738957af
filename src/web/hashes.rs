//! Password hashes: two at a time, each thread in memory of its own, and queues that have an end.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::auth::password::{self, WorkArea};
use crate::limits::network::Network;
use crate::supervise::{self, Stop};
use crate::web::error::{ApiError, Result};
use crate::world::World;

/// Computed at the same time: each takes 19 MiB and most of a core.
const AT_ONCE_MAX: usize = 2;
/// Those who wait in one lane; whoever comes after them is asked to come again.
pub const WAITING_MAX: usize = 32;
/// Those of one network, in whatever lane.
const WAITING_OF_NETWORK_MAX: usize = 4;

/// Whose password is hashed first while many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody who is signed in, has a link of ours, or signed in before in the same browser.
    Known,
    /// Somebody from a network in which nobody failed lately.
    Fresh,
    Suspect,
}

const LANES: usize = 3;

/// Who asks for a hash. Those who are known are not counted by network.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub lane: Lane,
    pub network: Option<Network>,
}

impl Asker {
    pub const KNOWN: Self = Self { lane: Lane::Known, network: None };
}

pub struct Hashes {
    queue: Arc<Queue>,
    computed: Arc<AtomicU64>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    news: Condvar,
    stop: Stop,
}

#[derive(Default)]
struct Waiting {
    lanes: [VecDeque<Job>; LANES],
    of_network: HashMap<Network, usize>,
}

struct Job {
    network: Option<Network>,
    work: Work,
}

/// What is computed, and then how whoever waits for it is told.
type Work = Box<dyn FnOnce(&mut WorkArea) -> Tell + Send>;
type Tell = Box<dyn FnOnce() + Send>;

impl Hashes {
    pub fn start() -> Self {
        let queue = Arc::<Queue>::default();
        for number in 0..AT_ONCE_MAX {
            let own = queue.clone();
            supervise::spawn(&format!("hash-{number}"), &queue.stop, move || own.serve());
        }
        Self { queue, computed: Arc::default() }
    }

    pub async fn hash(&self, asker: Asker, world: &World, text: String) -> Result<String> {
        let world = world.clone();
        self.compute(asker, move |area| password::hash(&world, &text, area)).await?.map_err(|_| ApiError::internal())
    }

    /// For a user who does not exist the same work is done, so that the time tells nothing.
    pub async fn verify(&self, asker: Asker, text: String, hash: Option<String>) -> Result<bool> {
        let check = move |area: &mut WorkArea| match hash {
            Some(hash) => password::verify(&text, &hash, area),
            None => {
                password::verify_dummy(&text, area);
                false
            }
        };
        self.compute(asker, check).await
    }

    /// How many were computed since the start.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    async fn compute<T, W>(&self, asker: Asker, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut WorkArea) -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let computed = self.computed.clone();
        let work = move |area: &mut WorkArea| -> Tell {
            // Whoever hung up while they waited needs no hash.
            if answer.is_closed() {
                return Box::new(|| ());
            }
            computed.fetch_add(1, Ordering::Relaxed);
            let found = work(area);
            // An error means that they hung up since.
            Box::new(move || drop(answer.send(found)))
        };
        if !self.queue.push(asker, Box::new(work)) {
            return Err(ApiError::unavailable());
        }
        // No answer: the work panicked, or the server stops.
        answered.await.map_err(|_| ApiError::unavailable())
    }
}

impl Drop for Hashes {
    fn drop(&mut self) {
        // Under the lock, so that no thread misses it between its look and its wait.
        let _waiting = self.queue.waiting();
        self.queue.stop.set();
        self.queue.news.notify_all();
    }
}

impl Queue {
    /// Whether there was room.
    fn push(&self, asker: Asker, work: Work) -> bool {
        let mut waiting = self.waiting();
        let of_network = asker.network.and_then(|network| waiting.of_network.get(&network)).copied().unwrap_or_default();
        if WAITING_MAX <= waiting.lanes[asker.lane as usize].len() || WAITING_OF_NETWORK_MAX <= of_network {
            return false;
        }
        if let Some(network) = asker.network {
            waiting.of_network.insert(network, of_network + 1);
        }
        waiting.lanes[asker.lane as usize].push_back(Job { network: asker.network, work });
        self.news.notify_one();
        true
    }

    /// The memory is given back whenever nobody waits, before the last of them is told: a burst leaves nothing behind it.
    fn serve(&self) {
        supervise::yield_to_others();
        while let Some(first) = self.next() {
            let mut area = WorkArea::default();
            let mut job = Some(first);
            while let Some(Job { work, .. }) = job {
                let tell = work(&mut area);
                job = self.waiting().take();
                if job.is_none() {
                    area = WorkArea::default();
                }
                tell();
            }
        }
    }

    /// Waits for one; none at the stop.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.waiting();
        loop {
            if self.stop.is_set() {
                return None;
            }
            if let Some(job) = waiting.take() {
                return Some(job);
            }
            waiting = self.news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The first of the best lane.
    fn take(&mut self) -> Option<Job> {
        let job = self.lanes.iter_mut().find_map(VecDeque::pop_front)?;
        if let Some(network) = job.network
            && let Some(count) = self.of_network.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                self.of_network.remove(&network);
            }
        }
        Some(job)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;

    use super::*;
    use crate::limits::network::widest;

    fn asker(lane: Lane, address: &str) -> Asker {
        Asker { lane, network: Some(widest(address.parse().unwrap())) }
    }

    /// Both threads busy until the sender is dropped.
    fn busy(hashes: &Arc<Hashes>, runtime: &tokio::runtime::Runtime) -> mpsc::Sender<()> {
        let (end, ends) = mpsc::channel::<()>();
        let ends = Arc::new(Mutex::new(ends));
        let (begun, begins) = mpsc::channel();
        for _ in 0..AT_ONCE_MAX {
            let (hashes, ends, begun) = (hashes.clone(), ends.clone(), begun.clone());
            let wait = move |_: &mut WorkArea| {
                begun.send(()).unwrap();
                let _ = ends.lock().unwrap().recv();
            };
            runtime.spawn(async move { hashes.compute(Asker::KNOWN, wait).await });
        }
        (0..AT_ONCE_MAX).for_each(|_| begins.recv().unwrap());
        end
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap()
    }

    #[test]
    fn g09_no_more_than_two_are_computed_at_once() {
        let (runtime, hashes) = (runtime(), Arc::new(Hashes::start()));
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let compute = |_| {
            let (hashes, running, most) = (hashes.clone(), running.clone(), most.clone());
            let work = move |_: &mut WorkArea| {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
            };
            runtime.spawn(async move { hashes.compute(Asker::KNOWN, work).await })
        };
        let tasks: Vec<_> = (0..WAITING_MAX).map(compute).collect();
        for task in tasks {
            runtime.block_on(task).unwrap().unwrap();
        }
        assert!((1..=AT_ONCE_MAX).contains(&most.load(Ordering::SeqCst)));
        assert_eq!(hashes.computed(), 32);
    }

    #[test]
    fn g09_whoever_hangs_up_while_waiting_costs_no_hash() {
        let (runtime, hashes) = (runtime(), Arc::new(Hashes::start()));
        let end = busy(&hashes, &runtime);
        let (asked, order) = (hashes.clone(), Arc::new(Mutex::new(Vec::new())));
        let seen = order.clone();
        let gone = runtime.spawn(async move { asked.compute(Asker::KNOWN, move |_| seen.lock().unwrap().push(1)).await });
        while hashes.queue.waiting().lanes[0].is_empty() {
            std::thread::yield_now();
        }
        gone.abort();
        assert!(runtime.block_on(gone).is_err());
        drop(end);
        runtime.block_on(hashes.compute(Asker::KNOWN, |_| ())).unwrap();
        assert_eq!((order.lock().unwrap().len(), hashes.computed()), (0, 3));
    }

    #[test]
    fn g09_a_lane_and_a_network_fill_their_own_places_only() {
        let (runtime, hashes) = (runtime(), Arc::new(Hashes::start()));
        let end = busy(&hashes, &runtime);
        let enter = |asker| hashes.queue.push(asker, Box::new(|_| Box::new(|| ())));
        let of_one = (0..9).filter(|n| enter(asker(Lane::Suspect, &format!("2001:db8:1:{n}::1")))).count();
        assert_eq!(of_one, WAITING_OF_NETWORK_MAX);
        let of_many = (0..99).filter(|n| enter(asker(Lane::Suspect, &format!("198.51.{n}.1")))).count();
        assert_eq!(of_one + of_many, WAITING_MAX);
        assert!(enter(asker(Lane::Fresh, "203.0.113.7")) && enter(Asker::KNOWN));
        let refused = pollster::block_on(hashes.verify(asker(Lane::Suspect, "192.0.2.1"), "any".into(), None)).unwrap_err();
        assert_eq!((refused.status.as_u16(), hashes.computed()), (503, 2));
        drop(end);
        while hashes.queue.waiting().lanes.iter().any(|lane| !lane.is_empty()) {
            std::thread::yield_now();
        }
        assert!(hashes.queue.waiting().of_network.is_empty());
        runtime.block_on(hashes.compute(asker(Lane::Suspect, "2001:db8:1::1"), |_| ())).unwrap();
    }

    #[test]
    fn g09_those_who_are_known_come_first() {
        let (runtime, hashes) = (runtime(), Arc::new(Hashes::start()));
        let end = busy(&hashes, &runtime);
        let order = Arc::new(Mutex::new(Vec::new()));
        for lane in [Lane::Suspect, Lane::Fresh, Lane::Known] {
            let order = order.clone();
            let work = move |_: &mut WorkArea| -> Tell {
                order.lock().unwrap().push(lane);
                Box::new(|| ())
            };
            hashes.queue.push(Asker { lane, network: None }, Box::new(work));
        }
        // One of the two threads goes on, so that the order is seen.
        end.send(()).unwrap();
        runtime.block_on(hashes.compute(Asker { lane: Lane::Suspect, network: None }, |_| ())).unwrap();
        let order = order.lock().unwrap();
        assert_eq!(*order, [Lane::Known, Lane::Fresh, Lane::Suspect]);
        drop(end);
    }
}
