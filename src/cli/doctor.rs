//! `chatforge doctor`

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use crate::auth::vault::MasterKey;
use crate::cli::{CORRUPT, Context, FAILURE};
use crate::config::Config;
use crate::domain::size::Size;
use crate::domain::time::{DAY_MS, Time};
use crate::storage::checkup::{self, Checkup};
use crate::storage::damage::Remedy;
use crate::storage::{Error, backups};
use crate::world::World;

/// A daily backup that is older says that none is being made.
const BACKUP_AGE_MAX_MS: i64 = 2 * DAY_MS;

/// Check configuration, data and database, and suggest fixes
///
/// Changes nothing. Exits with 3 if the database is damaged, or with 1 if another check fails.
#[derive(Args)]
pub struct Doctor {
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Good,
    Warning,
    Bad,
    /// What is in the database cannot be trusted any more.
    Damaged,
}

#[derive(Serialize)]
struct Finding {
    about: &'static str,
    verdict: Verdict,
    says: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
}

#[derive(Serialize)]
struct Report {
    findings: Vec<Finding>,
}

impl Doctor {
    pub fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let mut findings = Findings(Vec::new());
        findings.look(context);
        let findings = findings.0;
        let has = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
        let code = match (has(Verdict::Damaged), has(Verdict::Bad)) {
            (true, _) => ExitCode::from(CORRUPT),
            (_, true) => ExitCode::from(FAILURE),
            _ => ExitCode::SUCCESS,
        };
        if self.json {
            println!("{}", serde_json::to_string_pretty(&Report { findings })?);
        } else {
            findings.iter().for_each(Finding::print);
        }
        Ok(code)
    }
}

impl Finding {
    fn print(&self) {
        let mark = match self.verdict {
            Verdict::Good => "✓",
            Verdict::Warning => "!",
            Verdict::Bad | Verdict::Damaged => "✗",
        };
        println!("{mark} {}: {}", self.about, self.says);
        if !self.remedy.is_empty() {
            println!("    {}", self.remedy);
        }
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, about: &'static str, verdict: Verdict, says: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Finding { about, verdict, says: says.into(), remedy: remedy.into() });
    }

    fn good(&mut self, about: &'static str, says: impl Into<String>) {
        self.add(about, Verdict::Good, says, "");
    }

    fn look(&mut self, context: &Context) {
        let config = self.configuration(context);
        if !self.folder(context) {
            return;
        }
        let checked = self.database(context);
        self.master_key(context, checked.as_ref());
        self.room(context, &config);
        self.backups(context, &config);
        if let Some(checkup) = checked.filter(|checkup| checkup.behind == 0) {
            self.webhooks(&checkup);
        }
    }

    /// The default one where it cannot be read: the rest is worth a look all the same.
    fn configuration(&mut self, context: &Context) -> Config {
        let file = context.file.as_ref().map_or_else(|| "no file, all defaults".to_owned(), |file| file.display().to_string());
        match context.config(&[]) {
            Ok(config) => {
                self.good("Configuration", file);
                let models = config.answers.models.join(", ");
                let says = if models.is_empty() { "none, answers are quoted from the knowledge".to_owned() } else { models };
                self.good("Models", says);
                config
            }
            Err(error) => {
                self.add("Configuration", Verdict::Bad, error.to_string(), "Fix it, then run: chatforge config check");
                Config::default()
            }
        }
    }

    fn folder(&mut self, context: &Context) -> bool {
        let (path, about) = (context.data.display(), "Data folder");
        let Ok(data) = fs::metadata(&context.data) else {
            self.add(
                about,
                Verdict::Bad,
                format!("{path} does not exist"),
                "Run chatforge serve to create it, or choose another folder with --data",
            );
            return false;
        };
        let mode = data.permissions().mode() & 0o777;
        match rustix::fs::access(&context.data, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
            Err(_) => self.add(
                about,
                Verdict::Bad,
                format!("{path} is not writable"),
                "Run as the user who owns it, or change its owner with chown",
            ),
            Ok(()) if mode & 0o077 != 0 => {
                self.add(
                    about,
                    Verdict::Bad,
                    format!("other users can access {path} (mode {mode:03o})"),
                    format!("Run: chmod 700 {path}"),
                );
            }
            Ok(()) => match checkup::is_served(&context.data) {
                Ok(true) => self.good(about, format!("{path}, in use by a server")),
                Ok(false) => self.good(about, format!("{path}, not in use by a server")),
                Err(error) => {
                    self.add(about, Verdict::Bad, error.to_string(), "Check the permissions of the folder and its files")
                }
            },
        }
        true
    }

    fn database(&mut self, context: &Context) -> Option<Checkup> {
        let about = "Database";
        match checkup::check(&context.data) {
            Ok(None) => {
                self.add(about, Verdict::Warning, "it does not exist yet", "Run chatforge serve to create it");
                None
            }
            Ok(Some(found)) if found.behind > 0 => {
                let says = format!("intact, {} migrations behind", found.behind);
                self.add(about, Verdict::Warning, says, "The next start of chatforge serve makes a backup and runs them");
                Some(found)
            }
            Ok(Some(found)) => {
                let (size, accounts) = (Size(found.size_bytes), found.accounts);
                self.good(about, format!("intact, {size}, accounts: {accounts}"));
                Some(found)
            }
            Err(Error::Corrupt(verdict)) => {
                self.add(about, Verdict::Damaged, format!("damaged: {verdict}"), Remedy::find(&context.data).sentence());
                None
            }
            Err(error) => {
                self.add(about, Verdict::Bad, error.to_string(), "Use the version of ChatForge that wrote it, or a newer one");
                None
            }
        }
    }

    fn master_key(&mut self, context: &Context, checkup: Option<&Checkup>) {
        let (about, path) = ("Master key", MasterKey::path(&context.data));
        let is_needed = checkup.is_some_and(|checkup| checkup.sealed > 0);
        match MasterKey::load(&context.data) {
            Ok(Some(_)) => self.good(about, format!("{}; not part of backups, so store a copy elsewhere", path.display())),
            Ok(None) if is_needed => {
                let says = format!("{} is missing, but webhook secrets are encrypted with it", path.display());
                self.add(about, Verdict::Bad, says, "Restore it, or register every webhook again");
            }
            Ok(None) => self.add(about, Verdict::Warning, "it does not exist yet", "Run chatforge serve to create it"),
            Err(error) => {
                self.add(about, Verdict::Bad, error.to_string(), "Restore the key that belongs to this folder, with mode 600")
            }
        }
    }

    fn room(&mut self, context: &Context, config: &Config) {
        let Some(free) = checkup::free_bytes(&context.data).map(Size) else { return };
        let (about, least) = ("Disk", config.server.disk_free_min_mb);
        if free < Size::from_mb(least) {
            let says = format!("{free} are free, less than server.disk_free_min_mb = {least}");
            return self.add(about, Verdict::Bad, says, "Free up disk space; a full disk stops all writes");
        }
        self.good(about, format!("{free} are free"));
    }

    fn backups(&mut self, context: &Context, config: &Config) {
        let (about, now) = ("Backups", World::machine(config.testing.clock_offset_ms).now());
        let newest = match backups::list(&context.data) {
            Ok(list) => list.into_iter().next(),
            Err(error) => return self.add(about, Verdict::Bad, error.to_string(), "Check the permissions of the folder backups"),
        };
        let remedy = "Run chatforge backup, and check that [backups] daily is true and a server is running";
        match newest {
            None => self.add(about, Verdict::Warning, "there are none", remedy),
            Some(copy) if BACKUP_AGE_MAX_MS < now.since(copy.made_at) => {
                self.add(about, Verdict::Warning, format!("the newest one is {} old", days(now, copy.made_at)), remedy);
            }
            Some(copy) => self.good(about, format!("the newest one is {}, {} old", copy.name, days(now, copy.made_at))),
        }
    }

    fn webhooks(&mut self, checkup: &Checkup) {
        let (about, disabled, failing) = ("Webhooks", checkup.webhooks_disabled, checkup.webhooks_failing);
        if disabled + failing == 0 {
            return self.good(about, "none failing, none disabled after failures");
        }
        let says = format!("{failing} failing, {disabled} disabled after failures");
        self.add(about, Verdict::Warning, says, "Open Webhooks in the dashboard to see the responses of each endpoint");
    }
}

fn days(now: Time, then: Time) -> String {
    match now.since(then) / DAY_MS {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
