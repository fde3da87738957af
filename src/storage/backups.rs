//! Copies of the whole database: made while it is in use, verified before they get their name, put back on request.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use rusqlite::{Connection, OpenFlags};

use crate::domain::backup::{self, Backup, Why};
use crate::domain::size::Size;
use crate::domain::time::Time;
use crate::storage::checkup::free_bytes;
use crate::storage::schema::{DATABASE, OPEN, RESTORING, filled, recognise, take_lock};
use crate::storage::{Error, Result, Store, private_folder, soundness};

pub const FOLDER: &str = "backups";
/// A copy under this name has not been verified yet, and nothing lists it.
const PARTIAL: &str = "partial";
/// Where a database goes that is replaced, until all of it is there.
const MOVING: &str = "replaced-unfinished";
/// That a copy leaves free, beside a tenth of its own size.
const MARGIN_BYTES: u64 = 64 * 1024 * 1024;
const SIDECARS: [&str; 3] = ["", "-wal", "-shm"];

impl Store {
    /// Blocks until the copy is verified; a conflict while another one is being made.
    pub fn back_up(&self, why: Why) -> Result<Backup> {
        let _one = match self.shared.backing_up.try_lock() {
            Ok(one) => one,
            Err(std::sync::TryLockError::Poisoned(poisoned)) => PoisonError::into_inner(poisoned),
            Err(std::sync::TryLockError::WouldBlock) => return Err(Error::Conflict),
        };
        // One that would be made now is worth less than those that are there.
        self.shared.watch.refuse()?;
        self.clear_unfinished()?;
        self.shared.watch.heed(back_up(&self.shared.files.folder, why, self.world().now()))
    }

    /// A server that was killed while it made its daily copy has left it behind, as large as the database.
    fn clear_unfinished(&self) -> Result<()> {
        let Ok(entries) = fs::read_dir(self.shared.files.folder.join(FOLDER)) else { return Ok(()) };
        let paths = entries.flatten().map(|entry| entry.path());
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let finished = name.strip_suffix(PARTIAL).and_then(|name| name.strip_suffix('.'));
            finished.and_then(backup::parse).is_some_and(|(why, _)| why == Why::Daily)
        };
        paths.filter(is_ours).try_for_each(|path| remove(&path))
    }

    /// Newest first.
    pub fn backups(&self) -> Result<Vec<Backup>> {
        list(&self.shared.files.folder)
    }

    /// Blocks until every page of the copy was read.
    pub fn verify_backup(&self, name: &str) -> Result<()> {
        verify(&self.backup_path(name)?)
    }

    /// Of a copy that is listed.
    pub fn backup_path(&self, name: &str) -> Result<PathBuf> {
        let path = self.shared.files.folder.join(FOLDER).join(name);
        let is_one = backup::parse(name).is_some() && path.is_file();
        if is_one { Ok(path) } else { Err(Error::NotFound) }
    }

    /// Removes the daily copies that are not kept any more; none while the database is damaged, for one of them takes its place.
    pub fn prune_backups(&self, daily: usize, weekly: usize) -> Result<usize> {
        self.shared.watch.refuse()?;
        let backups = self.backups()?;
        let old = backup::superfluous(&backups, self.world().now(), daily, weekly);
        for backup in &old {
            fs::remove_file(self.backup_path(&backup.name)?).map_err(|error| disk(Path::new(&backup.name), &error))?;
        }
        Ok(old.len())
    }
}

/// Into the folder `backups`, beside a server or alone.
pub fn back_up(folder: &Path, why: Why, now: Time) -> Result<Backup> {
    let target = folder.join(FOLDER);
    private_folder(&target)?;
    let path = target.join(backup::name(why, now));
    copy_to(folder, &path)?;
    let size_bytes = fs::metadata(&path).map_err(|error| disk(&path, &error))?.len();
    Ok(Backup { name: backup::name(why, now), why, made_at: now, size_bytes })
}

/// A verified copy at `path`, which appears at once and whole, or not at all.
pub fn copy_to(folder: &Path, path: &Path) -> Result<()> {
    let database = folder.join(DATABASE);
    if !database.is_file() {
        return Err(Error::Disk(format!("there is no database in {}", folder.display())));
    }
    // Not the server's connections: this one reads for as long as it takes.
    let db = Connection::open_with_flags(&database, OPEN)?;
    db.execute_batch("PRAGMA busy_timeout = 5000")?;
    recognise(&db)?;
    make(&db, path)
}

/// Out of an open connection; the file is readable by its owner only, from its first byte on.
pub fn make(db: &Connection, path: &Path) -> Result<()> {
    if path.exists() {
        return Err(Error::Disk(format!("{} already exists", path.display())));
    }
    room_for(db, path, 1)?;
    let partial = with_ending(path, PARTIAL);
    remove(&partial)?;
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&partial);
    made.map_err(|error| disk(&partial, &error))?;
    let copied = db.execute("VACUUM INTO ?1", [partial.to_string_lossy()]).map_err(Error::from);
    let whole = copied.and_then(|_| verify(&partial).map_err(|error| blame(db, error)));
    let finished = whole.and_then(|()| settle(&partial, path));
    if finished.is_err() {
        // The failure itself is what has to be told.
        let _ = remove(&partial);
    }
    finished
}

/// A copy that is not whole comes of a database that is not whole, or of a disk that does not keep what is written.
fn blame(db: &Connection, error: Error) -> Error {
    let Error::Corrupt(what) = error else { return error };
    match db.path().map(|path| soundness::read_whole(Path::new(path))) {
        Some(Err(error)) => error,
        _ => Error::Disk(format!("the backup was not written correctly: {what}")),
    }
}

/// Whether a file is a whole database of ChatForge, of a version that this one knows.
pub fn verify(path: &Path) -> Result<()> {
    // Immutable: a copy has no log beside it, and none is made. Its folder may not even be writable.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let db = Connection::open_with_flags(uri(path), flags)?;
    recognise(&db)?;
    filled(&db)?;
    let verdict: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Error::Corrupt(format!("{}: {verdict}", path.display()))) }
}

/// Newest first; what is still being made has another name.
pub fn list(folder: &Path) -> Result<Vec<Backup>> {
    let path = folder.join(FOLDER);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(disk(&path, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| disk(&path, &error))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // One that was removed meanwhile is none.
        if let (Some((why, made_at)), Ok(data)) = (backup::parse(&name), entry.metadata()) {
            found.push(Backup { name, why, made_at, size_bytes: data.len() });
        }
    }
    found.sort_by(|a, b| (b.made_at, &b.name).cmp(&(a.made_at, &a.name)));
    Ok(found)
}

/// Whether there is something that a restore would replace: a database, or what is left of one.
pub fn would_replace(folder: &Path) -> bool {
    SIDECARS.iter().any(|ending| folder.join(format!("{DATABASE}{ending}")).exists())
}

/// Puts a copy in the place of the database, which is kept: the folder it was moved to, if there was one. Nothing is
/// moved before the copy has been read to its end, and no log of the former database ever meets the new one.
pub fn restore(folder: &Path, from: &Path, now: Time) -> Result<Option<PathBuf>> {
    private_folder(folder)?;
    let Some(_lock) = take_lock(folder)? else { return Err(Error::Locked(folder.display().to_string())) };
    let (database, copying) = (folder.join(DATABASE), folder.join(format!("{RESTORING}.{PARTIAL}")));
    remove(&copying)?;
    let copied = copy(from, &copying).and_then(|()| verify(&copying));
    if let Err(error) = copied {
        // The failure itself is what has to be told.
        let _ = remove(&copying);
        return Err(error);
    }
    // From here on a server refuses to start, until the last line is done or this is run again.
    settle(&copying, &folder.join(RESTORING))?;
    let kept = move_aside(folder, now)?;
    settle(&folder.join(RESTORING), &database)?;
    Ok(kept)
}

/// Into a folder that has its name only once database and log are in it: a restore that goes on after an interruption
/// must not separate them.
fn move_aside(folder: &Path, now: Time) -> Result<Option<PathBuf>> {
    let present = |ending: &str| folder.join(format!("{DATABASE}{ending}")).exists();
    let (moving, aside) = (folder.join(MOVING), folder.join(format!("replaced-{}", now.ms())));
    if !moving.exists() && !would_replace(folder) {
        return Ok(None);
    }
    private_folder(&moving)?;
    for ending in SIDECARS.iter().filter(|ending| present(ending)) {
        let name = format!("{DATABASE}{ending}");
        fs::rename(folder.join(&name), moving.join(&name)).map_err(|error| disk(&moving, &error))?;
    }
    sync_folder(&moving)?;
    fs::rename(&moving, &aside).map_err(|error| disk(&aside, &error))?;
    sync_folder(folder)?;
    Ok(Some(aside))
}

/// A database that was in use has a log beside it, with its newest commits: a copy of the file alone would lack them.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let log = with_suffix(from, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let db = Connection::open_with_flags(from, OPEN)?;
        db.execute_batch("PRAGMA busy_timeout = 5000")?;
        recognise(&db)?;
        return make(&db, to);
    }
    copy_file(from, to)
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let mut source = File::open(from).map_err(|error| disk(from, &error))?;
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(to);
    let mut target = made.map_err(|error| disk(to, &error))?;
    io::copy(&mut source, &mut target).map_err(|error| disk(to, &error))?;
    target.sync_all().map_err(|error| disk(to, &error))
}

/// Gives a finished file its name; both survive a power failure.
fn settle(from: &Path, to: &Path) -> Result<()> {
    File::open(from).and_then(|file| file.sync_all()).map_err(|error| disk(from, &error))?;
    fs::rename(from, to).map_err(|error| disk(to, &error))?;
    sync_folder(to.parent().unwrap_or(Path::new(".")))
}

fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| disk(folder, &error))
}

/// A disk that so many copies would fill is left as it is: the server needs room more than a backup does.
pub fn room_for(db: &Connection, path: &Path, copies: u64) -> Result<()> {
    let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    let page_bytes: i64 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(free) = free_bytes(folder) else { return Ok(()) };
    let needed = u64::try_from(pages.saturating_mul(page_bytes)).unwrap_or_default().saturating_mul(copies);
    if needed + needed / 10 + MARGIN_BYTES < free {
        return Ok(());
    }
    Err(Error::Disk(format!("this needs {}, but {} has {} free", Size(needed), folder.display(), Size(free))))
}

pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk(path, &error)),
        _ => Ok(()),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    with_suffix(path, &format!(".{ending}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{text}?immutable=1")
}

fn disk(path: &Path, error: &io::Error) -> Error {
    Error::Disk(format!("{}: {error}", path.display()))
}
