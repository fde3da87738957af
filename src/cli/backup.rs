//! `chatforge backup` and `chatforge restore`

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use crate::auth::vault::MasterKey;
use crate::cli::{Context, secret_from_stdin};
use crate::domain::backup::Why;
use crate::storage::backups;
use crate::world::World;

/// Back up the database and verify the backup; the server can keep running
///
/// The backup contains everything but master.key. Store a copy of that file too: webhook secrets cannot be read without it.
#[derive(Args)]
pub struct Backup {
    /// A new file, or a folder [default: backups in the data folder]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

impl Backup {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let now = World::machine(context.config(&[])?.testing.clock_offset_ms).now();
        let path = match self.to {
            None => context.data.join(backups::FOLDER).join(backups::back_up(&context.data, Why::ByHand, now)?.name),
            Some(to) => {
                let name = crate::domain::backup::name(Why::ByHand, now);
                let path = if to.is_dir() { to.join(name) } else { to };
                backups::copy_to(&context.data, &path)?;
                path
            }
        };
        println!("{}", path.display());
        eprintln!("Backup verified. It does not contain {}:", MasterKey::path(&context.data).display());
        eprintln!("store a copy of that file in another place, or webhook secrets cannot be read after a restore.");
        Ok(())
    }
}

/// Restore the database from a backup; stop the server first
///
/// The backup is verified first. The current database and its log are moved aside and kept. If there is no database to replace,
/// the command does not ask for confirmation.
#[derive(Args)]
pub struct Restore {
    /// A backup made by `chatforge backup`
    file: PathBuf,
    /// Do not ask for confirmation
    #[arg(long)]
    yes: bool,
}

impl Restore {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let now = World::machine(context.config(&[])?.testing.clock_offset_ms).now();
        if !self.yes && backups::would_replace(&context.data) {
            anyhow::ensure!(
                std::io::stdin().is_terminal(),
                "nothing was changed; pass --yes to replace the database without confirmation"
            );
            let question = format!("Replace the database in {} with {}? Type yes", context.data.display(), self.file.display());
            anyhow::ensure!(secret_from_stdin(&question)? == "yes", "nothing was changed");
        }
        let kept = backups::restore(&context.data, &self.file, now)
            .with_context(|| format!("{} was not restored", self.file.display()))?;
        println!("Restored {} as the database in {}.", self.file.display(), context.data.display());
        if let Some(kept) = kept {
            eprintln!("The previous database was moved to {}. Delete it when everything works.", kept.display());
        }
        if !MasterKey::path(&context.data).exists() {
            eprintln!("There is no {}: restore the one that belongs to the backup.", MasterKey::path(&context.data).display());
        }
        Ok(())
    }
}
