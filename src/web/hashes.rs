//! Password hashes: few at a time, and a queue that has an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::auth::password;
use crate::web::error::{ApiError, Result};
use crate::world::World;

/// Computed at the same time: each takes 19 MiB and most of a core.
const AT_ONCE_MAX: usize = 2;
/// Those who wait; whoever comes after them is asked to come again.
const WAITING_MAX: usize = 32;

pub struct Hashes {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    computed: AtomicU64,
}

impl Default for Hashes {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE_MAX + WAITING_MAX)),
            turns: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            computed: AtomicU64::default(),
        }
    }
}

impl Hashes {
    pub async fn hash(&self, world: &World, text: String) -> Result<String> {
        let world = world.clone();
        self.compute(move || password::hash(&world, &text)).await?.map_err(|_| ApiError::internal())
    }

    /// For a user who does not exist the same work is done, so that the time tells nothing.
    pub async fn verify(&self, text: String, hash: Option<String>) -> Result<bool> {
        let check = move || match hash {
            Some(hash) => password::verify(&text, &hash),
            None => {
                password::verify_dummy(&text);
                false
            }
        };
        self.compute(check).await
    }

    /// How many were computed since the start.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// A place among those who compute or wait; none is left where the queue is full.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = self.place().ok_or_else(ApiError::unavailable)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| ApiError::unavailable())?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        let computing = tokio::task::spawn_blocking(move || {
            // Held by the work: it goes on when whoever asked for it hangs up, and must count until it ends.
            let _held = (place, turn);
            work()
        });
        computing.await.map_err(|_| ApiError::internal())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn g09_no_more_than_two_are_computed_at_once() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let hashes = Arc::new(Hashes::default());
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let compute = |_| {
            let (hashes, running, most) = (hashes.clone(), running.clone(), most.clone());
            let work = move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
            };
            runtime.spawn(async move { hashes.compute(work).await })
        };
        let tasks: Vec<_> = (0..AT_ONCE_MAX + WAITING_MAX).map(compute).collect();
        for task in tasks {
            runtime.block_on(task).unwrap().unwrap();
        }
        assert!((1..=AT_ONCE_MAX).contains(&most.load(Ordering::SeqCst)));
        assert_eq!(hashes.computed(), 34);
    }

    #[test]
    fn g09_work_that_nobody_waits_for_keeps_its_place_until_it_ends() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let hashes = Arc::new(Hashes::default());
        let (begun, begins) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let asked = hashes.clone();
        let task = runtime.spawn(async move {
            asked
                .compute(move || {
                    begun.send(()).unwrap();
                    ends.recv().unwrap();
                })
                .await
        });
        begins.recv().unwrap();
        task.abort();
        assert!(runtime.block_on(task).is_err());
        assert_eq!(hashes.turns.available_permits(), AT_ONCE_MAX - 1);
        end.send(()).unwrap();
        runtime.block_on(async { hashes.turns.acquire_many(2).await.map(drop) }).unwrap();
    }

    #[test]
    fn g09_whoever_comes_when_the_queue_is_full_is_asked_to_come_again() {
        let hashes = Hashes::default();
        let held: Vec<_> = std::iter::from_fn(|| hashes.place()).collect();
        assert_eq!(held.len(), AT_ONCE_MAX + WAITING_MAX);
        let refused = pollster::block_on(hashes.verify("any".into(), None)).unwrap_err();
        assert_eq!((refused.status.as_u16(), hashes.computed()), (503, 0));
    }
}
