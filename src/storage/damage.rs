//! Knows whether the database was found damaged, by whichever thread was first, and what helps.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;

use rusqlite::ErrorCode;

use crate::domain::time::Time;
use crate::storage::backups::{self, FOLDER};
use crate::storage::schema::DATABASE;
use crate::storage::soundness::{self, SMALL_BYTES};
use crate::storage::{Error, Result};
use crate::world::World;

/// What was found, and when.
#[derive(Clone, Debug)]
pub struct Damage {
    pub reason: String,
    pub since: Time,
}

/// How to go back to the newest copy that is good.
#[derive(Clone, Debug)]
pub struct Remedy {
    pub backup: Option<PathBuf>,
    /// To be run once the server is stopped.
    pub command: String,
}

/// Shared by every thread that uses the database. What it has found once stays found until the process ends: a restore
/// needs the server stopped.
#[derive(Clone)]
pub struct Watch(Arc<Found>);

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.damage()).finish()
    }
}

struct Found {
    folder: PathBuf,
    world: World,
    damage: OnceLock<Damage>,
    remedy: OnceLock<Remedy>,
}

impl Watch {
    pub fn new(folder: &Path, world: &World) -> Self {
        let (damage, remedy) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(Found { folder: folder.to_owned(), world: world.clone(), damage, remedy }))
    }

    pub fn damage(&self) -> Option<&Damage> {
        self.0.damage.get()
    }

    /// None while the backups are still being looked at.
    pub fn remedy(&self) -> Option<&Remedy> {
        self.0.remedy.get()
    }

    /// For whoever is about to write: over damage, a write may destroy what could still be read.
    pub fn refuse(&self) -> Result<()> {
        self.damage().map_or(Ok(()), |damage| Err(Error::Corrupt(damage.reason.clone())))
    }

    /// Passes on how something has ended, and remembers if it met damage.
    pub fn heed<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(Error::Corrupt(reason)) = &result {
            self.mark(reason);
        }
        result
    }

    pub fn heed_raw(&self, error: &rusqlite::Error) {
        if let Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) = error.sqlite_error_code() {
            self.mark(&error.to_string());
        }
    }

    fn mark(&self, reason: &str) {
        let mut is_first = false;
        self.0.damage.get_or_init(|| {
            is_first = true;
            let path = self.0.folder.join(DATABASE);
            Damage { reason: soundness::named(&path, reason), since: self.0.world.now() }
        });
        if is_first {
            let found = self.0.clone();
            // Backups are read to find a good one, for which nobody's query should wait.
            let tell = thread::Builder::new().name("storage-damage".into()).spawn(move || found.tell());
            if let Err(error) = tell {
                tracing::error!(reason, %error, "the database is damaged, and all writes are stopped");
            }
        }
    }
}

impl Found {
    fn tell(&self) {
        let remedy = self.remedy.get_or_init(|| Remedy::find(&self.folder));
        let reason = self.damage.get().map(|damage| damage.reason.as_str()).unwrap_or_default();
        // The command stands at the end, so that it can be copied.
        tracing::error!("the database is damaged, and all writes are stopped: {reason}. {}", remedy.sentence());
    }
}

impl Remedy {
    /// Reads backups, the newest first, until one is good.
    pub fn find(folder: &Path) -> Self {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let paths = backups::list(&folder).unwrap_or_default().into_iter().map(|copy| folder.join(FOLDER).join(copy.name));
        let backup = paths.into_iter().find(|path| is_good(path));
        let file = backup.as_deref().map_or_else(|| "FILE".to_owned(), quoted);
        let command = format!("chatforge restore --data {} {file} --yes", quoted(&folder));
        Self { backup, command }
    }

    pub fn sentence(&self) -> String {
        let command = &self.command;
        match &self.backup {
            Some(path) => format!(
                "The newest good backup is {}. To restore it, stop every ChatForge process that uses this folder and run: {command}",
                path.display()
            ),
            None => {
                format!("The folder {FOLDER} contains no good backup. To restore one from another place, run: {command}")
            }
        }
    }
}

/// Each was read to its end when it was made. A large one is only looked at now: whoever waits for the answer has a server
/// that does not work, and the restore reads it to its end in any case.
fn is_good(path: &Path) -> bool {
    let is_small = std::fs::metadata(path).is_ok_and(|data| data.len() <= SMALL_BYTES);
    soundness::look(path).and_then(|()| if is_small { backups::verify(path) } else { Ok(()) }).is_ok()
}

/// As a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '.' | '-' | '_' | '+' | '@' | ':' | ',');
    if !text.is_empty() && text.chars().all(is_plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_the_command() {
        let check = |path: &str, expected: &str| assert_eq!(quoted(Path::new(path)), expected);
        check("/var/lib/chatforge/backups/daily-2026-11-30T205212Z.db", "/var/lib/chatforge/backups/daily-2026-11-30T205212Z.db");
        check("/srv/my data", "'/srv/my data'");
        check("/srv/it's", r"'/srv/it'\''s'");
        check("/srv/$HOME;x", "'/srv/$HOME;x'");
        check("", "''");
    }

    #[test]
    fn damage_that_was_found_once_stays_found() {
        let (folder, world) = (tempfile::tempdir().unwrap(), World::machine(0));
        let watch = Watch::new(folder.path(), &world);
        for harmless in [Error::Busy, Error::NotFound, Error::Disk("x".into()), Error::Sqlite("x".into())] {
            assert!(watch.heed::<()>(Err(harmless)).is_err());
        }
        assert!(watch.refuse().is_ok());
        assert!(watch.heed::<()>(Err(Error::Corrupt("first".into()))).is_err());
        assert!(watch.heed::<()>(Err(Error::Corrupt("second".into()))).is_err());
        assert!(matches!(watch.refuse(), Err(Error::Corrupt(reason)) if reason.ends_with("chatforge.db: first")));
    }
}
