//! `chatforge eval`

mod saved;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::answer::eval::{self, Data, Figures};
use crate::cli::Context;

/// Measure answer quality (--data FILE), or find an agent's answers that have changed (--agent ID)
///
/// Without --agent, --data is a file of passages and questions with one JSON object per line, and the command prints how
/// well it finds the right passages.
#[derive(Args)]
pub struct Eval {
    /// Run an agent's test questions and fail if an answer has changed (add one with: chatforge agent ask --save)
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Accept the current answers as the expected ones
    #[arg(long, requires = "agent")]
    accept: bool,
    /// Use only the questions of one split
    #[arg(long, value_name = "S", conflicts_with = "agent")]
    split: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Eval {
    pub fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        match self.agent {
            Some(agent) => saved::run(context, &agent, self.accept, self.json),
            None => measure(&context.data, self.split.as_deref(), self.json),
        }
    }
}

fn measure(path: &Path, split: Option<&str>, json: bool) -> anyhow::Result<ExitCode> {
    let name = path.display();
    anyhow::ensure!(!path.is_dir(), "{name} is a folder; eval needs --data FILE or --agent ID");
    let text = std::fs::read_to_string(path).with_context(|| format!("{name}"))?;
    let data = Data::parse(&text).with_context(|| format!("{name}"))?;
    if let Some(split) = split.filter(|split| !data.splits().contains(split)) {
        anyhow::bail!("{name}: the split `{split}` has no questions; the splits are {}", data.splits().join(", "));
    }
    let figures = eval::run(&data, split);
    if json {
        print_json(&figures)
    } else {
        print(&figures)
    }
    Ok(ExitCode::SUCCESS)
}

fn print(figures: &Figures) {
    println!("{} questions, {} passages, {:.1} ms a question", figures.queries, figures.passages, figures.ms_per_query);
    println!(
        "hit@1 {:.3}   hit@3 {:.3}   MRR@10 {:.3}   nDCG@10 {:.3}",
        figures.hit_at_1, figures.hit_at_3, figures.mrr_at_10, figures.ndcg_at_10
    );
    if let Some(auroc) = figures.auroc {
        println!("AUROC of answerable against unanswerable questions {auroc:.3}");
    }
    println!("\nzone        of the answerable   of these right   of the unanswerable");
    for ((name, _), zone) in eval::ZONES.iter().zip(&figures.zones) {
        println!("{name:<10} {:>18.3} {:>16.3} {:>21.3}", zone.answered, zone.right, zone.falsely_answered);
    }
}

fn print_json(figures: &Figures) {
    let zones = eval::ZONES.iter().zip(&figures.zones).map(|((name, _), zone)| {
        let zone =
            serde_json::json!({ "answered": zone.answered, "right": zone.right, "falsely_answered": zone.falsely_answered });
        ((*name).to_owned(), zone)
    });
    let object = serde_json::json!({
        "hit@1": figures.hit_at_1,
        "hit@3": figures.hit_at_3,
        "mrr@10": figures.mrr_at_10,
        "ndcg@10": figures.ndcg_at_10,
        "auroc": figures.auroc,
        "queries": figures.queries,
        "passages": figures.passages,
        "zones": zones.collect::<serde_json::Map<_, _>>(),
        "ms_per_query": figures.ms_per_query,
    });
    println!("{object}");
}
