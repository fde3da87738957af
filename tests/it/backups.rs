//! Backups: made while the server works, whole or not there, and put back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::binary::{Binary, Home, Ran, command};
use crate::http::Client;
use crate::server::Span::{Days, Hours, Minutes};
use crate::server::{TestServer, until};

const LOCAL: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[backups]\ndaily = false\n";

fn started() -> (Home, Binary, Client) {
    let home = Home::new(LOCAL);
    let server = home.serve();
    let api = home.sign_up(&server);
    (home, server, api)
}

fn names(api: &Client) -> Vec<String> {
    let agents = api.get("/api/v1/agents?limit=100").is(200).json;
    agents["agents"].as_array().unwrap().iter().map(|agent| agent["name"].as_str().unwrap().to_owned()).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn read_only(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

fn backup(home: &Home) -> PathBuf {
    home.path().join(home.run(&["backup"]).is(0).line())
}

fn agent(api: &Client, name: &str) {
    api.post("/api/v1/agents", &json!({ "name": name })).is(201);
}

#[test]
fn a_backup_beside_a_server_is_whole_private_and_without_the_master_key() {
    let (home, server, api) = started();
    agent(&api, "Before");
    let ran = home.run(&["backup"]).is(0);
    let copy = home.path().join(ran.line());
    assert!(ran.stderr.contains("does not contain") && ran.stderr.contains("master.key"), "{ran:?}");
    agent(&api, "After");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let name: String = read_only(&copy).query_row("SELECT group_concat(name) FROM agents", [], |row| row.get(0)).unwrap();
    assert_eq!((name.as_str(), copy.parent().unwrap()), ("Before", home.data().join("backups").as_path()));
    let key = fs::read(home.data().join("master.key")).unwrap();
    assert!(!fs::read(&copy).unwrap().windows(key.len()).any(|window| window == key));
    let elsewhere = home.path().join("elsewhere.db");
    home.run(&["backup", "--to", elsewhere.to_str().unwrap()]).is(0);
    let before = fs::read(&elsewhere).unwrap();
    home.run(&["backup", "--to", elsewhere.to_str().unwrap()]).is(1);
    assert_eq!(fs::read(&elsewhere).unwrap(), before);
    home.run(&["backup", "--to", home.path().join("no/such/folder.db").to_str().unwrap()]).is(1);
    assert_eq!(server.terminate(), 0);
}

#[test]
fn f13_a_restore_moves_the_former_database_and_its_log_aside() {
    let (home, server, api) = started();
    agent(&api, "Kept");
    let copy = backup(&home);
    agent(&api, "Gone");
    let refused = home.run(&["restore", copy.to_str().unwrap(), "--yes"]).is(2);
    assert!(refused.stderr.contains("another ChatForge process uses the folder"), "{refused:?}");
    assert_eq!(names(&api), ["Gone", "Kept"]);
    // Killed, so that a log of commits stays beside the database.
    server.kill();
    assert!(0 < fs::metadata(home.data().join("chatforge.db-wal")).unwrap().len());
    home.run(&["restore", copy.to_str().unwrap()]).is(1);
    let restored = home.run(&["restore", copy.to_str().unwrap(), "--yes"]).is(0);
    let aside = files(&home.data()).into_iter().find(|name| name.starts_with("replaced-")).unwrap();
    assert!(restored.stderr.contains(&aside), "{restored:?}");
    assert_eq!(files(&home.data().join(&aside))[..2], ["chatforge.db", "chatforge.db-shm"]);
    assert!(!home.data().join("chatforge.db-wal").exists());
    let server = home.serve();
    let api = server.client().with("authorization", api.sent("authorization"));
    assert_eq!(names(&api), ["Kept"]);
    assert_eq!(server.terminate(), 0);
    let former = read_only(&home.data().join(&aside).join("chatforge.db"));
    assert_eq!(former.query_row("SELECT count(*) FROM agents", [], |row| row.get::<_, i64>(0)).unwrap(), 2);
}

#[test]
fn f12_what_is_no_whole_backup_is_not_restored() {
    let (home, server, api) = started();
    (0..40).for_each(|number| agent(&api, &format!("Agent {number}")));
    let copy = backup(&home);
    assert_eq!(server.terminate(), 0);
    let (present, whole) = (fs::read(home.data().join("chatforge.db")).unwrap(), fs::read(&copy).unwrap());
    let page = 4096;
    let mut flipped = whole.clone();
    flipped[page * 8..page * 40].iter_mut().for_each(|byte| *byte = !*byte);
    let mut headless = whole.clone();
    headless[..64].fill(b'x');
    let foreign = home.path().join("foreign.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    Connection::open_with_flags(&foreign, flags).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    for (what, bytes) in [
        ("flipped", flipped),
        ("headless", headless),
        ("cut off", whole[..whole.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("foreign", fs::read(&foreign).unwrap()),
    ] {
        let damaged = home.path().join("damaged.db");
        fs::write(&damaged, bytes).unwrap();
        let refused = home.run(&["restore", damaged.to_str().unwrap(), "--yes"]);
        assert_eq!(refused.code, 3, "{what}: {refused:?}");
        assert!(refused.stderr.contains(copy.file_name().unwrap().to_str().unwrap()), "{what}: {refused:?}");
        assert_eq!(fs::read(home.data().join("chatforge.db")).unwrap(), present, "{what}");
    }
    home.run(&["restore", home.path().join("nowhere.db").to_str().unwrap(), "--yes"]).is(1);
    assert!(files(&home.data()).iter().all(|name| !name.contains("restoring") && !name.starts_with("replaced")));
}

#[test]
fn f19_a_backup_under_writes_is_one_moment_and_opens_in_another_folder() {
    let (home, server, api) = started();
    agent(&api, "First");
    let stop = AtomicBool::new(false);
    let copies: Vec<PathBuf> = thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                agent(&api, &format!("Agent {number}"));
            }
        });
        let copies = (0..4).map(|number| home.path().join(format!("copy-{number}.db")));
        let copies = copies.inspect(|copy| drop(home.run(&["backup", "--to", copy.to_str().unwrap()]).is(0))).collect();
        stop.store(true, Ordering::Relaxed);
        copies
    });
    let count = |path: &Path| -> (i64, i64) {
        let counts = "SELECT count(*), count(DISTINCT name) FROM agents";
        read_only(path).query_row(counts, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let counted: Vec<_> = copies.iter().map(|copy| count(copy)).collect();
    assert!(counted.windows(2).all(|pair| pair[0].0 <= pair[1].0) && counted.iter().all(|(all, names)| all == names));
    assert!(1 < counted[3].0, "{counted:?}");
    assert_eq!(server.terminate(), 0);
    let elsewhere = home.path().join("elsewhere");
    let elsewhere = elsewhere.to_str().unwrap();
    Ran::of(command(home.path()).args(["--data", elsewhere, "restore", copies[3].to_str().unwrap(), "--yes"])).is(0);
    let hash = |path: &Path| -> String {
        let all = "SELECT group_concat(id || name || created_at || updated_at, ';' ORDER BY id) FROM agents";
        read_only(path).query_row(all, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(hash(&Path::new(elsewhere).join("chatforge.db")), hash(&copies[3]));
}

#[test]
fn f03_a_backup_that_was_killed_is_not_listed_and_not_in_the_way() {
    let (home, server, api) = started();
    let text = "Opening hours. ".repeat(3_000);
    (0..20).for_each(|number| {
        let id = api.post("/api/v1/agents", &json!({ "name": format!("Agent {number}") })).is(201).id();
        api.post(&format!("/api/v1/agents/{id}/knowledge"), &json!({ "content": text })).is(201);
    });
    for _ in 0..20 {
        let mut making = home.command().arg("backup").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("a copy in the making or made", || {
            let begun = !files(&home.data().join("backups")).is_empty();
            Some(()).filter(|()| begun || making.try_wait().unwrap().is_some())
        });
        making.kill().unwrap();
        making.wait().unwrap();
        let found: Value = serde_json::from_str(&home.run(&["doctor", "--json"]).is(0).stdout).unwrap();
        let listed = found["findings"].as_array().unwrap().iter().find(|one| one["about"] == "Backups").unwrap();
        let whole = files(&home.data().join("backups")).iter().any(|name| name.ends_with(".db"));
        assert_eq!(listed["verdict"] == "good", whole, "{listed}");
        for name in files(&home.data().join("backups")).iter().filter(|name| name.ends_with(".db")) {
            let path = home.data().join("backups").join(name);
            let verdict: String = read_only(&path).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(verdict, "ok");
            fs::remove_file(path).unwrap();
        }
    }
    backup(&home);
    assert_eq!(server.terminate(), 0);
}

#[test]
fn a_restore_that_broke_off_lets_no_server_start_on_an_empty_database() {
    let (home, server, api) = started();
    agent(&api, "Kept");
    let copy = backup(&home);
    assert_eq!(server.terminate(), 0);
    fs::rename(home.data().join("chatforge.db"), home.data().join("chatforge.db.restoring")).unwrap();
    let refused = home.run(&["serve"]).is(1);
    assert!(refused.stderr.contains("run chatforge restore again"), "{refused:?}");
    assert!(!home.data().join("chatforge.db").exists());
    home.run(&["restore", copy.to_str().unwrap(), "--yes"]).is(0);
    let server = home.serve();
    assert_eq!(names(&server.client().with("authorization", api.sent("authorization"))), ["Kept"]);
    assert_eq!(server.terminate(), 0);
}

#[test]
fn a_copy_is_made_each_day_and_old_ones_go() {
    let server = TestServer::start_with(|config| {
        config.backups.daily = true;
        (config.backups.keep_daily, config.backups.keep_weekly) = (2, 2);
    });
    let folder = server.folder().join("backups");
    let daily =
        || files(&folder).into_iter().filter(|name| name.starts_with("daily-") && name.ends_with(".db")).collect::<Vec<_>>();
    assert_eq!(daily(), [""; 0], "a server that has just started has other things to do");
    server.pass(Minutes(6));
    until("the first", || Some(()).filter(|()| daily().len() == 1));
    let by_hand = server.cli(&["backup"]).is(0);
    assert!(Path::new(by_hand.line()).exists());
    let first = daily();
    server.pass(Hours(23));
    assert_eq!(daily(), first);
    let mut newest = first[0].clone();
    for _ in 0..22 {
        server.pass(Days(1));
        until("the next", || daily().last().filter(|last| **last > newest).cloned().map(|last| newest = last));
    }
    until("the old ones to go", || Some(()).filter(|()| daily().len() <= 4));
    assert!(2 < daily().len(), "two days, and another week at least");
    assert!(Path::new(by_hand.line()).exists(), "a copy made by hand stays");
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_helps() {
    let (home, server, api) = started();
    agent(&api, "A");
    let healthy = home.run(&["doctor"]).is(0);
    assert!(healthy.stdout.contains("✓ Database: intact") && healthy.stdout.contains("! Backups: there are none"), "{healthy:?}");
    assert!(healthy.stdout.contains("in use by a server"), "{healthy:?}");
    backup(&home);
    assert_eq!(server.terminate(), 0);
    let verdicts = || -> Vec<(String, String)> {
        let found: Value = serde_json::from_str(&home.run(&["doctor", "--json"]).stdout).unwrap();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let all = found["findings"].as_array().unwrap().iter().map(|one| (text(one, "about"), text(one, "verdict")));
        all.filter(|(_, verdict)| verdict != "good").collect()
    };
    assert_eq!(verdicts(), []);
    let folder = home.data();
    let mode = |bits: u32, path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(bits)).unwrap();
    mode(0o755, &folder);
    mode(0o644, &folder.join("master.key"));
    assert_eq!(verdicts(), [("Data folder".into(), "bad".into()), ("Master key".into(), "bad".into())]);
    home.run(&["doctor"]).is(1);
    mode(0o700, &folder);
    mode(0o600, &folder.join("master.key"));
    let whole = fs::read(folder.join("chatforge.db")).unwrap();
    let mut damaged = whole.clone();
    damaged[4096 * 8..4096 * 30].fill(7);
    fs::write(folder.join("chatforge.db"), &damaged).unwrap();
    let found = home.run(&["doctor"]).is(3);
    assert!(found.stdout.contains("✗ Database: damaged") && found.stdout.contains("chatforge restore"), "{found:?}");
    assert_eq!(fs::read(folder.join("chatforge.db")).unwrap(), damaged, "nothing is changed");
    Ran::of(command(home.path()).args(["--data", "nowhere", "doctor"])).is(1);
}

#[test]
fn f13_a_database_with_its_log_is_restored_with_what_the_log_holds() {
    let (home, server, api) = started();
    agent(&api, "In the log");
    server.kill();
    let aside = home.path().join("aside");
    fs::create_dir(&aside).unwrap();
    for ending in ["", "-wal"] {
        fs::copy(home.data().join(format!("chatforge.db{ending}")), aside.join(format!("chatforge.db{ending}"))).unwrap();
    }
    assert!(0 < fs::metadata(aside.join("chatforge.db-wal")).unwrap().len());
    home.run(&["restore", aside.join("chatforge.db").to_str().unwrap(), "--yes"]).is(0);
    let server = home.serve();
    assert_eq!(names(&server.client().with("authorization", api.sent("authorization"))), ["In the log"]);
    assert_eq!(server.terminate(), 0);
}

#[test]
fn a_copy_of_a_wrong_clock_takes_nobody_s_place() {
    let server = TestServer::start_with(|config| config.backups.daily = true);
    let folder = server.folder().join("backups");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("daily-4000000000.db"), "").unwrap();
    fs::write(folder.join("daily-1.db.partial"), "half of one").unwrap();
    let daily = || files(&folder).into_iter().filter(|name| name.starts_with("daily-") && name.ends_with(".db")).count();
    server.pass(Minutes(6));
    until("today's", || Some(()).filter(|()| daily() == 2));
    assert!(!folder.join("daily-1.db.partial").exists(), "what was left half is gone");
    server.pass(Hours(2));
    server.pass(Hours(2));
    let by_hand = server.cli(&["backup"]).is(0);
    assert!(Path::new(by_hand.line()).exists());
    assert_eq!(daily(), 2, "one a day, and the one of the future stays");
}

#[test]
fn a_restore_into_a_folder_without_a_database_asks_nothing() {
    let (home, server, api) = started();
    agent(&api, "Moved");
    let copy = backup(&home);
    assert_eq!(server.terminate(), 0);
    let restore = |folder: &str| Ran::of(command(home.path()).args(["--data", folder, "restore", copy.to_str().unwrap()]));
    fs::create_dir(home.path().join("empty")).unwrap();
    for folder in ["new", "empty"] {
        let restored = restore(folder).is(0);
        assert!(!restored.stderr.contains("previous"), "{restored:?}");
        assert!(home.path().join(folder).join("chatforge.db").exists());
        assert!(restore(folder).is(1).stderr.contains("pass --yes"), "now there is one");
    }
    // What is left of one is asked for too.
    fs::remove_file(home.path().join("new/chatforge.db")).unwrap();
    fs::write(home.path().join("new/chatforge.db-wal"), "left").unwrap();
    restore("new").is(1);
}

#[test]
fn copies_are_named_by_their_time_and_those_of_older_versions_are_copies_too() {
    let server = TestServer::start_with(|config| {
        config.backups.daily = true;
        (config.backups.keep_daily, config.backups.keep_weekly) = (2, 0);
    });
    let folder = server.folder().join("backups");
    let by_hand = server.cli(&["backup"]).is(0);
    let made = Path::new(by_hand.line()).to_owned();
    let name = made.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("by-hand-20") && name.ends_with("Z.db") && name.len() == "by-hand-2026-11-30T205212Z.db".len());
    let start = server.now().seconds();
    for old in [format!("daily-{}.db", start - 86_400), format!("daily-{}.db", start - 2 * 86_400), format!("by-hand-{start}.db")]
    {
        fs::copy(&made, folder.join(old)).unwrap();
    }
    server.pass(Minutes(6));
    let today = "daily-2026-03-26T1006";
    until("today's, and the oldest to go", || {
        let names = files(&folder);
        Some(()).filter(|()| names.iter().any(|name| name.starts_with(today)) && names.len() == 4)
    });
    assert!(files(&folder).contains(&format!("daily-{}.db", start - 86_400)), "{:?}", files(&folder));
    let listed: Vec<_> = server.store().backups().unwrap().into_iter().map(|copy| copy.name).collect();
    assert_eq!(listed[0], name, "the machine's clock is ahead of the simulated one");
    assert!(
        listed[1].starts_with(today) && listed[2..] == [format!("by-hand-{start}.db"), format!("daily-{}.db", start - 86_400)]
    );
    let old = folder.join(format!("by-hand-{start}.db"));
    Ran::of(command(server.folder()).args(["--data", "elsewhere", "restore", old.to_str().unwrap()])).is(0);
}

#[test]
fn the_doctor_tells_sizes_with_a_digit_behind_the_point_and_the_log_counted_in() {
    let (home, server, api) = started();
    (0..20).for_each(|number| agent(&api, &format!("Agent {number}")));
    let told = home.run(&["doctor"]).is(0).stdout;
    let size = told.split("intact, ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let bytes = |ending: &str| fs::metadata(home.data().join(format!("chatforge.db{ending}"))).map_or(0, |data| data.len());
    let expected = chatforge::domain::size::Size(bytes("") + bytes("-wal")).to_string();
    assert_eq!(size, expected);
    assert!(size.contains('.') && !size.starts_with("0 ") && bytes("-wal") > 0, "{told}");
    assert_eq!(server.terminate(), 0);
}
