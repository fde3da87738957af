//! Long-lived threads: restarted after a panic, stopped and waited for at the end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const RESTART_FIRST: Duration = Duration::from_secs(1);
const RESTART_LONGEST: Duration = Duration::from_secs(30);
/// A thread that ran for this long before it panicked is started again as if it were the first time.
const QUIET: Duration = Duration::from_secs(60);
const STACK_BYTES: usize = 1024 * 1024;
/// Half way to the lowest priority.
const NICENESS: i32 = 10;

/// Tells threads that they should come to an end.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The calling thread gives way wherever others want to run: what it computes can wait, a visitor's answer cannot.
pub fn yield_to_others() {
    // Where it is not allowed, the thread runs as any other.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// A thread that runs `body` until it returns; a panic is logged and `body` runs again.
pub fn spawn(name: &str, stop: &Stop, body: impl Fn() + Send + 'static) -> JoinHandle<()> {
    let (label, stop) = (name.to_owned(), stop.clone());
    let run = move || {
        let mut pause = RESTART_FIRST;
        loop {
            let started = Instant::now();
            if catch_unwind(AssertUnwindSafe(&body)).is_ok() || stop.is_set() {
                return;
            }
            tracing::error!(thread = label, "a thread panicked and was restarted");
            pause = if started.elapsed() > QUIET { RESTART_FIRST } else { (pause * 2).min(RESTART_LONGEST) };
            thread::sleep(pause);
        }
    };
    thread::Builder::new().name(name.to_owned()).stack_size(STACK_BYTES).spawn(run).expect("spawn a thread")
}
