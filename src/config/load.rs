//! Reads the configuration: the file, then the environment, then flags; refuses keys that do not exist.

use std::path::Path;

use toml::{Table, Value};

use crate::config::models::{Model, read_keys};
use crate::config::{Config, Error};
use crate::domain::spelling::nearest;

const PREFIX: &str = "CHATFORGE_";
const FILE_SUFFIX: &str = "_FILE";

impl Config {
    /// Reads `file` if there is one, then what `environment` says, then `flags` (`server.listen` and its value).
    pub fn load(file: Option<&Path>, environment: &[(String, String)], flags: &[(&str, String)]) -> Result<Self, Error> {
        let mut table = file.map_or_else(|| Ok(Table::new()), read_file)?;
        let known = known_keys();
        check_keys(&table, &known, file)?;
        overlay_environment(&mut table, &known, environment)?;
        for (key, value) in flags {
            set(&mut table, &known, key, value, key)?;
        }
        let testing = table.get("testing").and_then(Value::as_table).is_some_and(|keys| !keys.is_empty());
        let mut config: Self =
            Value::Table(with_plan_defaults(table)).try_into().map_err(|error: toml::de::Error| Error::Key {
                key: file.map_or_else(|| "configuration".into(), |file| file.display().to_string()),
                message: error.message().to_owned(),
            })?;
        let allowed = environment.iter().any(|(name, value)| name == "CHATFORGE_ALLOW_TESTING" && value == "1");
        if testing && !allowed {
            return Err(Error::Testing);
        }
        read_keys(&mut config.models)?;
        config.check()?;
        Ok(config)
    }
}

/// Sections of sections: what stands in them is named by whoever writes the configuration.
const NAMED: [&str; 2] = ["plans", "models"];

/// Every key with its default; plans and models may have any name.
fn known_keys() -> Table {
    Table::try_from(Config::default()).expect("the default configuration is a table")
}

fn read_file(path: &Path) -> Result<Table, Error> {
    let fail = |message: String| Error::File { path: path.display().to_string(), message };
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    text.parse().map_err(|error: toml::de::Error| {
        // Not the library's own words, for they repeat the line, and a secret may stand in it.
        let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
        fail(format!("{}{}", line.map(|line| format!("line {line}: ")).unwrap_or_default(), error.message()))
    })
}

fn check_keys(table: &Table, known: &Table, file: Option<&Path>) -> Result<(), Error> {
    let unknown = |key: String, among: &Table, path: &str| {
        let near = nearest(key.rsplit('.').next().unwrap_or(&key), among.keys().map(String::as_str));
        let hint = near.map(|near| format!("; did you mean {path}{near}?")).unwrap_or_default();
        let place = file.map(|file| format!("{}: ", file.display())).unwrap_or_default();
        Err(Error::Key { key: format!("{place}{key}"), message: format!("unknown key{hint}") })
    };
    for (section, value) in table {
        let Some(Value::Table(keys)) = known.get(section) else {
            return unknown(section.clone(), known, "");
        };
        let Value::Table(given) = value else {
            return Err(Error::Key { key: section.clone(), message: format!("is a section; write [{section}]") });
        };
        if NAMED.contains(&section.as_str()) {
            check_named(section, given, &keys_of(section, keys), unknown)?;
            continue;
        }
        if let Some(key) = given.keys().find(|key| !keys.contains_key(*key)) {
            return unknown(format!("{section}.{key}"), keys, &format!("{section}."));
        }
    }
    Ok(())
}

/// The keys that each plan or model has.
fn keys_of(section: &str, known: &Table) -> Table {
    match (section, known.values().next()) {
        ("plans", Some(Value::Table(keys))) => keys.clone(),
        _ => Table::try_from(Model::default()).expect("a model is a table"),
    }
}

fn check_named(
    section: &str,
    given: &Table,
    keys: &Table,
    unknown: impl Fn(String, &Table, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    for (name, value) in given {
        let path = format!("{section}.{name}");
        let Value::Table(own) = value else {
            return Err(Error::Key { message: format!("is a section; write [{path}]"), key: path });
        };
        if let Some(key) = own.keys().find(|key| !keys.contains_key(*key)) {
            return unknown(format!("{path}.{key}"), keys, &format!("{path}."));
        }
    }
    Ok(())
}

/// A file that changes one limit of a plan keeps the others, and the other plans.
fn with_plan_defaults(mut table: Table) -> Table {
    let Some(Value::Table(plans)) = Table::try_from(Config::default()).ok().and_then(|mut t| t.remove("plans")) else {
        return table;
    };
    let given = table.entry("plans").or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(given) = given {
        for (name, defaults) in plans {
            let plan = given.entry(name).or_insert_with(|| Value::Table(Table::new()));
            if let (Value::Table(plan), Value::Table(defaults)) = (plan, defaults) {
                for (key, value) in defaults {
                    plan.entry(key).or_insert(value);
                }
            }
        }
    }
    table
}

/// `CHATFORGE_SERVER_LISTEN` sets `server.listen`; with `_FILE` behind it, to what the named file holds.
fn overlay_environment(table: &mut Table, known: &Table, environment: &[(String, String)]) -> Result<(), Error> {
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX).map(str::to_lowercase) else { continue };
        let Some((section, key)) = rest.split_once('_') else { continue };
        if section == "models" {
            overlay_model(table, key, value, name)?;
            continue;
        }
        let Some(Value::Table(keys)) = known.get(section).filter(|_| section != "plans") else { continue };
        let from_file = key.strip_suffix(&FILE_SUFFIX.to_lowercase()).filter(|key| keys.contains_key(*key));
        match from_file {
            Some(key) => {
                let read = std::fs::read_to_string(value);
                let text = read.map_err(|error| Error::Key { key: name.clone(), message: format!("{value}: {error}") })?;
                set(table, known, &format!("{section}.{key}"), text.trim_end(), name)?;
            }
            None => set(table, known, &format!("{section}.{key}"), value, name)?,
        }
    }
    Ok(())
}

/// `CHATFORGE_MODELS_PRIMARY_API_KEY` sets `models.primary.api_key`. Names of models are not known before they are given,
/// so the longest key that the variable ends with counts.
fn overlay_model(table: &mut Table, rest: &str, text: &str, source: &str) -> Result<(), Error> {
    let keys = keys_of("models", &Table::new());
    let fits = |key: &&String| rest.strip_suffix(key.as_str()).is_some_and(|name| name.len() > 1 && name.ends_with('_'));
    let Some(key) = keys.keys().filter(fits).max_by_key(|key| key.len()) else {
        let near = nearest(rest, keys.keys().map(String::as_str)).unwrap_or_default();
        let message = format!("is not a model key such as {PREFIX}MODELS_PRIMARY_{}", near.to_uppercase());
        return Err(Error::Key { key: source.to_owned(), message });
    };
    let model = rest[..rest.len() - key.len() - 1].to_owned();
    let value = typed(keys.get(key), text).map_err(|message| Error::Key { key: source.to_owned(), message })?;
    let models = table.entry("models").or_insert_with(|| Value::Table(Table::new()));
    let own = models.as_table_mut().map(|models| models.entry(model).or_insert_with(|| Value::Table(Table::new())));
    if let (Some(Value::Table(own)), Some(value)) = (own, value) {
        own.insert(key.clone(), value);
    }
    Ok(())
}

/// The text as a value of the type that the default has; nothing where there is no such key.
fn typed(default: Option<&Value>, text: &str) -> Result<Option<Value>, String> {
    Ok(Some(match default {
        Some(Value::String(_)) => Value::String(text.to_owned()),
        Some(Value::Integer(_)) => Value::Integer(text.trim().parse().map_err(|_| format!("`{text}` is not a whole number"))?),
        Some(Value::Float(_)) => Value::Float(text.trim().parse().map_err(|_| format!("`{text}` is not a number"))?),
        Some(Value::Boolean(_)) => match text.trim() {
            "true" | "1" => Value::Boolean(true),
            "false" | "0" => Value::Boolean(false),
            _ => return Err(format!("`{text}` is not true or false")),
        },
        Some(Value::Array(_)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        _ => return Ok(None),
    }))
}

/// Sets a key from text, in the type that its default has. `source` names the variable or flag in errors.
fn set(table: &mut Table, known: &Table, path: &str, text: &str, source: &str) -> Result<(), Error> {
    let fail = |message: String| Error::Key { key: source.to_owned(), message };
    let (section, key) = path.split_once('.').unwrap_or((path, ""));
    let Some(keys) = known.get(section).and_then(Value::as_table) else {
        return Err(fail(format!("there is no section {section}")));
    };
    let Some(value) = typed(keys.get(key), text).map_err(&fail)? else {
        let near = nearest(key, keys.keys().map(String::as_str));
        let hint = near.map(|near| format!("; did you mean {PREFIX}{}?", format!("{section}_{near}").to_uppercase()));
        return Err(fail(format!("unknown key {path}{}", hint.unwrap_or_default())));
    };
    let given = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(given) = given {
        given.insert(key.to_owned(), value);
    }
    Ok(())
}
