//! `chatforge agent`

use clap::Subcommand;
use pollster::block_on;

use crate::answer::index::{self, Index};
use crate::answer::reply::{Question, Reply, reply};
use crate::cli::Context;
use crate::domain::agent::Agent;
use crate::domain::id::{AgentId, Identifier};
use crate::domain::question::{Given, SAVED_MAX};
use crate::storage::{Error, Keep, Store};

#[derive(Subcommand)]
pub enum Command {
    /// List the agents of every account: id, account, status, name
    List,
    /// Let a deactivated agent answer again
    Reactivate { id: String },
    /// Ask an agent a question and see why it answers what it answers; nothing is stored
    Ask {
        id: String,
        question: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
        /// Keep the question and its answer, to be asked again by `chatforge eval --agent`
        #[arg(long)]
        save: bool,
    },
}

impl Command {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let (store, config, _) = context.open()?;
        let done = block_on(async {
            match self {
                Self::List => list(&store).await,
                Self::Reactivate { id } => {
                    let agent = find(&store, &id).await?;
                    let plan = config.plan(&store.account(agent.account.clone()).await?.plan);
                    let activated = store.activate_agent(agent.account, agent.id, plan.agents_max, Keep::nothing()).await;
                    activated.map(|_| ()).map_err(|error| match error {
                        Error::LimitReached => anyhow::anyhow!("the plan {} allows no more active agents", plan.name),
                        other => other.into(),
                    })
                }
                Self::Ask { id, question, json, save } => ask(&store, &id, &question, json, save).await,
            }
        });
        store.close();
        done
    }
}

async fn list(store: &Store) -> anyhow::Result<()> {
    for account in store.accounts().await? {
        for agent in store.agents(account.id.clone()).await? {
            println!("{}\t{}\t{}\t{}", agent.id, account.id, agent.status(), agent.name);
        }
    }
    Ok(())
}

pub async fn find(store: &Store, id: &str) -> anyhow::Result<Agent> {
    let missing = || anyhow::anyhow!("there is no agent {id} (see: chatforge agent list)");
    let id = AgentId::parse(id).ok_or_else(missing)?;
    store.embedded_agent(id).await.map_err(|error| match error {
        Error::NotFound => missing(),
        other => other.into(),
    })
}

async fn ask(store: &Store, id: &str, question: &str, as_json: bool, save: bool) -> anyhow::Result<()> {
    let agent = find(store, id).await?;
    let learnt = store.learnt(agent.account.clone(), agent.id.clone()).await?;
    let index = Index::complete(&index::entries(&learnt.knowledge), &learnt.vectors);
    let answer = reply(&index, &agent.name, &Question::first(question, agent.answering.caution));
    if save {
        let given = Given { zone: answer.zone.as_str().to_owned(), answer: answer.text.clone() };
        store.save_question(agent.account, agent.id, question.to_owned(), given).await.map_err(|error| match error {
            Error::LimitReached => anyhow::anyhow!("an agent holds at most {SAVED_MAX} saved questions"),
            other => other.into(),
        })?;
    }
    if as_json {
        print_json(&answer)
    } else {
        print(&answer)
    }
    Ok(())
}

fn print(answer: &Reply) {
    println!("{}\n", answer.text);
    println!("zone: {}   answered: {}", answer.zone.as_str(), answer.answered);
    for passage in &answer.passages {
        println!("{:.3}  {}  {}", passage.score, passage.knowledge, passage.heading);
    }
}

fn print_json(answer: &Reply) {
    let passages =
        answer.passages.iter().map(|p| serde_json::json!({ "knowledge": p.knowledge, "heading": p.heading, "score": p.score }));
    let sources = answer.sources.iter().map(|s| serde_json::json!({ "title": s.title, "excerpt": s.excerpt, "url": s.url }));
    let object = serde_json::json!({
        "answer": answer.text,
        "answered": answer.answered,
        "zone": answer.zone.as_str(),
        "sources": sources.collect::<Vec<_>>(),
        "passages": passages.collect::<Vec<_>>(),
    });
    println!("{object}");
}
