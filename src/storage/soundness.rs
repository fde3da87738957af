//! Tells whether a database file is whole: its head at a glance, the first page of each table, or every page.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::auth::vault::MasterKey;
use crate::storage::backups;
use crate::storage::schema::{DATABASE, OPEN};
use crate::storage::{Error, Result};

/// A file of this size is read to its end within the time of a start.
pub const SMALL_BYTES: u64 = 64 * 1024 * 1024;
/// What a check tells of at most.
const ERRORS_MAX: usize = 3;
const REASON_CHARS_MAX: usize = 400;

const HEADER_BYTES: usize = 100;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// The rollback journal, and the write-ahead log.
const FORMATS: [u8; 2] = [1, 2];
/// How a page may be filled: these have never had other values.
const FRACTIONS: [u8; 3] = [64, 32, 32];

struct Header {
    page_bytes: u64,
    pages: u64,
    reserved: u64,
}

/// Before SQLite opens the file: it would take an empty one for a new database, and throw a log away that stands beside it.
pub fn before_opening(folder: &Path) -> Result<()> {
    let path = folder.join(DATABASE);
    let size = match fs::metadata(&path) {
        Ok(data) => data.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !has_log(&path) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(damaged(&path, "it is missing, but its log exists"));
        }
        Err(error) => return Err(Error::Disk(format!("{}: {error}", path.display()))),
    };
    if size > 0 {
        return look(&path);
    }
    let was_used = has_log(&path) || MasterKey::path(folder).exists() || !backups::list(folder)?.is_empty();
    if was_used { Err(damaged(&path, "it is empty")) } else { Ok(()) }
}

/// At the head of a file and its length, which is that of all its pages. While there is a log, pages may still be in that.
pub fn look(path: &Path) -> Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged(path, "it is missing")),
        Err(error) => return Err(Error::Disk(format!("{}: {error}", path.display()))),
    };
    let header = read_header(&file).map_err(|what| damaged(path, what))?;
    if has_log(path) {
        return Ok(());
    }
    let size = file.metadata().map(|data| data.len()).unwrap_or_default();
    let expected = header.pages * header.page_bytes;
    if size < expected {
        return Err(damaged(path, &format!("it was cut off at {size} bytes of {expected}")));
    }
    Ok(())
}

/// The page on which each table and index begins. Those may have newer versions in a log, so that nothing is said then.
pub fn look_at_roots(db: &Connection, path: &Path) -> Result<()> {
    let mut list =
        db.prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0").map_err(|error| foul(path, error))?;
    let roots = list.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
    let roots = roots.and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>).map_err(|error| foul(path, error))?;
    if has_log(path) {
        return Ok(());
    }
    let file = File::open(path).map_err(|error| Error::Disk(format!("{}: {error}", path.display())))?;
    let header = read_header(&file).map_err(|what| damaged(path, what))?;
    for (name, page) in roots {
        if !is_tree_page(&file, &header, page) {
            return Err(damaged(path, &format!("page {page}, the first page of {name}, cannot be read")));
        }
    }
    Ok(())
}

/// Every page, on a connection of its own, whose small cache is given back.
pub fn read_whole(path: &Path) -> Result<()> {
    let db = connect(path).map_err(|error| worsened(path, error))?;
    verdict(path, read_rows(&db, &format!("PRAGMA quick_check({ERRORS_MAX})")))
}

/// Every page too, but table by table: no query is so long that the log could not be emptied meanwhile.
pub fn read_by_table(db: &Connection, path: &Path, go_on: impl Fn() -> bool) -> Result<()> {
    let tables = read_rows(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage");
    for table in tables.map_err(|error| worsened(path, error))? {
        if !go_on() {
            return Ok(());
        }
        let found = read_rows(db, &format!("PRAGMA quick_check('{}')", table.replace('\'', "''")));
        if !go_on() {
            return Ok(());
        }
        verdict(path, found)?;
    }
    Ok(())
}

pub fn connect(path: &Path) -> Result<Connection> {
    let db = Connection::open_with_flags(path, OPEN)?;
    db.execute_batch(
        "PRAGMA busy_timeout = 5000;
         PRAGMA query_only = ON;
         PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0;
         PRAGMA cache_size = -2048;",
    )?;
    Ok(db)
}

pub fn damaged(path: &Path, what: &str) -> Error {
    Error::Corrupt(named(path, what))
}

/// In one line, which begins with the file's name.
pub fn named(path: &Path, what: &str) -> String {
    if what.starts_with(&*path.to_string_lossy()) {
        return what.to_owned();
    }
    let lines = what.lines().filter(|line| !line.starts_with("***")).collect::<Vec<_>>().join("; ");
    format!("{}: {}", path.display(), lines.chars().take(REASON_CHARS_MAX).collect::<String>())
}

/// What SQLite says of a file that it cannot make sense of has many names; before the file was ever used, all mean the same.
pub fn worsened(path: &Path, error: Error) -> Error {
    match error {
        Error::Corrupt(what) | Error::Sqlite(what) => damaged(path, &what),
        other => other,
    }
}

fn foul(path: &Path, error: rusqlite::Error) -> Error {
    worsened(path, error.into())
}

fn read_rows(db: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut rows = db.prepare(sql)?;
    Ok(rows.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn verdict(path: &Path, found: Result<Vec<String>>) -> Result<()> {
    let found = found.map_err(|error| worsened(path, error))?;
    match found.first().map(String::as_str) {
        None | Some("ok") => Ok(()),
        Some(_) => Err(damaged(path, &found.join("\n"))),
    }
}

/// Fields that are the same for as long as the file lives, and its number of pages. They can be read while it is written.
fn read_header(mut file: &File) -> std::result::Result<Header, &'static str> {
    let mut bytes = [0; HEADER_BYTES];
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut bytes));
    read.map_err(|_| "it is shorter than a database header")?;
    if bytes[..16] != *MAGIC {
        return Err("its header is not that of a database");
    }
    let page_bytes = match u64::from(u16::from_be_bytes([bytes[16], bytes[17]])) {
        1 => 65_536,
        other => other,
    };
    let has_sense = page_bytes.is_power_of_two()
        && page_bytes >= 512
        && FORMATS.contains(&bytes[18])
        && FORMATS.contains(&bytes[19])
        && bytes[21..24] == FRACTIONS;
    let pages = u64::from(u32::from_be_bytes([bytes[28], bytes[29], bytes[30], bytes[31]]));
    if has_sense {
        Ok(Header { page_bytes, pages, reserved: bytes[20].into() })
    } else {
        Err("its header contains invalid values")
    }
}

/// Whether a page says of itself what only a page of a table or an index can say.
fn is_tree_page(file: &File, header: &Header, page: i64) -> bool {
    let Some(before) = u64::try_from(page).ok().and_then(|page| page.checked_sub(1)) else { return false };
    let start = if before == 0 { HEADER_BYTES as u64 } else { 0 };
    let mut head = [0; 8];
    if file.read_exact_at(&mut head, before * header.page_bytes + start).is_err() {
        return false;
    }
    let number = |at: usize| u64::from(u16::from_be_bytes([head[at], head[at + 1]]));
    let head_bytes = match head[0] {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return false,
    };
    let usable = header.page_bytes - header.reserved;
    let (free, cells) = (number(1), number(3));
    let content = if number(5) == 0 { 65_536 } else { number(5) };
    free < usable && start + head_bytes + 2 * cells <= content && content <= usable
}

fn has_log(path: &Path) -> bool {
    log_bytes(path) > 0
}

pub fn log_bytes(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::metadata(PathBuf::from(log)).map(|log| log.len()).unwrap_or_default()
}
