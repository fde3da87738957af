//! Every statement of the store is planned by SQLite: none may read a whole table that grows.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::server::TestServer;

/// Statements that read all of something on purpose, by a part of their text.
const WHOLE: &[(&str, &str)] = &[
    ("FROM sqlite_schema", "the list of tables, read when a database is looked over"),
    ("FROM accounts ORDER BY", "the operator's list of accounts"),
    ("lower(email) = lower(?1)", "the operator names an account by its address"),
    ("SELECT 1 FROM users LIMIT 1", "reads one row"),
    ("SELECT id, secret FROM webhooks LIMIT 100", "reads a few rows"),
    ("SET next_due_at = (SELECT min(next_attempt_at) FROM deliveries d", "all of them, once at every start"),
    ("SELECT account, api_key, key, body FROM idempotency_keys", "a few, or all of them while the server is stopped"),
    ("SELECT id, secret, next_secret, account FROM webhooks", "all of them while the server is stopped"),
    ("SELECT user, secret FROM two_step LIMIT 100", "reads a few rows"),
    ("SELECT account, user, secret FROM two_step", "all of them while the server is stopped"),
    ("WHERE vectors_version < knowledge_version", "its index holds only agents that wait"),
    ("SET vectors_version = 0", "once, when another encoder is used"),
    ("SELECT 1 FROM vectors LIMIT 1", "reads one row"),
    ("DELETE FROM vectors", "once, when another encoder is used"),
    ("DELETE FROM encoder", "holds one row"),
    ("SELECT d.lease_until, d.account, d.webhook, w.lane", "its index holds no more rows than there are senders"),
    ("UPDATE deliveries INDEXED BY deliveries_inflight", "its index holds no more rows than there are senders"),
    ("SELECT count(*) FROM accounts", "chatforge doctor looks at everything"),
    ("FILTER (WHERE status = 'disabled'", "chatforge doctor looks at everything"),
    ("LEFT JOIN retention r ON r.account = a.id", "all accounts, once an hour"),
    ("WHERE message_words MATCH", "asks the word index, and takes at most 2,000 rows of it"),
];

/// What functions write into a statement: an index, and the words that it asks for.
const FILLINGS: &[(&str, &str)] = &[
    ("deliveries_by_webhook", ""),
    ("deliveries_exhausted", "AND d.state = 'exhausted'"),
    ("deliveries_canceled", "AND d.state = 'canceled'"),
    ("deliveries_pending", "AND d.state = 'pending'"),
    ("api_requests_by_account", "AND ?9 IS NULL"),
    ("api_requests_by_key", "AND r.api_key = ?9"),
    ("api_requests_refused", "AND r.status >= 400 AND ?9 IS NULL"),
];

/// A statement as it stands in a source file, with the names of constants in it replaced by what they hold.
struct Statement {
    file: String,
    sql: String,
}

fn statements() -> Vec<Statement> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let constants = constants(source);
        let resolved = literals(source).into_iter().map(|text| resolve(&text, &constants));
        found.extend(resolved.filter(|sql| is_statement(sql)).map(|sql| Statement { file: file.clone(), sql }));
    }
    found
}

/// The text of every string literal; none in the store holds a quotation mark, and the only escape is that of a backslash.
fn literals(source: &str) -> Vec<String> {
    let code: Vec<_> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    code.join("\n").split('"').skip(1).step_by(2).map(|text| text.replace("\\\\", "\\")).collect()
}

fn constants(source: &str) -> Vec<(String, String)> {
    let texts = source.split("const ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(": &str =")?;
        Some((format!("{{{name}}}"), rest.trim_start().strip_prefix('"')?.split('"').next()?.to_owned()))
    });
    texts.collect()
}

fn resolve(text: &str, constants: &[(String, String)]) -> String {
    let once = |text: String| constants.iter().fold(text, |text, (name, value)| text.replace(name, value));
    // A constant may name another.
    once(once(text.to_owned()))
}

fn is_statement(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    matches!(first, "SELECT" | "UPDATE" | "DELETE" | "INSERT") && text.split_whitespace().count() > 2
}

/// The steps that SQLite takes.
fn plan(db: &Connection, sql: &str) -> Vec<String> {
    let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap_or_else(|error| panic!("{sql}: {error}"));
    plan.raw_query().mapped(|row| row.get(3)).map(Result::unwrap).collect()
}

/// Those that read a whole table from its beginning.
fn scans(db: &Connection, sql: &str) -> Vec<String> {
    // What stands in brackets has its own steps in the plan.
    let is_whole = |step: &String| step.starts_with("SCAN ") && !step.contains("CONSTANT ROW") && !step.contains("(subquery");
    plan(db, sql).into_iter().filter(is_whole).collect()
}

fn filled(statement: Statement) -> Vec<Statement> {
    if !statement.sql.contains("INDEXED BY {index}") {
        return vec![statement];
    }
    let table = if statement.sql.contains("FROM deliveries") { "deliveries" } else { "api_requests" };
    let fitting = FILLINGS.iter().filter(|(index, _)| index.starts_with(table));
    let fill = |(index, named): &(&str, &str)| statement.sql.replace("{index}", index).replace("{named}", named);
    fitting.map(|filling| Statement { file: statement.file.clone(), sql: fill(filling) }).collect()
}

#[test]
fn no_statement_reads_a_whole_table() {
    let mut server = TestServer::start();
    server.stop();
    let db = server.database();
    let statements = statements();
    // What a function fills in is planned where it is filled in, but for indexes, which are known.
    let statements: Vec<_> = statements.into_iter().flat_map(filled).collect();
    let (open, whole): (Vec<_>, Vec<_>) = statements.into_iter().partition(|statement| statement.sql.contains('{'));
    assert!(whole.len() > 60, "only {} statements were found", whole.len());
    assert!(open.len() < 6, "{:?}", open.iter().map(|statement| &statement.sql).collect::<Vec<_>>());
    let excused = |sql: &str| WHOLE.iter().any(|(part, _)| sql.contains(part));
    let slow: Vec<_> = whole
        .iter()
        .filter(|statement| !excused(&statement.sql))
        .filter_map(|statement| Some((statement, scans(&db, &statement.sql))).filter(|(_, scans)| !scans.is_empty()))
        .map(|(statement, scans)| format!("{}: {}\n  {scans:?}", statement.file, statement.sql))
        .collect();
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// The writer has no time for that: everybody waits for it.
#[test]
fn no_change_looks_through_all_of_an_account() {
    let mut server = TestServer::start();
    server.stop();
    let db = server.database();
    let changes = statements().into_iter().filter(|statement| !statement.sql.contains('{'));
    let changes =
        changes.filter(|statement| ["UPDATE", "DELETE"].iter().any(|verb| statement.sql.trim_start().starts_with(verb)));
    let changes: Vec<_> = changes.collect();
    assert!(changes.len() > 40, "only {} changes were found", changes.len());
    let of_account = |step: &String| step.contains("INDEX") && !step.contains("autoindex") && step.ends_with("(account=?)");
    let slow = changes.iter().filter(|statement| plan(&db, &statement.sql).iter().any(of_account));
    let slow: Vec<_> = slow.map(|statement| format!("{}: {}", statement.file, statement.sql)).collect();
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// Lists that a customer pages through must come out of their index in order.
#[test]
fn no_list_is_sorted_row_by_row() {
    let mut server = TestServer::start();
    server.stop();
    let db = server.database();
    let pages = statements().into_iter().filter(|statement| statement.sql.contains("OFFSET") && !statement.sql.contains('{'));
    let mut count = 0;
    for statement in pages {
        count += 1;
        let steps = plan(&db, &statement.sql);
        // What came since an instant is few, is found by one order and shown in another.
        let is_sorted = steps.iter().all(|step| !step.contains("TEMP B-TREE"));
        assert!(is_sorted || statement.sql.contains("INDEXED BY conversations_stored"), "{}: {steps:?}", statement.sql);
    }
    assert!(count >= 3, "only {count} lists were found");
}
