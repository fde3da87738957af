//! The structure of the source, held by a test: ranks of modules, homes of crates, sizes of files.

use std::fs;
use std::path::{Path, PathBuf};

/// What may import what: a module imports modules of lower ranks, and its own parts.
const RANKS: &[(&str, u8)] = &[
    ("domain", 0),
    ("auth", 1),
    ("config", 1),
    ("egress", 1),
    ("limits", 1),
    ("reading", 1),
    ("supervise", 1),
    ("world", 1),
    ("storage", 2),
    ("answer", 3),
    ("billing", 3),
    ("deliver", 3),
    ("ingest", 3),
    ("jobs", 3),
    ("web", 4),
    ("server", 5),
    ("cli", 6),
    ("lib", 7),
    ("main", 7),
];

/// The clock and chance are what the mechanisms beside them are made of; it imports none of them.
const SHARED_BELOW: &str = "world";

/// Crates that only some modules may name.
const HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["storage"]),
    ("rusqlite_migration", &["storage"]),
    ("r2d2", &["storage"]),
    ("r2d2_sqlite", &["storage"]),
    ("axum", &["web", "server"]),
    ("hyper", &["server"]),
    ("tower_http", &["web"]),
    ("askama", &["web"]),
    ("ureq", &["egress"]),
    ("clap", &["cli"]),
    ("anyhow", &["cli", "server"]),
    ("getrandom", &["world"]),
    ("totp_rs", &["auth"]),
    ("qrcode", &["web"]),
];

/// The four ways in: what two of them need stands above them, in `web` itself.
const DOORS: &[&str] = &["api", "dashboard", "widget", "hooks"];

const LINES_MAX: usize = 400;

struct Source {
    folder: &'static str,
    /// Below that folder.
    path: PathBuf,
    text: String,
}

impl Source {
    /// The parts of its path below its folder, without the ending.
    fn parts(&self) -> Vec<&str> {
        let name = |part| Path::new(part).file_stem().unwrap().to_str().unwrap();
        self.path.iter().map(name).collect()
    }

    fn module(&self) -> &str {
        self.parts()[0]
    }

    fn code(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//"))
    }

    fn name(&self) -> String {
        format!("{}/{}", self.folder, self.path.display())
    }

    fn is_test(&self) -> bool {
        self.parts().last() == Some(&"tests")
    }

    /// Names that follow `crate::`, or `chatforge::` in the thin binary.
    fn imports(&self) -> Vec<String> {
        let mut found = Vec::new();
        for line in self.code() {
            for marker in ["crate::", "chatforge::"] {
                // A macro or `$crate` is no import of ours.
                for (before, after) in line.match_indices(marker).map(|(at, _)| (&line[..at], &line[at + marker.len()..])) {
                    if !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$')) {
                        found.push(path_of(after));
                    }
                }
            }
        }
        found
    }
}

fn path_of(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect()
}

fn rank(module: &str) -> u8 {
    let known = RANKS.iter().find(|(name, _)| *name == module);
    known.unwrap_or_else(|| panic!("`{module}` has no rank; give it one in tests/it/tidy.rs and docs/ARCHITECTURE.md")).1
}

fn sources() -> Vec<Source> {
    let sources = sources_in("src");
    assert!(sources.len() > 50);
    sources
}

/// The encoder is a crate of its own: ranks say nothing of it, the rest does.
fn all_sources() -> Vec<Source> {
    let mut sources = sources();
    for folder in ["crates/allocator/src", "crates/encoder/src", "crates/encoder/tests", "crates/encoder/benches"] {
        sources.extend(sources_in(folder));
    }
    sources
}

fn sources_in(folder: &'static str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source { folder, path: path.strip_prefix(&root).unwrap().to_owned(), text });
            }
        }
    }
    sources
}

#[track_caller]
fn none(found: impl IntoIterator<Item = String>) {
    let found: Vec<_> = found.into_iter().collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_module_imports_only_what_is_below_it() {
    let wrong = |source: &Source, import: &str| {
        let (mine, theirs) = (source.module(), import.split("::").next().unwrap().to_owned());
        let below =
            rank(&theirs) < rank(mine) || (theirs == SHARED_BELOW && rank(mine) == rank(SHARED_BELOW) && mine != "supervise");
        (mine != theirs && !below).then(|| format!("{} imports {import}", source.name()))
    };
    let sources = sources();
    none(
        sources
            .iter()
            .flat_map(|source| source.imports().into_iter().filter_map(|import| wrong(source, &import)).collect::<Vec<_>>()),
    );
}

#[test]
fn the_clock_stands_below_those_who_share_its_rank() {
    let above = |import: &String| rank(import.split("::").next().unwrap()) >= rank(SHARED_BELOW);
    let world = sources().into_iter().filter(|source| source.module() == SHARED_BELOW);
    none(world.flat_map(|source| source.imports().into_iter().filter(above).collect::<Vec<_>>()));
}

#[test]
fn a_foreign_crate_has_a_home() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, homes) in HOMES.iter().filter(|(_, homes)| !homes.contains(&source.module())) {
            let names = |line: &str| {
                line.match_indices(&format!("{name}::"))
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':')))
            };
            wrong.extend(
                source
                    .code()
                    .filter(|line| names(line))
                    .map(|line| format!("{} names {name}, at home in {homes:?}: {line}", source.name())),
            );
        }
    }
    none(wrong);
}

#[test]
fn the_doors_of_web_do_not_import_each_other() {
    let mut wrong = Vec::new();
    for source in sources() {
        let parts = source.parts();
        let Some(mine) = parts.get(1).filter(|part| parts[0] == "web" && DOORS.contains(part)) else { continue };
        for import in source.imports() {
            let theirs = import.strip_prefix("web::").and_then(|rest| rest.split("::").next()).unwrap_or_default();
            if DOORS.contains(&theirs) && theirs != *mine {
                wrong.push(format!("{} imports {import}", source.name()));
            }
        }
    }
    none(wrong);
}

#[test]
fn only_world_asks_the_machine_for_the_time() {
    let others = sources().into_iter().filter(|source| source.module() != "world");
    none(others.filter(|source| source.code().any(|line| line.contains("SystemTime"))).map(|source| source.name()));
}

#[test]
fn a_file_is_short_and_says_what_it_is_for() {
    none(all_sources().into_iter().filter_map(|source| {
        let (lines, introduced) = (source.text.lines().count(), source.text.starts_with("//! "));
        (lines > LINES_MAX || !introduced).then(|| format!("{}: {lines} lines, introduced: {introduced}", source.name()))
    }));
}

#[test]
fn a_path_begins_at_the_crate() {
    let relative = |line: &&str| line.contains("super::") && line.trim() != "use super::*;";
    none(all_sources().iter().flat_map(|source| {
        let lines = source.code().filter(relative).map(|line| format!("{}: {line}", source.name()));
        lines.collect::<Vec<_>>()
    }));
}

#[test]
fn a_glob_is_for_unit_tests_only() {
    none(all_sources().iter().filter(|source| !source.is_test()).filter_map(|source| {
        let before_tests = source.text.split("#[cfg(test)]").next().unwrap();
        before_tests.contains("use super::*;").then(|| source.name())
    }));
}

#[test]
fn what_is_left_to_do_has_a_number() {
    // Written apart, so that this file does not find itself.
    let (fix, to_do) = (concat!("FIX", "ME"), concat!("TO", "DO"));
    none(all_sources().iter().flat_map(|source| {
        let unnumbered = |line: &&str| line.contains(fix) || (line.contains(to_do) && !line.contains(&format!("{to_do}(#")));
        source.text.lines().filter(unnumbered).map(|line| format!("{}: {line}", source.name())).collect::<Vec<_>>()
    }));
}

#[test]
fn no_file_is_named_for_what_it_is_not() {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc"];
    none(
        all_sources()
            .into_iter()
            .filter(|source| source.parts().iter().any(|part| vague.contains(part)))
            .map(|source| source.name()),
    );
}

/// The main crate forbids it altogether.
#[test]
fn unsafe_code_is_at_home_in_the_kernels_and_beside_the_allocator() {
    let allowed = ["allow", "expect"].map(|lint| format!("{lint}(unsafe_code"));
    let is_home = |source: &Source| {
        let is_kernel = source.folder == "crates/encoder/src" && source.parts()[0] == "kernels";
        is_kernel || source.folder == "crates/allocator/src"
    };
    let others = all_sources().into_iter().filter(|source| !is_home(source));
    let allows = |source: &Source| allowed.iter().any(|lint| source.text.contains(lint));
    none(others.filter(allows).map(|source| source.name()));
    for manifest in ["Cargo.toml", "crates/allocator/Cargo.toml", "crates/encoder/Cargo.toml"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest)).unwrap();
        let level = if manifest == "Cargo.toml" { "forbid" } else { "deny" };
        assert!(text.contains(&format!("unsafe_code = \"{level}\"")), "{manifest}");
    }
}
