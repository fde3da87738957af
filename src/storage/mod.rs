//! Everything that is kept: the only place with SQL.
//!
//! One public method is one transaction. A write has reached the disk when its method returns, unless losing it only makes
//! something happen again.

mod accounts;
mod activity;
mod agents;
mod analytics;
mod answering;
mod answers;
mod audit;
pub mod backups;
mod checkpoint;
pub mod checkup;
mod claims;
mod columns;
mod conversations;
pub mod damage;
mod days;
mod deliveries;
mod endings;
mod erasure;
mod events;
mod idempotency;
mod inbox;
mod inspector;
mod installations;
mod keys;
mod knowledge;
mod leads;
mod model_use;
mod notes;
mod overview;
mod payments;
mod portable;
mod questions;
mod readers;
mod recovery;
mod retention;
mod rotation;
mod schema;
mod scrub;
mod sealed;
mod search;
mod sessions;
mod silence;
mod soundness;
mod stripe;
mod takeover;
mod team;
mod trace;
mod turns;
mod two_step;
mod under_way;
mod users;
mod vectors;
mod webhooks;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;

use crate::domain::id::{ALPHABET, Identifier, RANDOM_CHARS};
use crate::domain::knowledge::KnowledgeCap;
use crate::storage::damage::{Damage, Remedy, Watch};
use crate::storage::events::Outbox;
use crate::storage::readers::Readers;
use crate::storage::schema::Files;
use crate::storage::scrub::Scrub;
use crate::storage::writer::{Safety, Writer};
use crate::world::World;

pub use activity::{ApiRequest, LoggedRequest};
pub use answers::Answer;
pub use claims::{Claim, Room};
pub use deliveries::{Outcome, Release, Tried};
pub use idempotency::{Earlier, Keep, KeptAnswer, OnceKey};
pub use keys::NewKey;
pub use retention::FORGETTABLE_MAX;
pub use rotation::Rotation;
pub use sessions::{Member, NewSession, OpenSession, Renewal};
pub use stripe::Remark;
pub use takeover::{HandedBack, Replied, TakenOver};
pub use team::{Changed, Decided};
pub use turns::{AnsweredTurn, BegunTurn, Turn, VisitorMessage, Writers};
pub use two_step::TwoStep;
pub use vectors::{Learnt, TextHash};

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such row")]
    NotFound,
    #[error("a row with the same unique value already exists")]
    Conflict,
    #[error("the plan's limit is reached")]
    LimitReached,
    #[error("knowledge {0}")]
    TooMuchKnowledge(String),
    #[error("the store is busy or stopping")]
    Busy,
    #[error("the disk is full or failing: {0}")]
    Disk(String),
    #[error("a statement panicked")]
    Crashed,
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    #[error("another ChatForge process uses the folder {0}")]
    Locked(String),
    #[error("a restore of {0} was interrupted; run chatforge restore again")]
    Interrupted(String),
    #[error("the database has version {found}, but this ChatForge supports versions up to {known}")]
    Newer { found: i64, known: usize },
    #[error("sqlite: {0}")]
    Sqlite(String),
}

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Writer,
    readers: Readers,
    world: World,
    bell: Arc<Bell>,
    files: Files,
    watch: Watch,
    /// While a server has a database that was too large to be read before.
    scrub: Option<Scrub>,
    /// Held while a copy is being made.
    backing_up: Mutex<()>,
    knowledge_cap: OnceLock<KnowledgeCap>,
}

/// How a process uses the data folder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Holds the folder's lock until the store is closed.
    Server,
    /// Beside a server, or alone; takes no lock for longer than a migration.
    Command,
}

impl Store {
    /// Opens the database in `folder`, creating or migrating it where needed.
    pub fn open(folder: &Path, world: World, usage: Use) -> Result<Self> {
        let mut files = Files::prepare(folder, usage)?;
        let bell = Arc::new(Bell::default());
        let watch = Watch::new(folder, &world);
        let writer = Writer::start(files.connect_writer(&world)?, bell.clone(), watch.clone());
        let readers = Readers::start(&files, &watch)?;
        let scrub = if files.is_unread { Some(Scrub::start(&files.database(), &watch)?) } else { None };
        Ok(Self {
            shared: Arc::new(Shared {
                writer,
                readers,
                world,
                bell,
                files,
                watch,
                scrub,
                backing_up: Mutex::default(),
                knowledge_cap: OnceLock::new(),
            }),
        })
    }

    /// Holds agents to another cap than the usual one; once.
    pub fn cap_knowledge(&self, cap: KnowledgeCap) {
        let _ = self.shared.knowledge_cap.set(cap);
    }

    fn knowledge_cap(&self) -> KnowledgeCap {
        self.shared.knowledge_cap.get().copied().unwrap_or_default()
    }

    /// Finishes what is queued and folds the write-ahead log into the file. Later writes fail.
    pub fn close(&self) {
        if let Some(scrub) = &self.shared.scrub {
            scrub.stop();
        }
        self.shared.writer.stop();
        // After damage, the next start is to read every page first.
        if self.damage().is_none() {
            self.shared.files.mark_clean();
        }
    }

    /// What was found once; from then on nothing is written any more.
    pub fn damage(&self) -> Option<&Damage> {
        self.shared.watch.damage()
    }

    /// What helps against it; none while the backups are still being looked at.
    pub fn remedy(&self) -> Option<&Remedy> {
        self.shared.watch.remedy()
    }

    pub fn database_path(&self) -> PathBuf {
        self.shared.files.database()
    }

    /// Receives something once an event was committed.
    pub fn bell(&self) -> &Receiver<()> {
        &self.shared.bell.sounds
    }

    /// Wakes whoever waits for an event.
    pub fn ring(&self) {
        self.shared.bell.ring();
    }

    /// Proves that the database can be locked for writing, that its writer answers, and that the file still is one.
    pub async fn probe(&self) -> Result<()> {
        let path = self.database_path();
        self.write(move |db| {
            soundness::look(&path)?;
            Ok(db.execute_batch("SELECT 1")?)
        })
        .await
    }

    /// Bytes that are still free on the database's disk.
    pub fn free_bytes(&self) -> Option<u64> {
        checkup::free_bytes(&self.shared.files.folder)
    }

    async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.shared.writer.run(work, Safety::Disk).await
    }

    /// For what happens again if it is lost: no crash of this process can undo it, but one of the machine may.
    async fn write_repeatable<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.shared.writer.run(work, Safety::Process).await
    }

    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.shared.readers.run(work).await
    }

    async fn read_heavy<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.shared.readers.run_heavy(work).await
    }

    fn world(&self) -> &World {
        &self.shared.world
    }

    fn outbox(&self) -> Outbox {
        Outbox { world: self.shared.world.clone(), bell: self.shared.bell.clone() }
    }
}

/// Draws an identifier that `table` does not hold yet.
fn draw<I: Identifier>(db: &Connection, world: &World, table: &'static str) -> Result<I> {
    loop {
        let random = world.pick(ALPHABET, RANDOM_CHARS);
        let mut taken = db.prepare_cached(&format!("SELECT 1 FROM {table} WHERE id = ?1"))?;
        if !taken.exists([format!("{}{random}", I::PREFIX)])? {
            return Ok(I::from_random(&random));
        }
    }
}

/// Tells the delivery thread of new events, once they are committed, and of those that are not to be sent any more.
struct Bell {
    struck: AtomicBool,
    withdrawals: AtomicU64,
    rung: Sender<()>,
    sounds: Receiver<()>,
}

impl Default for Bell {
    fn default() -> Self {
        let (rung, sounds) = bounded(1);
        Self { struck: AtomicBool::default(), withdrawals: AtomicU64::default(), rung, sounds }
    }
}

impl Bell {
    /// Within a transaction: the writer rings after the commit.
    fn strike(&self) {
        self.struck.store(true, Ordering::Relaxed);
    }

    /// Within a transaction that takes the ground from claims: whoever is told that it is done may rely on every sender
    /// seeing it. Should it be rolled back, senders have only looked in vain.
    fn withdraw(&self) {
        self.withdrawals.fetch_add(1, Ordering::SeqCst);
        self.strike();
    }

    fn withdrawals(&self) -> u64 {
        self.withdrawals.load(Ordering::SeqCst)
    }

    fn ring_if_struck(&self) {
        if self.struck.swap(false, Ordering::Relaxed) {
            self.ring();
        }
    }

    fn ring(&self) {
        // One that has not been heard yet is enough.
        let _ = self.rung.try_send(());
    }
}

/// Sees to it that only the owner can look into `folder`.
fn private_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Error::Disk(format!("{}: {error}", folder.display())))
}
