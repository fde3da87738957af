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

/// Copy the database, while a server uses it or not, and verify the copy
///
/// The copy holds everything but master.key: keep a copy of that beside it, for without it webhook secrets cannot be read.
#[derive(Args)]
pub struct Backup {
    /// Where to: a file that does not exist yet, or a folder [default: backups in the data folder]
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
        eprintln!("The copy was read to its end and is whole. It does not hold {}:", MasterKey::path(&context.data).display());
        eprintln!("keep a copy of that in another place, or webhook secrets cannot be read after a restore.");
        Ok(())
    }
}

/// Put a copy in the place of the database. The server has to be stopped
///
/// The copy is verified first. The present database is moved aside with its log, and kept. Where there is none, nothing is asked.
#[derive(Args)]
pub struct Restore {
    /// A copy that `chatforge backup` made
    file: PathBuf,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Restore {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let now = World::machine(context.config(&[])?.testing.clock_offset_ms).now();
        if !self.yes && backups::would_replace(&context.data) {
            anyhow::ensure!(
                std::io::stdin().is_terminal(),
                "nothing was changed; say --yes to replace the database without being asked"
            );
            let question = format!("Replace the database in {} by {}? Type yes", context.data.display(), self.file.display());
            anyhow::ensure!(secret_from_stdin(&question)? == "yes", "nothing was changed");
        }
        let kept = backups::restore(&context.data, &self.file, now)
            .with_context(|| format!("{} was not restored", self.file.display()))?;
        println!("{} is the database in {} now.", self.file.display(), context.data.display());
        if let Some(kept) = kept {
            eprintln!("The former one was moved to {}; remove that once all is well.", kept.display());
        }
        if !MasterKey::path(&context.data).exists() {
            eprintln!("There is no {}: put back the one that belongs to the copy.", MasterKey::path(&context.data).display());
        }
        Ok(())
    }
}
