//! `chatforge key`

use clap::Subcommand;
use pollster::block_on;

use crate::auth;
use crate::cli::{Context, record, terminal};
use crate::domain::account::{Account, KEY_NAME, KEYS_ACTIVE_MAX, Permission};
use crate::domain::id::{Identifier, KeyId};
use crate::domain::input::text_of_form;
use crate::storage::{Error, NewKey, Store};
use crate::world::World;

#[derive(Subcommand)]
pub enum Key {
    /// Create an API key and print it; it is shown only once
    Create {
        #[arg(long)]
        name: String,
        /// The account's id or e-mail address; required if there are several accounts
        #[arg(long)]
        account: Option<String>,
        /// Comma-separated, such as agents:read,leads:read [default: all]
        #[arg(long, default_value = "")]
        permissions: String,
    },
    /// List API keys of all accounts: id, account, prefix, state, permissions, name
    List,
    /// Revoke an API key; it stops working immediately
    Revoke { id: String },
}

impl Key {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let (store, _, world) = context.open()?;
        let done = block_on(async {
            match self {
                Self::Create { name, account, permissions } => create(&store, &world, &name, account, &permissions).await,
                Self::List => list(&store).await,
                Self::Revoke { id } => revoke(&store, &id).await,
            }
        });
        store.close();
        done
    }
}

async fn create(store: &Store, world: &World, name: &str, account: Option<String>, permissions: &str) -> anyhow::Result<()> {
    let name = text_of_form(name, &KEY_NAME).map_err(|message| anyhow::anyhow!("--name {message}"))?;
    let permissions = Permission::parse_list(permissions).map_err(|message| anyhow::anyhow!("--permissions {message}"))?;
    let account = one_account(store, account).await?;
    let key = auth::key::generate(world);
    let (hash, prefix) = (auth::hash(&key), auth::key::prefix(&key));
    let made = store.create_key(account.id.clone(), NewKey { name, permissions, hash, prefix, created_by: None }).await;
    let made = made.map_err(|error| match error {
        Error::LimitReached => anyhow::anyhow!("the account has {KEYS_ACTIVE_MAX} active keys; revoke one first"),
        other => other.into(),
    })?;
    println!("{key}");
    record(store, account.id, "key.created", &made.id, &made.name).await
}

pub async fn one_account(store: &Store, named: Option<String>) -> anyhow::Result<Account> {
    if let Some(name) = named {
        return store.account_named(name.clone()).await.map_err(|error| match error {
            Error::NotFound => anyhow::anyhow!("there is no account {name}"),
            other => other.into(),
        });
    }
    let mut accounts = store.accounts().await?;
    match (accounts.pop(), accounts.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => anyhow::bail!("there is no account yet; run: chatforge admin create --email you@example.com"),
        _ => anyhow::bail!("there are several accounts; choose one with --account (see: chatforge account list)"),
    }
}

async fn list(store: &Store) -> anyhow::Result<()> {
    for account in store.accounts().await? {
        for key in store.keys(account.id.clone()).await? {
            let state = if key.revoked_at.is_some() { "revoked" } else { "active" };
            let (permissions, name) = (Permission::join(&key.permissions), terminal::cell(&key.name));
            println!("{}\t{}\t{}\t{state}\t{permissions}\t{name}", key.id, account.id, key.prefix);
        }
    }
    Ok(())
}

async fn revoke(store: &Store, id: &str) -> anyhow::Result<()> {
    let key = KeyId::parse(id).ok_or_else(|| anyhow::anyhow!("`{id}` is not an API key's id (see: chatforge key list)"))?;
    for account in store.accounts().await? {
        match store.revoke_key(account.id.clone(), key.clone()).await {
            Err(Error::NotFound) => {}
            Ok(()) => return record(store, account.id, "key.revoked", key, "").await,
            Err(error) => return Err(error.into()),
        }
    }
    anyhow::bail!("there is no active key {id}")
}
