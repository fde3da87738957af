//! `chatforge agent`

use std::path::PathBuf;

use clap::Subcommand;
use pollster::block_on;

use crate::answer::index::{self, Index};
use crate::answer::model::{self, Ask, Composed, Interrupt, Models};
use crate::answer::reply::{Question, Reply, reply};
use crate::cli::{Context, portable, record, terminal};
use crate::config::Config;
use crate::domain::agent::Agent;
use crate::domain::conversation::{Generation, Trace};
use crate::domain::id::{AgentId, Identifier};
use crate::domain::input::text_of_form;
use crate::domain::model_use::DayUse;
use crate::domain::question::{Given, QUESTION, SAVED_MAX};
use crate::storage::{Error, Keep, Store};
use crate::world::World;

#[derive(Subcommand)]
pub enum Command {
    /// List agents of all accounts: id, account, status, name
    List,
    /// Reactivate a deactivated agent
    Reactivate { id: String },
    /// Export an agent with its settings, knowledge and test questions as JSON to standard output
    Export { id: String },
    /// Create an agent from an exported file, or from standard input if FILE is -, and print its id
    Import {
        file: PathBuf,
        /// The account's id or e-mail address [default: the only account]
        #[arg(long)]
        account: Option<String>,
    },
    /// Ask an agent a question and explain its answer; nothing is stored
    Ask {
        id: String,
        question: String,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
        /// Save the question and its answer as a test for `chatforge eval --agent`
        #[arg(long)]
        save: bool,
        /// Use no model; quote the answer from the knowledge
        #[arg(long)]
        embedded: bool,
    },
}

impl Command {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let (store, config, world) = context.open()?;
        let done = block_on(async {
            match self {
                Self::List => list(&store).await,
                Self::Reactivate { id } => {
                    let agent = find(&store, &id).await?;
                    let plan = config.plan(&store.account(agent.account.clone()).await?.plan);
                    let (account, id) = (agent.account.clone(), agent.id.clone());
                    let activated = store.activate_agent(account, id, plan.agents_max, Keep::nothing()).await;
                    activated.map_err(|error| match error {
                        Error::LimitReached => anyhow::anyhow!("the limit of active agents of the plan {} is reached", plan.name),
                        other => other.into(),
                    })?;
                    record(&store, agent.account, "agent.activated", agent.id, &agent.name).await
                }
                Self::Export { id } => portable::export(&store, &id).await,
                Self::Import { file, account } => portable::import(&store, &config, &file, account).await,
                Self::Ask { id, question, json, save, embedded } => {
                    let models = Models::new(&if embedded { Config::default() } else { config }, &world);
                    let told = ask(&store, &models, &world, &id, &question).await?;
                    if save {
                        told.save(&store, &question).await?;
                    }
                    if json {
                        told.print_json()
                    } else {
                        told.print()
                    }
                    Ok(())
                }
            }
        });
        store.close();
        done
    }
}

async fn list(store: &Store) -> anyhow::Result<()> {
    for account in store.accounts().await? {
        for agent in store.agents(account.id.clone()).await? {
            println!("{}\t{}\t{}\t{}", agent.id, account.id, agent.status(), terminal::cell(&agent.name));
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

/// An answer with all that is known of how it came about.
struct Told {
    agent: Agent,
    /// What is quoted from the knowledge, whoever answers.
    reply: Reply,
    composed: Composed,
    trace: Trace,
}

async fn ask(store: &Store, models: &Models, world: &World, id: &str, question: &str) -> anyhow::Result<Told> {
    let agent = find(store, id).await?;
    let learnt = store.learnt(agent.account.clone(), agent.id.clone()).await?;
    let index = Index::complete(&index::entries(&learnt.knowledge), &learnt.vectors);
    let started_ms = world.instant_ms();
    let reply = reply(&index, &agent.name, &Question::first(question, agent.answering.caution));
    let retrieval_ms = world.instant_ms() - started_ms;
    let composed = if model::is_asked(models, &agent, &reply) {
        let interrupt = Interrupt::default();
        let ask = Ask { agent: &agent, index: &index, reply: &reply, question, history: &[], interrupt: &interrupt, started_ms };
        // The operator's own questions are nobody's budget.
        model::compose(models, &ask, models.admit(&ask, None, &DayUse::default()), &mut |_| {})
    } else {
        model::embedded(&reply)
    };
    let trace = composed.trace(&reply, retrieval_ms, world.instant_ms() - started_ms);
    Ok(Told { agent, reply, composed, trace })
}

impl Told {
    /// Keeps what is quoted, for a model never says the same twice.
    async fn save(&self, store: &Store, question: &str) -> anyhow::Result<()> {
        let question = text_of_form(question, &QUESTION).map_err(|message| anyhow::anyhow!("a test question {message}"))?;
        let given = Given { zone: self.reply.zone.as_str().to_owned(), answer: self.reply.text.clone() };
        let (account, agent) = (self.agent.account.clone(), self.agent.id.clone());
        store.save_question(account, agent, question, given).await.map(|_| ()).map_err(|error| match error {
            Error::LimitReached => anyhow::anyhow!("an agent can have at most {SAVED_MAX} test questions"),
            other => other.into(),
        })
    }

    fn print(&self) {
        let (trace, generation) = (&self.trace, self.generation());
        println!("{}\n", terminal::text(&self.composed.text));
        println!(
            "zone: {}   answered: {}   by: {}   {} ms",
            trace.zone, self.composed.answered, trace.provider, trace.response_ms
        );
        if let Some(model) = &generation.model {
            let (input, output, cost) = (generation.input_tokens, generation.output_tokens, dollars(generation.cost_micros));
            println!("model: {model}   tokens: {input} + {output}   cost: ${cost}");
        }
        for (what, reason) in [("degraded", &generation.degraded), ("interrupted", &generation.interrupted)] {
            reason.iter().for_each(|reason| println!("{what}: {reason}"));
        }
        for failure in &generation.failures {
            println!("{}: {}", failure.model, terminal::cell(&failure.reason));
        }
        for source in &self.composed.sources {
            println!("source: {}", terminal::cell(&source.title));
        }
        for passage in &trace.passages {
            println!("{:.3}  {}  {}", passage.score, passage.knowledge, terminal::cell(&passage.heading));
        }
    }

    fn print_json(&self) {
        let (trace, generation) = (&self.trace, self.generation());
        let passages = trace
            .passages
            .iter()
            .map(|p| serde_json::json!({ "knowledge": p.knowledge, "heading": p.heading, "score": p.score }));
        let sources = self.composed.sources.iter();
        let sources = sources.map(|s| serde_json::json!({ "title": s.title, "excerpt": s.excerpt, "url": s.url }));
        let failures = generation.failures.iter();
        let failures = failures.map(|f| serde_json::json!({ "model": f.model, "reason": f.reason }));
        let object = serde_json::json!({
            "answer": self.composed.text,
            "answered": self.composed.answered,
            "zone": trace.zone,
            "provider": trace.provider,
            "model": generation.model,
            "degraded": generation.degraded,
            "failures": failures.collect::<Vec<_>>(),
            "input_tokens": generation.input_tokens,
            "output_tokens": generation.output_tokens,
            "cost_micros": generation.cost_micros,
            "retrieval_ms": trace.retrieval_ms,
            "first_token_ms": generation.first_token_ms,
            "response_ms": trace.response_ms,
            "sources": sources.collect::<Vec<_>>(),
            "passages": passages.collect::<Vec<_>>(),
        });
        println!("{}", terminal::json(&object.to_string()));
    }

    fn generation(&self) -> Generation {
        self.trace.generation.clone().unwrap_or_default()
    }
}

fn dollars(micros: i64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
