//! The command line, beside a server and alone.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::binary::{Binary, Home, Ran, command};
use crate::server::TestServer;

const LOCAL: &str = "[server]\nlisten = \"127.0.0.1:0\"\n";

#[test]
fn an_administrator_an_account_and_a_key_are_made_on_the_command_line() {
    let home = Home::new(LOCAL);
    let made = home.run(&["admin", "create", "--email", "Jane@Example.com", "--account", "Acme", "--plan", "growth"]).is(0);
    let account = made.line().to_owned();
    assert!(account.starts_with("acc_") && made.stderr.contains("Acme"));
    let listed = home.run(&["account", "list"]).is(0);
    assert_eq!(listed.line(), format!("{account}\tgrowth\tjane@example.com\tAcme"));
    let key = home.run(&["key", "create", "--name", "CRM", "--permissions", "leads:read,agents:read"]).is(0);
    assert!(key.line().starts_with("cfk_") && key.line().len() == 42);
    let keys = home.run(&["key", "list"]).is(0);
    let fields: Vec<_> = keys.line().split('\t').collect();
    assert_eq!(
        fields[1..],
        [&account, &format!("{}...{}", &key.line()[..8], &key.line()[38..]), "active", "agents:read,leads:read", "CRM"]
    );
    let server = home.serve();
    let me = server.client().with("authorization", &format!("Bearer {}", key.line())).get("/api/v1/me").is(200).json;
    assert_eq!((&me["plan"], &me["email"]), (&json!("growth"), &json!("jane@example.com")));
}

#[test]
fn what_cannot_be_made_says_why_and_makes_nothing() {
    let home = Home::new(LOCAL);
    let refused = |arguments: &[&str], says: &str| {
        let ran = home.run(arguments).is(1);
        assert!(ran.stderr.contains(says) && ran.stdout.is_empty(), "{arguments:?}: {ran:?}");
    };
    refused(&["key", "create", "--name", "A"], "admin create");
    refused(&["admin", "create", "--email", "nobody"], "e-mail address");
    refused(&["admin", "create", "--email", "a@b.example", "--plan", "gold"], "free, growth, scale, starter");
    home.run(&["admin", "create", "--email", "a@b.example"]).is(0);
    refused(&["admin", "create", "--email", "A@b.example"], "already exists");
    refused(&["key", "create", "--name", " "], "--name");
    refused(&["key", "create", "--name", "A", "--permissions", "agents:fly"], "agents:read");
    refused(&["key", "create", "--name", "A", "--account", "nobody@b.example"], "there is no account");
    refused(&["key", "revoke", "key_a1b2c3d4e5"], "no active key");
    refused(&["account", "set-plan", "a@b.example", "gold"], "unknown plan");
    refused(&["admin", "reset-password", "--email", "nobody@b.example"], "no user with the e-mail address");
    home.run(&["admin", "create", "--email", "b@b.example"]).is(0);
    refused(&["key", "create", "--name", "A"], "several accounts");
    assert!(home.run(&["key", "list"]).is(0).stdout.is_empty());
    assert_eq!(home.run(&["account", "list"]).is(0).stdout.lines().count(), 2);
}

#[test]
fn a_password_comes_from_standard_input_or_is_made_up() {
    let home = Home::new(LOCAL);
    let with_input = |email: &str, input: &str| {
        let mut command = home.command();
        command.args(["admin", "create", "--password-stdin", "--email", email]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = with_input("a@b.example", "correct horse battery\n");
    assert!(code == 0 && !said.contains("correct horse"), "{said}");
    let (code, said) = with_input("b@b.example", "short\n");
    assert!(code == 1 && said.contains("8 to"), "{said}");
    let made_up = home.run(&["admin", "create", "--email", "c@b.example"]).is(0).stderr;
    assert!(made_up.lines().last().unwrap().split(": ").last().unwrap().len() >= 16, "{made_up}");
}

#[test]
fn a_plan_set_on_the_command_line_counts_from_the_next_request() {
    let server = TestServer::start();
    assert_eq!(server.get("/api/v1/me").json["plan"], "scale");
    server.cli(&["account", "set-plan", "owner@example.com", "starter"]).is(0);
    let me = server.get("/api/v1/me").is(200);
    assert_eq!((&me.json["plan"], me.header("x-ratelimit-limit")), (&json!("starter"), "100"));
}

#[test]
fn the_folder_and_the_file_may_be_named_before_or_after_the_command() {
    let home = Home::new("[accounts]\ndefault_plan = \"starter\"\n");
    let path = home.path();
    Ran::of(command(path).args(["--data", "one", "--config", "chatforge.toml", "admin", "create", "--email", "a@b.example"]))
        .is(0);
    Ran::of(command(path).args(["admin", "create", "--email", "a@b.example", "--data", "two", "--config", "chatforge.toml"]))
        .is(0);
    for folder in ["one", "two"] {
        let listed = Ran::of(command(path).args(["account", "--data", folder, "list"])).is(0);
        assert_eq!(listed.line().split('\t').nth(1), Some("starter"));
    }
    // Without a word of it, the file beside the command counts, and the folder has the usual name.
    Ran::of(command(path).args(["admin", "create", "--email", "a@b.example"])).is(0);
    assert!(Ran::of(command(path).args(["account", "list"])).is(0).line().contains("\tstarter\t"));
    assert!(path.join("chatforge-data/chatforge.db").exists());
    Ran::of(command(path).args(["--config", "missing.toml", "config", "check"])).is(2);
}

#[test]
fn an_unknown_key_of_the_configuration_is_told_its_nearest_neighbour() {
    let cases = [
        ("[server]\nlisten_adress = \"127.0.0.1:1\"\n", "server.listen_adress", "server.listen"),
        ("[sever]\nlisten = \"127.0.0.1:1\"\n", "sever", "server"),
        ("[plans.gold]\nagent = 3\n", "plans.gold.agent", "plans.gold.agents"),
    ];
    for (file, unknown, nearest) in cases {
        let ran = Home::new(file).run(&["config", "check"]).is(2);
        assert!(ran.stderr.contains(unknown) && ran.stderr.contains(&format!("did you mean {nearest}?")), "{ran:?}");
        assert!(ran.stderr.contains("chatforge.toml"), "{ran:?}");
    }
    let home = Home::new(LOCAL);
    let ran = Ran::of(home.command().args(["config", "check"]).env("CHATFORGE_SERVER_LISTEM", "x")).is(2);
    assert!(ran.stderr.contains("CHATFORGE_SERVER_LISTEN"), "{ran:?}");
}

#[test]
fn a_wrong_value_of_the_configuration_is_named() {
    let cases = [
        ("[server]\nlisten = \"everywhere\"\n", "server.listen"),
        ("[server]\npublic_url = \"chat.example.com\"\n", "server.public_url"),
        ("[server]\ntrusted_proxies = [\"proxy\"]\n", "server.trusted_proxies"),
        ("[log]\nformat = \"xml\"\n", "log.format"),
        ("[accounts]\ndefault_plan = \"gold\"\n", "accounts.default_plan"),
        ("[answers]\nthreads = 0\n", "threads"),
        ("[answers]\nthreads = \"many\"\n", "chatforge.toml"),
        ("server = 5\n", "[server]"),
        ("[server\n", "chatforge.toml"),
    ];
    for (file, says) in cases {
        let ran = Home::new(file).run(&["config", "check"]).is(2);
        assert!(ran.stderr.contains(says), "{ran:?}");
    }
}

#[test]
fn the_knobs_of_the_tests_are_refused_unless_they_are_allowed() {
    let home = Home::new("[testing]\npublic_limits = false\n");
    let ran = Ran::of(home.command().args(["config", "check"]).env_remove("CHATFORGE_ALLOW_TESTING")).is(2);
    assert!(ran.stderr.contains("CHATFORGE_ALLOW_TESTING"), "{ran:?}");
    home.run(&["config", "check"]).is(0);
    let home = Home::new(LOCAL);
    Ran::of(home.command().args(["config", "check"]).env("CHATFORGE_TESTING_RETRY_BASE_MS", "5")).is(2);
}

#[test]
fn the_environment_wins_over_the_file_and_flags_over_both() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:1\"\npublic_url = \"https://file.example\"\n[log]\nlevel = \"warn\"\n");
    let secret = home.path().join("url");
    fs::write(&secret, "https://from-a-file.example\n").unwrap();
    let shown = |environment: &[(&str, &str)]| {
        let ran = Ran::of(home.command().args(["config", "show"]).envs(environment.iter().copied())).is(0);
        ran.stdout.parse::<toml::Table>().unwrap()
    };
    let plain = shown(&[]);
    assert_eq!((plain["server"]["listen"].as_str(), plain["log"]["level"].as_str()), (Some("127.0.0.1:1"), Some("warn")));
    assert_eq!(plain["plans"]["growth"]["agents"].as_integer(), Some(10));
    let changed = shown(&[
        ("CHATFORGE_SERVER_LISTEN", "127.0.0.1:2"),
        ("CHATFORGE_SERVER_PUBLIC_URL_FILE", secret.to_str().unwrap()),
        ("CHATFORGE_SERVER_TRUSTED_PROXIES", "127.0.0.1, ::1"),
        ("CHATFORGE_WEBHOOKS_ALLOW_HTTP", "true"),
        ("CHATFORGE_ANSWERS_THREADS", "3"),
    ]);
    assert_eq!(changed["server"]["listen"].as_str(), Some("127.0.0.1:2"));
    assert_eq!(changed["server"]["public_url"].as_str(), Some("https://from-a-file.example"));
    assert_eq!(changed["server"]["trusted_proxies"].as_array().unwrap().len(), 2);
    assert_eq!((changed["webhooks"]["allow_http"].as_bool(), changed["answers"]["threads"].as_integer()), (Some(true), Some(3)));
    let mut serve = home.command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--public-url", "https://flag.example/"]);
    let server = Binary::start(serve.env("CHATFORGE_SERVER_LISTEN", "127.0.0.1:2"), &home.path().join("serve.log"));
    assert_eq!(server.url, "https://flag.example");
}

#[test]
fn f10_a_folder_serves_one_server_at_a_time() {
    let home = Home::new(LOCAL);
    let first = home.serve();
    let second = home.run(&["serve"]).is(2);
    assert!(second.stderr.contains("another ChatForge"), "{second:?}");
    first.client().get("/readyz").is(200);
    assert_eq!(first.terminate(), 0);
    assert_eq!(home.serve().terminate(), 0);
}

#[test]
fn f12_a_damaged_database_is_left_alone() {
    let home = Home::new(LOCAL);
    home.run(&["admin", "create", "--email", "a@b.example"]).is(0);
    let database = home.data().join("chatforge.db");
    let damaged = vec![b'x'; 8192];
    fs::write(&database, &damaged).unwrap();
    let refused = home.run(&["serve"]).is(3);
    assert!(refused.stderr.contains("damaged"), "{refused:?}");
    assert_eq!(fs::read(&database).unwrap(), damaged);
}

#[test]
fn f18_a_database_from_the_future_is_left_alone() {
    let home = Home::new(LOCAL);
    home.run(&["admin", "create", "--email", "a@b.example"]).is(0);
    let database =
        rusqlite::Connection::open_with_flags(home.data().join("chatforge.db"), rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE);
    let database = database.unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let refused = home.run(&["serve"]).is(4);
    assert!(refused.stderr.contains("999"), "{refused:?}");
}

#[test]
fn only_the_owner_can_read_the_data() {
    let home = Home::new(LOCAL);
    assert_eq!(home.serve().terminate(), 0);
    let mode = |path: &str| fs::metadata(home.data().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("chatforge.db"), mode("master.key"), mode("backups")), (0o700, 0o600, 0o600, 0o700));
}

#[test]
fn the_health_check_tells_by_its_exit_code() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = Home::new(&format!("[server]\nlisten = \"127.0.0.1:{port}\"\n"));
    assert!(home.run(&["healthcheck"]).is(1).stderr.contains("no server is listening"));
    let server = home.serve();
    let healthy = home.run(&["healthcheck"]).is(0);
    assert_eq!(serde_json::from_str::<Value>(&healthy.stdout).unwrap()["status"], "ok");
    assert_eq!(server.terminate(), 0);
    home.run(&["healthcheck"]).is(1);
}

#[test]
fn an_agent_can_be_asked_without_leaving_a_trace() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "A" }));
    server.teach(&agent, "faq", "Q: What are your opening hours?\nA: We are open from 9:00 to 17:00.");
    let asked = server.cli(&["agent", "ask", &agent, "What are your opening hours?", "--json"]).is(0);
    let answer: Value = serde_json::from_str(asked.line()).unwrap();
    assert!(answer["answer"].as_str().unwrap().contains("9:00 to 17:00"));
    assert_eq!((&answer["answered"], &answer["zone"]), (&json!(true), &json!("answer")));
    assert!(answer["passages"][0]["score"].as_f64().unwrap() > 0.0 && answer["sources"][0]["excerpt"].is_string());
    let told = server.cli(&["agent", "ask", &agent, "Where is Atlantis?"]).is(0).stdout;
    assert!(told.contains("answered: false"), "{told}");
    server.cli(&["agent", "ask", "agt_a1b2c3d4e5", "Hello"]).is(1);
    assert_eq!(server.count("SELECT count(*) FROM messages"), 0);
}

#[test]
fn an_agent_is_listed_and_reactivated() {
    let server = TestServer::start();
    let agent = server.agent(&json!({ "name": "Sales Assistant" }));
    server.delete(&format!("/api/v1/agents/{agent}")).is(200);
    assert_eq!(server.cli(&["agent", "list"]).is(0).line(), format!("{agent}\t{}\tdeactivated\tSales Assistant", server.account));
    server.cli(&["agent", "reactivate", &agent]).is(0);
    server.visitor(&agent).ask("Hello");
    server.cli(&["agent", "reactivate", "agt_a1b2c3d4e5"]).is(1);
}

#[test]
fn a_wrong_command_is_a_usage_error() {
    let home = Home::new(LOCAL);
    for arguments in [&["fly"][..], &[], &["admin", "create"], &["key"], &["serve", "--listen"]] {
        home.run(arguments).is(2);
    }
    assert!(home.run(&["--version"]).is(0).line().starts_with("chatforge "));
    assert!(home.run(&["--help"]).is(0).stdout.contains("serve"));
}
