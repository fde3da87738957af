//! `chatforge agent export` and `chatforge agent import`

use std::io::{Read, Write};
use std::path::Path;

use crate::cli::agent::find;
use crate::cli::key::one_account;
use crate::cli::{record, terminal};
use crate::config::Config;
use crate::domain::agent::portable::PortableAgent;
use crate::storage::{Error, Store};

pub async fn export(store: &Store, id: &str) -> anyhow::Result<()> {
    let agent = find(store, id).await?;
    let portable = store.export_agent(agent.account, agent.id).await?;
    // Whoever reads may have had enough; that is told, and is no reason to panic.
    Ok(std::io::stdout().write_all(terminal::json(&portable.to_json()).as_bytes())?)
}

pub async fn import(store: &Store, config: &Config, file: &Path, account: Option<String>) -> anyhow::Result<()> {
    let text = read(file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    let portable = PortableAgent::parse(&text).map_err(|rejection| {
        let lines: Vec<_> =
            rejection.failures.iter().map(|failure| format!("  {}: {}", failure.field, failure.message)).collect();
        anyhow::anyhow!("{} cannot be imported:\n{}", file.display(), lines.join("\n"))
    })?;
    let account = one_account(store, account).await?;
    let plan = config.plan(&account.plan);
    let imported = store.import_agent(account.id.clone(), portable, plan.agents_max).await;
    let agent = imported.map_err(|error| match error {
        Error::LimitReached => anyhow::anyhow!("the limit of active agents of the plan {} is reached", plan.name),
        other => other.into(),
    })?;
    println!("{}", agent.id);
    record(store, account.id, "agent.imported", agent.id, &agent.name).await
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
