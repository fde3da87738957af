//! A damaged database: never served as if it were whole, never written to, and restored by the command that is named.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use chatforge::domain::backup::Why;
use chatforge::storage::Error;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::binary::{Home, Ran};
use crate::browser::{own_api, signed_in};
use crate::http::Client;
use crate::receiver::{Answer, Receiver};
use crate::server::Span::{Days, Minutes};
use crate::server::{TestServer, until};

const LOCAL: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[backups]\ndaily = false\n";
const PAGE: usize = 4_096;

type Harm = fn(&mut Vec<u8>);

/// What a disk, a careless copy or another program leaves of a database.
const HARMS: [(&str, Harm); 19] = [
    ("noise in the second and third page", |file| noise(&mut file[PAGE..3 * PAGE])),
    ("noise in all but the first page", |file| noise(&mut file[PAGE..])),
    ("noise in the first page behind the head", |file| noise(&mut file[100..PAGE])),
    ("noise in the last page", |file| noise(last_page(file))),
    ("noise everywhere", |file| noise(file)),
    ("a page of zeros", |file| file[7 * PAGE..8 * PAGE].fill(0)),
    ("pages that stand in each other's place", |file| {
        let (one, other) = file.split_at_mut(12 * PAGE);
        one[4 * PAGE..5 * PAGE].swap_with_slice(&mut other[..PAGE]);
    }),
    ("cut off in the middle", |file| file.truncate(file.len() / 2)),
    ("cut off within the second page", |file| file.truncate(PAGE + PAGE / 2)),
    ("cut off within the head", |file| file.truncate(60)),
    ("the last byte is missing", |file| file.truncate(file.len() - 1)),
    ("empty", Vec::clear),
    ("zeros", |file| file.fill(0)),
    ("another kind of file", |file| *file = b"once upon a time\n".repeat(500)),
    ("the head overwritten", |file| noise(&mut file[..100])),
    ("the name of the format overwritten", |file| file[..16].fill(b'x')),
    ("an impossible size of pages", |file| file[16..18].copy_from_slice(&[3, 7])),
    ("somebody else's mark", |file| file[68..72].copy_from_slice(b"ABCD")),
    ("no version", |file| file[60..64].fill(0)),
];

/// The same for each run, and like nothing that a database holds.
fn noise(bytes: &mut [u8]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for byte in bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *byte = state.to_le_bytes()[3];
    }
}

fn last_page(file: &mut [u8]) -> &mut [u8] {
    let start = file.len() - PAGE;
    &mut file[start..]
}

/// A stopped server's folder with an agent, and a backup that holds it.
fn stopped() -> (Home, Client, PathBuf) {
    let home = Home::new(LOCAL);
    let server = home.serve();
    let api = home.sign_up(&server);
    for number in 0..30 {
        api.post("/api/v1/agents", &json!({ "name": format!("Agent {number}") })).is(201);
    }
    let copy = backup(&home);
    assert_eq!(server.terminate(), 0);
    assert!(!fs::metadata(home.data().join("chatforge.db-wal")).is_ok_and(|log| log.len() > 0));
    (home, api, copy)
}

fn backup(home: &Home) -> PathBuf {
    home.path().join(home.run(&["backup"]).is(0).line())
}

/// The command that a message names, run as it stands there.
fn named_command(text: &str) -> Ran {
    let line = text.split("run: ").nth(1).unwrap_or_else(|| panic!("no command: {text}")).lines().next().unwrap();
    let arguments = line.strip_prefix("chatforge ").unwrap().split(' ');
    Ran::of(Command::new(env!("CARGO_BIN_EXE_chatforge")).env_clear().args(arguments))
}

fn agents_of(api: &Client) -> i64 {
    api.get("/api/v1/agents").is(200).json["total"].as_i64().unwrap()
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Overwrites part of a file that is in use.
fn scribble(path: &Path, start: u64, length: usize) {
    let mut bytes = vec![0; length];
    noise(&mut bytes);
    fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(&bytes, start).unwrap();
}

fn scribble_over_root(folder: &Path, table: &str) {
    let root = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: i64 = crate::server::open_database(folder).query_row(root, [table], |row| row.get(0)).unwrap();
    scribble(&folder.join("chatforge.db"), u64::try_from(page - 1).unwrap() * PAGE as u64, PAGE);
}

#[test]
fn a_start_refuses_every_kind_of_damage_and_names_the_command_that_helps() {
    let (home, api, copy) = stopped();
    let database = home.data().join("chatforge.db");
    let whole = fs::read(&database).unwrap();
    for (what, harm) in HARMS {
        let mut damaged = whole.clone();
        harm(&mut damaged);
        fs::write(&database, &damaged).unwrap();
        let refused = home.run(&["serve"]);
        assert_eq!(refused.code, 3, "{what}: {refused:?}");
        for told in ["damaged", "chatforge.db: ", name(&copy), "chatforge restore --data "] {
            assert!(refused.stderr.contains(told), "{what}: `{told}` is not in {refused:?}");
        }
        let found = home.run(&["doctor"]);
        assert_eq!(found.code, 3, "{what}: {found:?}");
        assert!(found.stdout.contains("✗ Database: damaged") && found.stdout.contains(name(&copy)), "{what}: {found:?}");
        assert!(fs::read(&database).unwrap() == damaged, "{what}: the file was changed");
        let restored = named_command(&refused.stderr);
        assert_eq!(restored.code, 0, "{what}: {restored:?}");
        let server = home.serve();
        assert_eq!(agents_of(&api.at(&server.url)), 30, "{what}");
        assert_eq!(server.terminate(), 0);
    }
}

#[test]
fn a_database_that_another_program_wrote_is_not_taken_over() {
    let (home, _, _) = stopped();
    let database = home.data().join("chatforge.db");
    fs::remove_file(&database).unwrap();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    Connection::open_with_flags(&database, flags).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    let foreign = fs::read(&database).unwrap();
    for command in [["serve"].as_slice(), &["key", "create", "--name", "x"], &["doctor"]] {
        home.run(command).is(3);
    }
    assert!(fs::read(&database).unwrap() == foreign);
}

#[test]
fn an_empty_file_is_a_new_database_only_where_there_was_none() {
    let home = Home::new(LOCAL);
    fs::create_dir(home.data()).unwrap();
    fs::write(home.data().join("chatforge.db"), "").unwrap();
    let server = home.serve();
    home.sign_up(&server).post("/api/v1/agents", &json!({ "name": "In the log" })).is(201);
    server.kill();
    assert!(fs::metadata(home.data().join("chatforge.db-wal")).unwrap().len() > 0);
    let log = fs::read(home.data().join("chatforge.db-wal")).unwrap();
    fs::remove_file(home.data().join("master.key")).unwrap();
    for harm in ["empty", "missing"] {
        match harm {
            "empty" => fs::write(home.data().join("chatforge.db"), "").unwrap(),
            _ => fs::remove_file(home.data().join("chatforge.db")).unwrap(),
        }
        let refused = home.run(&["serve"]).is(3);
        assert!(refused.stderr.contains(harm) && refused.stderr.contains("no good backup"), "{refused:?}");
        assert!(fs::read(home.data().join("chatforge.db-wal")).unwrap() == log, "its log is all that is left");
    }
}

#[test]
fn the_backup_that_is_named_is_the_newest_good_one() {
    let (home, _, good) = stopped();
    let folder = home.data().join("backups");
    let whole = fs::read(&good).unwrap();
    let mut flipped = whole.clone();
    noise(&mut flipped[5 * PAGE..9 * PAGE]);
    let bad = [
        ("daily-4000000000.db", Vec::new()),
        ("daily-4000000001.db", whole[..PAGE * 3].to_vec()),
        ("daily-4000000002.db", flipped),
    ];
    for (name, bytes) in bad {
        fs::write(folder.join(name), bytes).unwrap();
    }
    fs::write(home.data().join("chatforge.db"), vec![7; 5 * PAGE]).unwrap();
    let refused = home.run(&["serve"]).is(3);
    assert!(refused.stderr.contains(name(&good)) && !refused.stderr.contains("daily-40"), "{refused:?}");
    named_command(&refused.stderr).is(0);
}

/// More than a start reads, in leaves of one table.
fn grow(folder: &Path) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let db = Connection::open_with_flags(folder.join("chatforge.db"), flags).unwrap();
    db.execute_batch(
        "PRAGMA synchronous = OFF;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24000)
         INSERT INTO events (id, account, type, payload, created_at)
         SELECT printf('evt_%010d', i), (SELECT id FROM accounts), 'lead.captured', zeroblob(3000), i FROM n;
         PRAGMA wal_checkpoint(TRUNCATE);",
    )
    .unwrap();
    assert!(fs::metadata(folder.join("chatforge.db")).unwrap().len() > 64 << 20);
}

#[test]
fn damage_deep_in_a_large_database_is_found_while_it_is_served() {
    let (home, api, _) = stopped();
    grow(&home.data());
    let database = home.data().join("chatforge.db");
    let server = home.serve();
    until("every page to be read", || Some(()).filter(|()| server.log().contains("is intact")));
    assert_eq!(server.terminate(), 0);
    // A leaf, far behind everything that a start looks at.
    scribble(&database, (40 << 20) / PAGE as u64 * PAGE as u64, PAGE);
    let server = home.serve();
    let client = server.client();
    let refused = until("the damage to be found", || Some(client.get("/readyz")).filter(|ready| ready.status == 503));
    assert_eq!((&refused.json["database"], &refused.json["disk"]), (&json!(false), &json!(true)));
    api.at(&server.url).post("/api/v1/agents", &json!({ "name": "More" })).is(503);
    let log = until("the log to tell", || Some(server.log()).filter(|log| log.contains("chatforge restore ")));
    assert_eq!(log.matches("the database is damaged").count(), 1, "{log}");
    assert_eq!(server.terminate(), 0);
    // It was not stopped in peace, so that the next start reads every page.
    home.run(&["serve"]).is(3);
    // Where a table begins is looked at in any case.
    fs::remove_file(home.data().join("chatforge.running")).unwrap();
    scribble_over_root(&home.data(), "leads");
    assert!(home.run(&["serve"]).is(3).stderr.contains("first page of leads"));
    named_command(&log).is(0);
    let server = home.serve();
    assert_eq!(agents_of(&api.at(&server.url)), 30);
    assert_eq!(server.terminate(), 0);
}

#[test]
fn a_large_database_that_is_being_read_keeps_no_stop_waiting() {
    let (home, _, _) = stopped();
    grow(&home.data());
    let server = home.serve();
    assert_eq!(server.terminate(), 0);
    assert!(!home.data().join("chatforge.running").exists());
}

#[test]
fn damage_beneath_a_running_server_ends_all_writing_and_is_told() {
    let (home, api, copy) = stopped();
    let server = home.serve();
    let (api, client) = (api.at(&server.url), server.client());
    client.get("/readyz").is(200);
    let database = home.data().join("chatforge.db");
    let length = usize::try_from(fs::metadata(&database).unwrap().len()).unwrap();
    scribble(&database, PAGE as u64, length - PAGE);
    assert_eq!(api.get("/api/v1/agents").status, 503);
    let unready = client.get("/readyz").is(503).json;
    assert_eq!((&unready["status"], &unready["database"]), (&json!("unavailable"), &json!(false)));
    assert!(unready["reason"].as_str().unwrap().contains("damaged"), "{unready}");
    assert!(unready["damage"]["since"].is_string(), "this machine is told more: {unready}");
    client.get("/healthz").is(200);
    for _ in 0..10 {
        let written = api.post("/api/v1/agents", &json!({ "name": "More" })).is(503);
        assert_eq!((written.code(), written.number("retry-after") > 0), ("service_unavailable", true));
        api.get("/api/v1/agents").is(503);
        client.get("/readyz").is(503);
    }
    let log = until("the log to tell", || Some(server.log()).filter(|log| log.contains("chatforge restore ")));
    assert_eq!(log.matches("the database is damaged").count(), 1, "{log}");
    assert!(log.contains("ERROR") && log.contains(name(&copy)), "{log}");
    home.run(&["backup"]).is(3);
    assert_eq!(server.terminate(), 0);
    home.run(&["serve"]).is(3);
    named_command(&log).is(0);
    let server = home.serve();
    assert_eq!(agents_of(&api.at(&server.url)), 30);
    assert_eq!(server.terminate(), 0);
}

#[test]
fn a_head_that_is_overwritten_or_a_file_that_is_taken_away_makes_a_running_server_unready() {
    for what in ["overwritten", "cleared", "taken away"] {
        let (home, api, _) = stopped();
        let server = home.serve();
        let database = home.data().join("chatforge.db");
        server.client().get("/readyz").is(200);
        match what {
            "overwritten" => scribble(&database, 0, PAGE),
            "cleared" => fs::write(&database, "").unwrap(),
            _ => fs::rename(&database, home.data().join("elsewhere.db")).unwrap(),
        }
        let unready = server.client().get("/readyz");
        assert_eq!((unready.status, &unready.json["database"]), (503, &json!(false)), "{what}");
        api.at(&server.url).post("/api/v1/agents", &json!({ "name": "More" })).is(503);
        server.client().get("/healthz").is(200);
        assert_eq!(server.terminate(), 0, "{what}");
    }
}

#[test]
fn nobody_claims_backs_up_or_forgets_over_damage_and_every_page_says_so() {
    let (mut server, mut browser) = signed_in();
    let api = own_api(&server);
    let agent = api.agent(&json!({ "name": "A" }));
    api.teach(&agent, "text", "We open at nine.");
    let receiver = Receiver::listen();
    receiver.always(Answer::Status(500));
    api.post("/api/v1/webhooks", &json!({ "url": receiver.url(), "events": ["lead.captured"] })).is(201);
    server.visitor(&agent).ask("I am jane@example.com");
    receiver.next();
    until("the attempt to be recorded", || Some(()).filter(|()| server.deliveries() == [("pending".into(), 1)]));
    let good = server.store().back_up(Why::ByHand).unwrap();
    server.restart();
    browser.client.base.clone_from(&server.client().base);
    let api = own_api(&server);
    scribble_over_root(server.folder(), "knowledge");
    let read = api.get(&format!("/api/v1/agents/{agent}/knowledge"));
    assert_eq!((read.status, read.code()), (503, "service_unavailable"));
    api.get("/api/v1/agents").is(200);
    until("the backups to be looked at", || server.store().remedy());
    let page = browser.get("/settings/backups").is(200).text;
    assert!(page.contains("The database was found damaged on") && page.contains(&good.name), "{page}");
    let refused = browser.submit("/settings/backups", &[]).is(303);
    assert_eq!(refused.header("location"), "/settings/backups?done=unsound");
    let written = browser.submit("/settings/team/invites", &[("email", "b@c.example"), ("role", "member")]);
    assert!(written.status == 503 || written.status == 404, "{}", written.status);
    assert!(matches!(server.store().back_up(Why::Daily), Err(Error::Corrupt(_))));
    assert!(matches!(server.store().prune_backups(0, 0), Err(Error::Corrupt(_))));
    for _ in 0..3 {
        server.pass(Days(1));
        server.pass(Minutes(6));
    }
    assert_eq!(server.store().backups().unwrap().len(), 1);
    until("the senders, who wait and have not died", || Some(()).filter(|()| server.app().courier.is_alive()));
    assert!(receiver.is_empty(), "its second attempt was due long ago");
}

#[test]
fn a_server_that_finds_damage_says_so_to_strangers_in_few_words() {
    let server = TestServer::start_with(|config| config.server.trusted_proxies = vec!["127.0.0.1".into()]);
    let stranger = server.client().with("x-forwarded-for", "192.0.2.7");
    fs::write(server.folder().join("chatforge.db"), "").unwrap();
    let unready = stranger.get("/readyz").is(503).json;
    assert!(unready["reason"].is_string() && unready["damage"].is_null(), "{unready}");
    assert!(!unready.to_string().contains(server.folder().to_str().unwrap()));
}
