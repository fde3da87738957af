//! The files of a data folder: the lock, the connection that writes, the migrations.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use crate::domain::backup;
use crate::storage::backups::{self, FOLDER};
use crate::storage::{Error, Result, Use, private_folder, soundness};
use crate::world::World;

const MIGRATIONS: &[M] = &[
    M::up(include_str!("migrations/0001_accounts.sql")),
    M::up(include_str!("migrations/0002_agents.sql")),
    M::up(include_str!("migrations/0003_conversations.sql")),
    M::up(include_str!("migrations/0004_webhooks.sql")),
    M::up(include_str!("migrations/0005_activity.sql")),
    M::up(include_str!("migrations/0006_payments.sql")),
    M::up(include_str!("migrations/0007_lanes.sql")),
    M::up(include_str!("migrations/0008_deliveries.sql")),
    M::up(include_str!("migrations/0009_appearance.sql")),
    M::up(include_str!("migrations/0010_vectors.sql")),
    M::up(include_str!("migrations/0011_questions.sql")),
    M::up(include_str!("migrations/0012_answering.sql")),
    M::up(include_str!("migrations/0013_operators.sql")),
    M::up(include_str!("migrations/0014_overview.sql")),
    M::up(include_str!("migrations/0015_days.sql")),
    M::up(include_str!("migrations/0016_scale.sql")),
    M::up(include_str!("migrations/0017_sources.sql")),
    M::up(include_str!("migrations/0018_team.sql")),
    M::up(include_str!("migrations/0019_two_step.sql")),
    M::up(include_str!("migrations/0020_keeping.sql")),
    M::up(include_str!("migrations/0021_endings.sql")),
    M::up(include_str!("migrations/0022_installations.sql")),
    M::up(include_str!("migrations/0023_once.sql")),
    M::up(include_str!("migrations/0024_pages.sql")),
    M::up(include_str!("migrations/0025_inbox.sql")),
    M::up(include_str!("migrations/0026_caps.sql")),
];

/// For a database that exists. A connection belongs to one thread at a time, so SQLite need not lock it.
pub const OPEN: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

pub const DATABASE: &str = "chatforge.db";
/// A verified copy that is about to become the database.
pub const RESTORING: &str = "chatforge.db.restoring";

/// `CFGD`: tells a ChatForge database from any other.
const APPLICATION_ID: i64 = 0x4346_4744;
/// Older versions can lose committed pages when a checkpoint meets a commit.
const SQLITE_OLDEST: i32 = 3_051_003;

/// What a migration may take, in sizes of the database: the copy, and a log and a file with every table written anew.
const MIGRATION_COPIES: u64 = 3;

/// For files that nobody else may read.
const OWN: u32 = 0o600;

/// `busy_timeout` first: switching to the write-ahead log can itself be busy.
const PRAGMAS: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0;
    PRAGMA secure_delete = ON;
    PRAGMA cache_size = -32768;
    PRAGMA journal_size_limit = 67108864;";

pub struct Files {
    pub folder: PathBuf,
    usage: Use,
    /// Whether the database is so large that it is served before every page of it was read.
    pub is_unread: bool,
    /// Held for as long as this process serves the folder; a command holds it only while it may migrate.
    lock: Option<File>,
}

impl Files {
    pub fn prepare(folder: &Path, usage: Use) -> Result<Self> {
        private_folder(folder)?;
        private_folder(&folder.join(FOLDER))?;
        let lock = take_lock(folder)?;
        if usage == Use::Server && lock.is_none() {
            return Err(Error::Locked(folder.display().to_string()));
        }
        Ok(Self { folder: folder.to_owned(), usage, is_unread: false, lock })
    }

    pub fn database(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }

    /// The connection that writes, over a database that is whole and of this version.
    pub fn connect_writer(&mut self, world: &World) -> Result<Connection> {
        if rusqlite::version_number() < SQLITE_OLDEST {
            return Err(Error::Sqlite(format!("SQLite {} is too old to be trusted", rusqlite::version())));
        }
        if self.folder.join(RESTORING).exists() {
            return Err(Error::Interrupted(self.folder.display().to_string()));
        }
        let path = self.database();
        soundness::before_opening(&self.folder)?;
        // Made here, so that nobody else can read it even for a moment.
        own_file(&path).map_err(|error| Error::Disk(format!("{}: {error}", path.display())))?;
        let mut db = Connection::open_with_flags(&path, OPEN)?;
        // One that is damaged is left as it is, and its log beside it.
        keep_log(&db, true)?;
        self.check(&db).map_err(|error| soundness::worsened(&path, error))?;
        keep_log(&db, false)?;
        self.migrate(&mut db, world)?;
        self.mark_running();
        if self.usage == Use::Command {
            self.lock = None;
        }
        Ok(db)
    }

    /// As much as a start has time for. After an unclean stop that is everything.
    fn check(&mut self, db: &Connection) -> Result<()> {
        db.set_prepared_statement_cache_capacity(128);
        plan_once(db)?;
        let is_new = is_new(db)?;
        if !is_new {
            // Before anything is changed in a file that may be another program's.
            recognise(db)?;
            filled(db)?;
        }
        db.execute_batch(PRAGMAS)?;
        if is_new {
            return Ok(());
        }
        let path = self.database();
        soundness::look_at_roots(db, &path)?;
        let is_small = fs::metadata(&path).is_ok_and(|data| data.len() <= soundness::SMALL_BYTES);
        if self.usage == Use::Server && (is_small || self.was_killed()) {
            return soundness::read_whole(&path);
        }
        self.is_unread = self.usage == Use::Server;
        Ok(())
    }

    fn migrate(&self, db: &mut Connection, world: &World) -> Result<()> {
        let (found, behind) = supported(db)?;
        if behind == 0 {
            return Ok(());
        }
        if self.lock.is_none() {
            return Err(Error::Locked(self.folder.display().to_string()));
        }
        let copy = if found > 0 {
            Some(self.snapshot(db, found, world)?)
        } else {
            db.pragma_update(None, "application_id", APPLICATION_ID)?;
            None
        };
        let migrated = Migrations::from_slice(MIGRATIONS).to_latest(db);
        if migrated.is_err()
            && let Some(copy) = copy
            && supported(db)?.0 == found
        {
            // Nothing has changed, and a start that is tried again and again would fill the disk with copies.
            backups::remove(&copy)?;
        }
        migrated.map_err(|error| Error::Sqlite(error.to_string()))
    }

    /// A verified copy of the database as it was before the first pending migration.
    fn snapshot(&self, db: &Connection, version: i64, world: &World) -> Result<PathBuf> {
        let path = self.folder.join(FOLDER).join(backup::before_migration(version, world.now()));
        // A restart within the second finds the one of a moment ago.
        if !path.exists() {
            backups::room_for(db, &path, MIGRATION_COPIES)?;
            backups::make(db, &path)?;
        }
        tracing::info!(path = %path.display(), "made a backup before the migration");
        Ok(path)
    }

    fn running_mark(&self) -> PathBuf {
        self.folder.join("chatforge.running")
    }

    fn was_killed(&self) -> bool {
        self.usage == Use::Server && self.running_mark().exists()
    }

    fn mark_running(&self) {
        if self.usage == Use::Server
            && let Err(error) = own_file(&self.running_mark()).and_then(|mark| mark.set_permissions(Permissions::from_mode(OWN)))
        {
            tracing::warn!(%error, "an unclean stop will not be detected");
        }
    }

    pub fn mark_clean(&self) {
        if self.usage == Use::Server {
            // A mark that stays only costs a check at the next start.
            let _ = fs::remove_file(self.running_mark());
        }
    }
}

/// Makes a file that nobody else can read, unless it is there.
fn own_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(OWN).open(path)
}

/// A statement is planned when it is prepared, and not again for the values that it is given.
pub fn plan_once(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// The version of a database, and how many migrations it lacks.
pub fn supported(db: &Connection) -> Result<(i64, usize)> {
    let found = version_of(db)?;
    let known = MIGRATIONS.len();
    match usize::try_from(found) {
        Ok(version) if version <= known => Ok((found, known - version)),
        _ => Err(Error::Newer { found, known }),
    }
}

/// The folder's lock, or `None` while another process holds it.
pub fn take_lock(folder: &Path) -> Result<Option<File>> {
    let path = folder.join("chatforge.lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = opened.map_err(|error| Error::Disk(format!("{}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::Disk(error.to_string())),
    }
}

pub fn recognise(db: &Connection) -> Result<()> {
    let id: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    Err(Error::Corrupt("this is not a ChatForge database".into()))
}

/// Whether nothing was ever kept in it. The mark of whose it is may be set already: a first start can be killed at any line.
fn is_new(db: &Connection) -> Result<bool> {
    Ok(version_of(db)? == 0 && tables(db)? == 0)
}

/// How many migrations a database lacks that is not new. The first makes tables, in the transaction in which it counts itself.
pub fn filled(db: &Connection) -> Result<usize> {
    match (supported(db)?, tables(db)?) {
        ((0, _), _) => Err(Error::Corrupt("it has no version".into())),
        (_, 0) => Err(Error::Corrupt("it contains no tables".into())),
        ((_, behind), _) => Ok(behind),
    }
}

fn tables(db: &Connection) -> Result<i64> {
    Ok(db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?)
}

fn version_of(db: &Connection) -> Result<i64> {
    Ok(db.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// The last connection that is closed folds the log into the database, unless it is told not to.
fn keep_log(db: &Connection, keep: bool) -> Result<()> {
    Ok(db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep).map(drop)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_valid() {
        Migrations::from_slice(MIGRATIONS).validate().unwrap();
    }

    /// Rows as version 20 kept them; the first delivery is gone, so that row numbers are not simply counted.
    const BEFORE_ENDINGS: &str = "
        INSERT INTO accounts (id, name, email, plan, created_at) VALUES ('acct_1', '', '', 'scale', 0);
        INSERT INTO events (id, account, type, payload, created_at)
        VALUES ('evt_1', 'acct_1', '', x'', 0), ('evt_2', 'acct_1', '', x'', 0), ('evt_3', 'acct_1', '', x'', 0);
        INSERT INTO webhooks (id, account, url, events, secret, created_at) VALUES ('wh_1', 'acct_1', '', '', x'', 0);
        INSERT INTO deliveries (id, account, event, webhook, state, attempts, next_attempt_at, created_at, finished_at)
        VALUES ('dlv_z', 'acct_1', 'evt_1', 'wh_1', 'delivered', 1, NULL, 1, 86400001),
               ('dlv_y', 'acct_1', 'evt_2', 'wh_1', 'exhausted', 2, NULL, 1, 86400002),
               ('dlv_x', 'acct_1', 'evt_3', 'wh_1', 'pending', 1, 7, 1, NULL);
        INSERT INTO delivery_attempts
        VALUES ('dlv_x', 1, 'acct_1', 3, 4, 500, NULL, 'x1', ''), ('dlv_y', 1, 'acct_1', 3, 4, 500, NULL, 'y1', ''),
               ('dlv_y', 2, 'acct_1', 5, 6, NULL, 'timeout', 'y2', '');
        DELETE FROM deliveries WHERE id = 'dlv_z';
        INSERT INTO deliveries (id, account, event, webhook, state, attempts, created_at, finished_at)
        VALUES ('dlv_w', 'acct_1', 'evt_1', 'wh_1', 'delivered', 1, 1, 86400003)";

    #[test]
    fn tries_stay_with_their_delivery_and_what_has_ended_is_counted() {
        let (mut db, migrations) = (Connection::open_in_memory().unwrap(), Migrations::from_slice(MIGRATIONS));
        db.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        migrations.to_version(&mut db, 20).unwrap();
        db.execute_batch(BEFORE_ENDINGS).unwrap();
        migrations.to_latest(&mut db).unwrap();
        let rows = |sql: &str| {
            let mut list = db.prepare(sql).unwrap();
            let columns = list.column_count();
            let row = |row: &rusqlite::Row| (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at)).collect();
            list.query_map([], row).unwrap().collect::<rusqlite::Result<Vec<Vec<_>>>>().unwrap()
        };
        let tries =
            "SELECT d.id || a.number || a.response_headers FROM deliveries d JOIN delivery_attempts a ON a.delivery = d.seq";
        let tries: Vec<_> = rows(&format!("{tries} ORDER BY 1")).concat();
        assert_eq!(tries, ["dlv_x1x1", "dlv_y1y1", "dlv_y2y2"].map(|text| text.to_owned().into()));
        let waiting = "SELECT id FROM deliveries WHERE state = 'pending' AND retried = 1 AND next_attempt_at = 7";
        assert_eq!(rows(waiting).concat(), [String::from("dlv_x").into()]);
        let days = rows("SELECT day, delivered, ended FROM webhook_days WHERE account = 'acct_1' AND webhook = 'wh_1'");
        assert_eq!(days.concat(), [86_400_000.into(), 1.into(), 2.into()]);
        assert_eq!(rows("PRAGMA foreign_key_check").len(), 0);
    }

    /// Addresses as versions before the last kept them.
    const BEFORE_PAGES: &str = "
        INSERT INTO accounts (id, name, email, plan, created_at) VALUES ('acct_1', '', '', 'scale', 0);
        INSERT INTO agents (id, account, name, greeting, color, created_at, updated_at) VALUES ('agt_1', 'acct_1', '', '', '', 0, 0);
        INSERT INTO conversations (id, account, agent, visitor, page_url, referrer, started_at, last_activity_at)
        VALUES ('conv_1', 'acct_1', 'agt_1', 'vis_1', 'https://a.test/?x#token=1#2', 'https://b.test/#', 0, 0),
               ('conv_2', 'acct_1', 'agt_1', 'vis_1', 'https://a.test/?x', NULL, 0, 0);
        INSERT INTO leads (id, account, agent, visitor, page_url, captured_at)
        VALUES ('lead_1', 'acct_1', 'agt_1', 'vis_1', 'https://a.test/#/orders/1', 0), ('lead_2', 'acct_1', 'agt_1', 'vis_1', NULL, 0);";

    #[test]
    fn fragments_are_cut_off_addresses_that_are_kept_already() {
        let (mut db, migrations) = (Connection::open_in_memory().unwrap(), Migrations::from_slice(MIGRATIONS));
        migrations.to_version(&mut db, 21).unwrap();
        db.execute_batch(BEFORE_PAGES).unwrap();
        migrations.to_latest(&mut db).unwrap();
        let all = "
            SELECT group_concat(coalesce(page_url, '-') || ' ' || coalesce(referrer, '-'), ' ') FROM (SELECT * FROM conversations ORDER BY id)
            UNION ALL SELECT group_concat(coalesce(page_url, '-'), ' ') FROM (SELECT * FROM leads ORDER BY id)";
        let found: Vec<String> =
            db.prepare(all).unwrap().query_map([], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect();
        assert_eq!(found, ["https://a.test/?x https://b.test/ https://a.test/?x -", "https://a.test/ -"]);
    }

    #[test]
    fn domains_on_whose_pages_somebody_wrote_are_known_after_the_migration() {
        let (mut db, migrations) = (Connection::open_in_memory().unwrap(), Migrations::from_slice(MIGRATIONS));
        migrations.to_version(&mut db, 21).unwrap();
        db.execute_batch(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO installations (account, agent, domain, page_url, first_seen_at, last_seen_at)
             VALUES ('acct_1', 'agt_1', 'a.test', '', 1, 5), ('acct_1', 'agt_1', 'b.test', '', 1, 6),
                    ('acct_1', 'agt_1', 'c.test', '', 1, 7), ('acct_2', 'agt_2', 'a.test', '', 1, 8);
             INSERT INTO page_usage (account, month, page, conversations)
             VALUES ('acct_1', '2026-01', 'https://a.test/x', 1), ('acct_1', '2026-01', 'http://b.test:8080/', 1),
                    ('acct_1', '2026-01', 'https://x.test/https://c.test/', 1)",
        )
        .unwrap();
        migrations.to_latest(&mut db).unwrap();
        let mut written = db.prepare("SELECT account || domain || written_at FROM installations WHERE written_at > 0").unwrap();
        let written: Vec<String> = written.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        assert_eq!(written, ["acct_1a.test5", "acct_1b.test6"]);
    }

    #[test]
    fn a_migration_that_fails_again_and_again_leaves_no_copies() {
        let (folder, world) = (tempfile::tempdir().unwrap(), World::machine(0));
        let mut files = Files::prepare(folder.path(), Use::Server).unwrap();
        let mut db = Connection::open_with_flags(files.database(), OPEN | OpenFlags::SQLITE_OPEN_CREATE).unwrap();
        db.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        // The one that makes the table is the next.
        Migrations::from_slice(MIGRATIONS).to_version(&mut db, 20).unwrap();
        db.execute_batch("CREATE TABLE webhook_days (in_the_way INTEGER)").unwrap();
        for _ in 0..2 {
            assert!(matches!(files.connect_writer(&world), Err(Error::Sqlite(_))));
            assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 0);
        }
        db.execute_batch("DROP TABLE webhook_days").unwrap();
        assert!(files.connect_writer(&world).is_ok());
        assert_eq!(fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 1);
    }
}
