//! One thread owns the writing connection and commits many jobs at once.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::storage::checkpoint::Checkpoints;
use crate::storage::damage::Watch;
use crate::storage::{Bell, Error, Result};

const QUEUE_MAX: usize = 4_096;
const LATER_MAX: usize = 10_000;
const GROUP_MAX: usize = 128;
/// A job that waited longer is not run: its caller has given up by then.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// How often the write-ahead log is tried to be folded while readers are busy, and the pause in between.
const FOLDS_MAX: usize = 10;
const FOLD_PAUSE: Duration = Duration::from_millis(20);
/// After a fold that readers have prevented, the next one.
const FOLD_AGAIN: Duration = Duration::from_secs(1);
/// As long as anybody else waits for the database.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// What may be repeated waits for the disk no longer than this, as long as anything is written.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Log rows and counters wait for the next commit, but no longer than this.
const FLUSH_EVERY: Duration = Duration::from_millis(250);

pub struct Writer {
    queue: Sender<Order>,
    later: Sender<Later>,
    watch: Watch,
    dropped: AtomicU64,
    /// What the log still holds is to be cut off as soon as it can be.
    owed: Arc<AtomicBool>,
}

/// What a write has survived when its caller is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// A crash of the machine: it has reached the disk.
    Disk,
    /// A crash of this process: the operating system has it, and the next write that asks for the disk takes it along.
    Process,
}

enum Order {
    Run(Box<dyn Job>, Safety),
    /// Folds the write-ahead log into the database, so that nothing deleted is left in it.
    Fold(oneshot::Sender<()>),
    Stop(Sender<()>),
}

type Later = Box<dyn FnOnce(&Connection) -> Result<()> + Send>;

trait Job: Send {
    /// Runs the statements; false asks for this job alone to be rolled back.
    fn run(&mut self, db: &Connection) -> bool;
    fn report(self: Box<Self>, committed: std::result::Result<(), Error>);
}

struct Write<T, F> {
    asked: Instant,
    work: Option<F>,
    watch: Watch,
    result: Result<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl Writer {
    pub fn start(db: Connection, bell: Arc<Bell>, watch: Watch) -> Self {
        let (queue, orders) = bounded(QUEUE_MAX);
        let (later, waiting) = bounded(LATER_MAX);
        let (checkpoints, to_disk, synced) = (Checkpoints::start(&db), Cell::new(true), Cell::new(Instant::now()));
        let owed = Arc::new(AtomicBool::new(false));
        let folded = Cell::new(Instant::now());
        let (owing, watching) = (owed.clone(), watch.clone());
        let lane = Lane { db, orders, waiting, bell, watch: watching, checkpoints, to_disk, synced, owed: owing, folded };
        let thread = thread::Builder::new().name("storage-writer".into());
        thread.spawn(move || lane.serve()).expect("spawn the writer");
        Self { queue, later, watch, dropped: AtomicU64::new(0), owed }
    }

    /// Runs `work` in a transaction; returns once it is safe.
    pub async fn run<T, F>(&self, work: F, safety: Safety) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.watch.refuse()?;
        let (reply, result) = oneshot::channel();
        let (asked, watch) = (Instant::now(), self.watch.clone());
        let job = Write { asked, work: Some(work), watch, result: Err(Error::Busy), reply };
        self.queue.try_send(Order::Run(Box::new(job), safety)).map_err(|_| Error::Busy)?;
        result.await.map_err(|_| Error::Busy)?
    }

    /// Runs `work` with some later commit; false where too much waits for that.
    pub fn queue_later(&self, work: impl FnOnce(&Connection) -> Result<()> + Send + 'static) -> bool {
        self.watch.damage().is_none() && self.later.try_send(Box::new(work)).is_ok()
    }

    /// Runs `work` with some later commit; for log rows and counters, which a flood may drop.
    pub fn run_later(&self, work: impl FnOnce(&Connection) -> Result<()> + Send + 'static) {
        let is_lost = !self.queue_later(work) && self.watch.damage().is_none();
        if is_lost && self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("the store is too busy for log rows; some were dropped");
        }
    }

    /// Does not fail: what was deleted stays deleted, and the writer goes on trying until the log holds nothing of it.
    pub async fn fold(&self) {
        let (done, folded) = oneshot::channel();
        match self.queue.try_send(Order::Fold(done)) {
            Ok(()) => drop(folded.await),
            Err(_) => self.owed.store(true, Ordering::Relaxed),
        }
    }

    pub fn stop(&self) {
        let (done, stopped) = bounded(0);
        if self.queue.send(Order::Stop(done)).is_ok() {
            // An error means that the writer has already gone.
            let _ = stopped.recv();
        }
    }
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T> + Send,
{
    fn run(&mut self, db: &Connection) -> bool {
        let Some(work) = self.work.take().filter(|_| self.asked.elapsed() < WAIT_MAX) else {
            return false;
        };
        let worked = catch_unwind(AssertUnwindSafe(|| work(db))).unwrap_or(Err(Error::Crashed));
        self.result = self.watch.heed(worked);
        self.result.is_ok()
    }

    fn report(self: Box<Self>, committed: Result<()>) {
        let result = match committed {
            Ok(()) => self.result,
            Err(error) => self.result.and(Err(error)),
        };
        // The caller may have hung up; its write stands all the same.
        let _ = self.reply.send(result);
    }
}

struct Lane {
    db: Connection,
    orders: Receiver<Order>,
    waiting: Receiver<Later>,
    bell: Arc<Bell>,
    watch: Watch,
    checkpoints: Checkpoints,
    /// What the connection is set to.
    to_disk: Cell<bool>,
    /// When a commit has last waited for the disk.
    synced: Cell<Instant>,
    /// A fold was asked for and has not succeeded yet.
    owed: Arc<AtomicBool>,
    /// When a fold was last tried.
    folded: Cell<Instant>,
}

impl Lane {
    fn serve(&self) {
        loop {
            let mut group = Group::default();
            match self.orders.recv_timeout(FLUSH_EVERY) {
                Ok(first) => group.take(first),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.fold(FOLDS_MAX),
            }
            while group.stop.is_none() && group.jobs.len() < GROUP_MAX {
                let Ok(order) = self.orders.try_recv() else { break };
                group.take(order);
            }
            self.settle(group.jobs, group.to_disk);
            if group.stop.is_some() || !group.folds.is_empty() {
                self.fold(FOLDS_MAX);
            } else if self.owed.load(Ordering::Relaxed) && self.folded.get().elapsed() > FOLD_AGAIN {
                self.fold(1);
            }
            // Whoever asked may have hung up; it is folded all the same.
            for done in group.folds {
                let _ = done.send(());
            }
            if group.stop.is_some() {
                return;
            }
        }
    }

    /// Commits the group and tells every caller how it went.
    fn settle(&self, mut group: Vec<Box<dyn Job>>, to_disk: bool) {
        if group.is_empty() && self.waiting.is_empty() {
            return;
        }
        // Some were queued before the damage was found.
        let sound = self.watch.refuse().and_then(|()| self.sync(to_disk));
        let committed = sound.and_then(|()| self.watch.heed(self.commit(&mut group)));
        if committed.is_err() && !self.db.is_autocommit() {
            // Nothing to be done if this fails too: the next BEGIN will say so.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        if let Err(error) = &committed
            && self.watch.damage().is_none()
        {
            tracing::error!(%error, jobs = group.len(), "a group of writes was not committed");
        }
        for job in group {
            job.report(committed.as_ref().copied().map_err(Error::again));
        }
        self.bell.ring_if_struck();
        self.checkpoints.after_commit(&self.db);
    }

    fn commit(&self, group: &mut [Box<dyn Job>]) -> Result<()> {
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        if let [job] = group
            && self.waiting.is_empty()
        {
            return self.commit_alone(&mut **job);
        }
        for job in group {
            self.savepoint(|db| job.run(db))?;
        }
        for work in self.waiting.try_iter().take(GROUP_MAX * 8) {
            self.savepoint(|db| {
                let written = self.watch.heed(catch_unwind(AssertUnwindSafe(|| work(db))).unwrap_or(Err(Error::Crashed)));
                written.inspect_err(|error| tracing::warn!(%error, "a log row was not written")).is_ok()
            })?;
        }
        self.db.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// With no neighbour to be spared, a savepoint would only be copied pages.
    fn commit_alone(&self, job: &mut dyn Job) -> Result<()> {
        let keep = job.run(&self.db);
        if self.db.is_autocommit() {
            return Err(Error::Disk("the transaction was rolled back".into()));
        }
        self.db.prepare_cached(if keep { "COMMIT" } else { "ROLLBACK" })?.execute([])?;
        Ok(())
    }

    fn savepoint(&self, run: impl FnOnce(&Connection) -> bool) -> Result<()> {
        self.db.prepare_cached("SAVEPOINT job")?.execute([])?;
        let keep = run(&self.db);
        if self.db.is_autocommit() {
            // SQLite has rolled back everything by itself, as it does when the disk is full.
            return Err(Error::Disk("the transaction was rolled back".into()));
        }
        if !keep {
            self.db.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        self.db.prepare_cached("RELEASE job")?.execute([])?;
        Ok(())
    }

    /// Says whether the next commit waits for the disk. Log rows and counters wait with it, or for one that does.
    fn sync(&self, to_disk: bool) -> Result<()> {
        let to_disk = to_disk || self.synced.get().elapsed() > SYNC_EVERY;
        if self.to_disk.get() != to_disk {
            self.db.pragma_update(None, "synchronous", if to_disk { "FULL" } else { "NORMAL" })?;
            self.to_disk.set(to_disk);
        }
        if to_disk {
            self.synced.set(Instant::now());
        }
        Ok(())
    }

    /// Cuts the log, so that nothing of what was deleted stands in it. A reader in the middle of a query prevents that; a
    /// short one is waited for, a long one, such as a backup, is not: others want to write.
    fn fold(&self, tries: usize) {
        self.settle(Vec::new(), true);
        let _alone = self.checkpoints.alone();
        let folded = self.truncate(tries).unwrap_or_else(|error| {
            tracing::warn!(%error, "the write-ahead log could not be merged into the database");
            false
        });
        if !folded && !self.owed.load(Ordering::Relaxed) {
            tracing::info!("the write-ahead log is in use; it is merged into the database later");
        }
        self.owed.store(!folded, Ordering::Relaxed);
        self.folded.set(Instant::now());
    }

    fn truncate(&self, tries: usize) -> Result<bool> {
        // SQLite would wait for readers itself, and hold the lock on writing all the while.
        self.db.busy_timeout(Duration::ZERO)?;
        let mut folded = Ok(false);
        for again in 0..tries {
            if again > 0 {
                thread::sleep(FOLD_PAUSE);
            }
            // That a reader was in the way shows in the first column, not as an error.
            let busy = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
            folded = busy.map(|busy| !busy).map_err(Error::from);
            if !matches!(folded, Ok(false)) {
                break;
            }
        }
        self.db.busy_timeout(BUSY_WAIT)?;
        folded
    }
}

/// What is done together before the writer looks at its queue again.
#[derive(Default)]
struct Group {
    jobs: Vec<Box<dyn Job>>,
    folds: Vec<oneshot::Sender<()>>,
    /// Dropped at the end, which is what its holder waits for.
    stop: Option<Sender<()>>,
    /// Whether any of it has to reach the disk.
    to_disk: bool,
}

impl Group {
    fn take(&mut self, order: Order) {
        match order {
            Order::Run(job, safety) => {
                self.jobs.push(job);
                self.to_disk |= safety == Safety::Disk;
            }
            Order::Fold(done) => self.folds.push(done),
            Order::Stop(done) => self.stop = Some(done),
        }
    }
}
