//! The example configuration: every key, with its default.

use std::fs;

use chatforge::config::Config;
use toml::{Table, Value};

use crate::binary::{Home, Ran, command};

fn example() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/chatforge.example.toml")).unwrap()
}

/// The example with every key taken out of its comment. Prose has two signs, a key has one.
fn uncommented() -> Table {
    let line = |line: &str| line.strip_prefix("# ").unwrap_or(line).to_owned();
    let text: Vec<_> = example().lines().map(line).collect();
    text.join("\n").parse().unwrap()
}

#[test]
fn the_example_is_a_configuration_that_changes_nothing() {
    let home = Home::new(&example());
    let shown = Ran::of(home.command().args(["config", "show"]).env_remove("CHATFORGE_ALLOW_TESTING")).is(0).stdout;
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(shown, Ran::of(command(empty.path()).args(["config", "show"])).is(0).stdout);
}

#[test]
fn the_example_names_every_key_with_its_default() {
    let defaults = Table::try_from(Config::default()).unwrap();
    assert_eq!(uncommented(), defaults);
}

#[test]
fn every_key_of_the_example_is_explained() {
    let text = example();
    let lines: Vec<_> = text.lines().collect();
    let is_key = |line: &str| line.starts_with("# ");
    for section in lines.split(|line| line.starts_with('[')) {
        // Keys that belong together share the words above the first of them.
        let first = section.iter().position(|line| is_key(line));
        let explained = first.is_none_or(|at| at > 0 && section[at - 1].starts_with("##"));
        let plan = section.iter().any(|line| line.starts_with("# burst_per_second"));
        assert!(explained || plan, "{section:?}");
    }
    assert!(lines.iter().all(|line| line.len() <= 120 && (line.is_empty() || line.starts_with(['#', '[']))));
}

#[test]
fn a_change_of_one_limit_keeps_the_others() {
    let home = Home::new("[plans.growth]\nagents = 3\n[plans.gold]\nagents = 7\n");
    let shown: Table = home.run(&["config", "show"]).is(0).stdout.parse().unwrap();
    let limit = |plan: &str, key: &str| shown["plans"][plan][key].as_integer();
    assert_eq!((limit("growth", "agents"), limit("growth", "conversations_per_agent")), (Some(3), Some(500)));
    assert_eq!((limit("gold", "agents"), limit("free", "agents")), (Some(7), Some(1)));
    assert!(matches!(shown["plans"]["scale"], Value::Table(_)));
}
