//! `chatforge serve --demo`: everything ready, in a folder that goes away with the process.

use std::path::{Path, PathBuf};

use crate::auth;
use crate::cli::admin::Password;
use crate::cli::serve::Signals;
use crate::config::Config;
use crate::domain::account::{Account, NewAdministrator, Permission};
use crate::domain::agent::appearance::Appearance;
use crate::domain::agent::{Agent, NewAgent};
use crate::domain::answering::Answering;
use crate::domain::id::ALPHABET;
use crate::domain::knowledge::{KnowledgeType, NewKnowledge, Source};
use crate::domain::sample;
use crate::server::{self, Server};
use crate::storage::{Keep, NewKey, Store};
use crate::world::World;

const EMAIL: &str = "demo@chatforge.example";
const SUGGESTIONS: [&str; 3] = ["Are you open on Saturdays?", "What does whitening cost?", "Do you take Delta Dental?"];

pub async fn serve(config: Config) -> anyhow::Result<()> {
    let signals = Signals::listen()?;
    let world = World::machine(config.testing.clock_offset_ms);
    let folder = Temporary(std::env::temp_dir().join(format!("chatforge-demo-{}", world.pick(ALPHABET, 8))));
    let server = server::start(Config { demo: true, ..config }, &folder.0, world.clone()).await?;
    let password = Password::made_up(&world);
    let store = &server.app.store;
    let new = NewAdministrator::parse("Brightwater Dental", EMAIL, "Demo", "scale").map_err(|r| anyhow::anyhow!(r.summary()))?;
    let account = store.create_administrator(new, password.hash(&world)?).await?;
    server.app.setup.close();
    let agent = agent(store, &account).await?;
    let key = key(store, &world, &account).await?;
    announce(&server, &folder.0, &agent, &password, &key);
    signals.until_told_to_stop(server).await
}

async fn agent(store: &Store, account: &Account) -> anyhow::Result<Agent> {
    let new = NewAgent {
        name: "Brightwater Dental".into(),
        greeting: "Hi! Ask me about opening hours, prices or appointments.".into(),
        color: "#0f766e".into(),
        allowed_domains: Vec::new(),
        appearance: Appearance { suggestions: SUGGESTIONS.map(str::to_owned).to_vec(), ..Appearance::default() },
        knowledge_base: None,
        answering: Answering::default(),
    };
    let agent = store.create_agent(account.id.clone(), new, None, Keep::nothing()).await?;
    let faq = NewKnowledge::new(KnowledgeType::Faq, sample::FAQ, Source::Sample);
    store.add_knowledge(account.id.clone(), agent.id.clone(), faq, Keep::nothing()).await?;
    Ok(agent)
}

async fn key(store: &Store, world: &World, account: &Account) -> anyhow::Result<String> {
    let key = auth::key::generate(world);
    let (hash, prefix) = (auth::hash(&key), auth::key::prefix(&key));
    let permissions = Permission::ALL.to_vec();
    store.create_key(account.id.clone(), NewKey { name: "Demo".into(), permissions, hash, prefix, created_by: None }).await?;
    Ok(key)
}

fn announce(server: &Server, folder: &Path, agent: &Agent, password: &Password, key: &str) {
    let url = server.app.config.public_url();
    println!("ChatForge {} is ready at {url}, with a demo that is deleted when you stop it:\n", env!("CARGO_PKG_VERSION"));
    println!("  A page with the widget   {url}/demo/{}", agent.id);
    println!("  The dashboard            {url}/login   {EMAIL}   {}", password.text());
    println!("  An API key               {key}");
    println!("  Try it                   curl -H 'Authorization: Bearer {key}' {url}/api/v1/agents");
    println!("  Data                     {}\n", folder.display());
}

struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("chatforge: {} was not deleted: {error}", self.0.display());
        }
    }
}
