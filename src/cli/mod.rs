//! The command line: one file a command. Data goes to standard output, talk to standard error.

mod account;
mod admin;
mod agent;
mod backup;
mod config;
mod demo;
mod doctor;
mod eval;
mod healthcheck;
mod key;
mod openapi;
mod payment;
mod portable;
mod rekey;
mod serve;
mod terminal;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Error as ConfigError};
use crate::domain::audit::{Actor, Entry, Origin};
use crate::domain::id::AccountId;
use crate::storage::damage::Remedy;
use crate::storage::{Error as StorageError, Store, Use};
use crate::world::World;

const FAILURE: u8 = 1;
const USAGE: u8 = 2;
const CORRUPT: u8 = 3;
const NEWER: u8 = 4;

/// Self-hosted AI chat and lead widget: one process, one file.
#[derive(Parser)]
#[command(name = "chatforge", version, max_term_width = 100)]
struct Cli {
    /// The configuration file [default: ./chatforge.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE", env = "CHATFORGE_CONFIG")]
    config: Option<PathBuf>,
    /// The data folder
    #[arg(long, global = true, value_name = "DIR", env = "CHATFORGE_DATA", default_value = "chatforge-data")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(serve::Serve),
    /// Create administrators, reset passwords and two-step sign-in
    #[command(subcommand)]
    Admin(admin::Admin),
    /// List accounts, change their plan, link them to Stripe customers
    #[command(subcommand)]
    Account(account::Command),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Key(key::Key),
    /// List, reactivate, export, import and test agents
    #[command(subcommand)]
    Agent(agent::Command),
    Eval(eval::Eval),
    /// Record and list payments
    #[command(subcommand)]
    Payment(payment::Command),
    /// Check or show the configuration
    #[command(subcommand)]
    Config(config::Command),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Doctor(doctor::Doctor),
    Rekey(rekey::Rekey),
    /// Print the REST API's OpenAPI 3.1 document
    Openapi,
    /// Exit with 0 if the configured server is ready
    Healthcheck,
}

/// What every command has at hand.
struct Context {
    file: Option<PathBuf>,
    data: PathBuf,
}

impl Context {
    fn config(&self, flags: &[(&str, String)]) -> Result<Config, ConfigError> {
        let environment: Vec<_> = std::env::vars().collect();
        Config::load(self.file.as_deref(), &environment, flags)
    }

    /// The store, beside a server or alone, with the configuration.
    fn open(&self) -> anyhow::Result<(Store, Config, World)> {
        let config = self.config(&[])?;
        let world = World::machine(config.testing.clock_offset_ms);
        let store = Store::open(&self.data, world.clone(), Use::Command)?;
        store.cap_knowledge(config.knowledge.cap());
        Ok((store, config, world))
    }
}

pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let beside = Path::new("chatforge.toml");
    let file = cli.config.or_else(|| beside.exists().then(|| beside.to_owned()));
    let context = Context { file, data: cli.data };
    match run(&context, cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("chatforge: {}", terminal::text(&format!("{error:#}")));
            explain(&error, &context);
            ExitCode::from(code_of(&error))
        }
    }
}

fn run(context: &Context, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve.run(context)?,
        Command::Admin(admin) => admin.run(context)?,
        Command::Account(command) => command.run(context)?,
        Command::Key(key) => key.run(context)?,
        Command::Agent(command) => command.run(context)?,
        Command::Eval(eval) => return eval.run(context),
        Command::Payment(command) => command.run(context)?,
        Command::Config(command) => command.run(context)?,
        Command::Backup(backup) => backup.run(context)?,
        Command::Restore(restore) => restore.run(context)?,
        Command::Doctor(doctor) => return doctor.run(context),
        Command::Rekey(rekey) => rekey.run(context)?,
        Command::Openapi => openapi::run(),
        Command::Healthcheck => return healthcheck::run(context),
    }
    Ok(ExitCode::SUCCESS)
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<ConfigError>() {
        return USAGE;
    }
    match error.downcast_ref::<StorageError>() {
        Some(StorageError::Locked(_)) => USAGE,
        Some(StorageError::Corrupt(_)) => CORRUPT,
        Some(StorageError::Newer { .. }) => NEWER,
        _ => FAILURE,
    }
}

/// A damaged database is left as it is; the newest copy is named instead.
fn explain(error: &anyhow::Error, context: &Context) {
    if !matches!(error.downcast_ref(), Some(StorageError::Corrupt(_))) {
        return;
    }
    eprintln!("Nothing was changed. {}", Remedy::find(&context.data).sentence());
}

fn known_plan(config: &Config, plan: &str) -> anyhow::Result<()> {
    let known = || config.plans.keys().cloned().collect::<Vec<_>>().join(", ");
    anyhow::ensure!(config.plans.contains_key(plan), "unknown plan `{plan}`; the plans are {}", known());
    Ok(())
}

/// One line of standard input, for a secret that should not stand on the command line.
fn secret_from_stdin(prompt: &str) -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("{prompt}: ");
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// What a command has changed stands in the account's audit log too.
async fn record(
    store: &Store,
    account: AccountId,
    action: &'static str,
    target: impl ToString,
    detail: &str,
) -> anyhow::Result<()> {
    let (target, detail) = (target.to_string(), detail.to_owned());
    let origin = Origin::default();
    Ok(store.record(Entry { account, actor: Actor::CommandLine, action, target, detail, times: 1, origin }).await?)
}
