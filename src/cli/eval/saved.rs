//! `chatforge eval --agent`: what a change of the knowledge has changed.

use std::process::ExitCode;

use pollster::block_on;

use crate::answer::index::{self, Index};
use crate::answer::reply::{Question, reply};
use crate::cli::{Context, agent, terminal};
use crate::domain::question::{Given, SavedQuestion};

/// A saved question, and what is answered now.
struct Again {
    saved: SavedQuestion,
    now: Given,
}

impl Again {
    fn has_changed(&self) -> bool {
        self.saved.given != self.now
    }
}

/// Fails if an answer is another one than when it was saved, unless that is accepted.
pub fn run(context: &Context, id: &str, accept: bool, json: bool) -> anyhow::Result<ExitCode> {
    let (store, ..) = context.open()?;
    let asked = block_on(async {
        let agent = agent::find(&store, id).await?;
        let learnt = store.learnt(agent.account.clone(), agent.id.clone()).await?;
        let index = Index::complete(&index::entries(&learnt.knowledge), &learnt.vectors);
        let mut asked = Vec::new();
        for saved in store.saved_questions(agent.account.clone(), agent.id.clone()).await? {
            let reply = reply(&index, &agent.name, &Question::first(&saved.text, agent.answering.caution));
            let now = Given { zone: reply.zone.as_str().to_owned(), answer: reply.text };
            if accept && saved.given != now {
                store.save_question(agent.account.clone(), agent.id.clone(), saved.text.clone(), now.clone()).await?;
            }
            asked.push(Again { saved, now });
        }
        anyhow::Ok(asked)
    });
    store.close();
    let asked = asked?;
    if json {
        print_json(&asked)
    } else {
        print(&asked)
    }
    let failed = !accept && asked.iter().any(Again::has_changed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(asked: &[Again]) {
    for again in asked.iter().filter(|again| again.has_changed()) {
        let Given { zone, answer } = &again.saved.given;
        println!("{}\n  was {zone}: {}", terminal::cell(&again.saved.text), indented(answer));
        println!("  now {}: {}\n", again.now.zone, indented(&again.now.answer));
    }
    let changed = asked.iter().filter(|again| again.has_changed()).count();
    println!("{} questions, {changed} answered differently", asked.len());
}

fn indented(text: &str) -> String {
    terminal::text(text).replace('\n', "\n    ")
}

fn print_json(asked: &[Again]) {
    let given = |given: &Given| serde_json::json!({ "zone": given.zone, "answer": given.answer });
    let questions = asked.iter().map(|again| {
        serde_json::json!({
            "id": again.saved.id.as_str(),
            "question": again.saved.text,
            "changed": again.has_changed(),
            "before": given(&again.saved.given),
            "now": given(&again.now),
        })
    });
    let told = serde_json::json!({ "questions": questions.collect::<Vec<_>>() });
    println!("{}", terminal::json(&told.to_string()));
}
