//! The example configuration: every key, with its default.

use std::fs;

use chatforge::config::{Config, Model};
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

#[test]
fn the_example_names_every_key_of_a_model_with_its_default() {
    let lines: Vec<_> = example().lines().filter_map(|line| line.strip_prefix("##   ")).map(str::to_owned).collect();
    let shown: Table = lines.join("\n").parse().unwrap();
    assert_eq!(shown["models"]["primary"].as_table(), Some(&Table::try_from(Model::default()).unwrap()));
}

const MODEL: &str = "[models.primary]\nmodel = \"m\"\n[answers]\nmodels = [\"primary\"]\n";

#[test]
fn a_model_may_stand_in_the_environment_and_its_key_in_a_file_and_is_never_shown() {
    let home = Home::new(MODEL);
    std::fs::write(home.path().join("key"), "sk-first\n").unwrap();
    let shown = |variables: &[(&str, &str)]| {
        let ran = Ran::of(home.command().args(["config", "show"]).envs(variables.iter().copied())).is(0);
        assert!(!ran.stdout.contains("sk-") && !ran.stderr.contains("sk-"), "{ran:?}");
        ran.stdout.parse::<Table>().unwrap()["models"].clone()
    };
    assert_eq!(shown(&[])["primary"]["api_key"].as_str(), Some(""));
    for (name, value) in [("CHATFORGE_MODELS_PRIMARY_API_KEY", "sk-first"), ("CHATFORGE_MODELS_PRIMARY_API_KEY_FILE", "key")] {
        assert_eq!(shown(&[(name, value)])["primary"]["api_key"].as_str(), Some("(hidden)"), "{name}");
    }
    let other = [("CHATFORGE_MODELS_MY_SPARE_MODEL", "n"), ("CHATFORGE_MODELS_MY_SPARE_INPUT_PRICE", "2.5")];
    let models = shown(&other);
    assert_eq!((models["my_spare"]["model"].as_str(), models["my_spare"]["input_price"].as_float()), (Some("n"), Some(2.5)));
}

#[test]
fn a_wrong_model_says_what_is_wrong_and_not_its_key() {
    let key = "api_key = \"sk-first\"\n";
    let cases = [
        ("[models.primary]\nmodle = \"m\"\n", "did you mean models.primary.model?"),
        ("[models]\nprimary = 1\n", "write [models.primary]"),
        ("[models.primary]\n", "models.primary.model: is required"),
        ("[models.Primary]\nmodel = \"m\"\n", "a model's name"),
        ("[models.embedded]\nmodel = \"m\"\n", "a model's name"),
        ("[models.primary]\nmodel = \"m\"\nprovider = \"smoke\"\n", "`openai` or `anthropic`"),
        ("[models.primary]\nmodel = \"m\"\nbase_url = \"ftp://x\"\n", "models.primary.base_url"),
        ("[models.primary]\nmodel = \"m\"\nbase_url = \"http://a:sk-first@x/\"\n", "without user name"),
        ("[models.primary]\nmodel = \"m\"\ntemperature = 3\n", "models.primary.temperature"),
        ("[models.primary]\nmodel = \"m\"\napi_key_file = \"missing\"\n", "missing: "),
        ("[models.primary]\nmodel = \"m\"\napi_key = [\"sk-first\"]\n", "must be a string in quotes"),
        ("[answers]\nmodels = [\"primary\"]\n", "no models are configured"),
        ("[models.primary]\nmodel = \"m\"\n[answers]\nmodels = [\"other\"]\n", "the models are primary"),
        ("[models.primary]\nmodel = \"m\"\n[answers]\nmodels = [\"primary\", \"primary\"]\n", "twice"),
    ];
    for (file, says) in cases {
        let file = if file.contains("[models.primary]\n") && !file.contains("sk-") && !file.contains("_file") {
            file.replacen("[models.primary]\n", &format!("[models.primary]\n{key}"), 1)
        } else {
            file.to_owned()
        };
        let ran = Home::new(&file).run(&["config", "check"]).is(2);
        assert!(ran.stderr.contains(says) && !ran.stderr.contains("sk-first"), "{file}: {ran:?}");
    }
    let home = Home::new(MODEL);
    let ran = Ran::of(home.command().args(["config", "check"]).env("CHATFORGE_MODELS_PRIMARY_PRICE", "1")).is(2);
    assert!(ran.stderr.contains("CHATFORGE_MODELS_PRIMARY_PRICE"), "{ran:?}");
}
