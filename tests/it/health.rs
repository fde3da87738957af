//! Whether the server says truly how it is, and how it starts and stops.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;
use serde_json::json;

use crate::binary::{Binary, Home, command};
use crate::server::TestServer;
use crate::visitor::Visitor;

#[test]
fn a_running_server_is_alive_and_ready() {
    let server = TestServer::start();
    assert_eq!(server.client().get("/healthz").is(200).text, "ok");
    let ready = server.client().get("/readyz").is(200).json;
    for part in ["database", "disk", "webhooks"] {
        assert_eq!(ready[part], true, "{ready}");
    }
    assert_eq!((&ready["status"], &ready["version"]), (&json!("ok"), &json!(env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_full_disk_is_not_ready() {
    let server = TestServer::start_with(|config| config.server.disk_free_min_mb = u64::MAX);
    let refused = server.client().get("/readyz").is(503);
    assert_eq!((&refused.json["status"], &refused.json["disk"]), (&json!("unavailable"), &json!(false)));
    assert!(refused.number("retry-after") > 0);
    server.client().get("/healthz").is(200);
}

#[test]
fn the_mark_of_a_running_server_is_for_nobody_else_to_read() {
    let mut server = TestServer::start();
    let mark = server.folder().join("chatforge.running");
    let mode = || fs::metadata(&mark).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    server.stop();
    assert!(!mark.exists());
    // One that an older version left in a crash.
    fs::write(&mark, "").unwrap();
    server.restart();
    assert_eq!(mode(), 0o600);
}

#[test]
fn f16_a_stop_ends_open_streams_and_keeps_what_was_acknowledged() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\n");
    let server = home.serve();
    let api = home.sign_up(&server);
    let agent = api.post("/api/v1/agents", &json!({ "name": "A" })).is(201).id();
    let visitor = Visitor::open(&server.client(), json!({ "agent_id": agent }));
    let mut streams: Vec<_> = (0..20).map(|_| visitor.stream()).collect();
    streams.iter_mut().for_each(super::http::EventStream::ping);
    visitor.ask("I am jane@example.com");
    assert_eq!(server.terminate(), 0);
    for stream in &mut streams {
        assert_eq!(stream.event().as_deref(), Some("bye"));
        assert_eq!(stream.event(), None);
    }
    let server = home.serve();
    let api = api.at(&server.url);
    assert_eq!(api.get(&format!("/api/v1/agents/{agent}/leads")).is(200).json["total"], 1);
    assert_eq!(api.get(&format!("/api/v1/agents/{agent}/conversations")).is(200).json["conversations"][0]["messages_count"], 3);
}

#[test]
fn f17_a_terminal_that_goes_away_stops_nothing() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\n");
    let mut server = home.serve();
    server.signal(Signal::HUP);
    server.client().get("/readyz").is(200);
    server.signal(Signal::INT);
    assert_eq!(server.wait(), 0);
}

#[test]
fn a_server_without_any_configuration_prints_a_set_up_link_and_listens() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Binary::start(command(folder.path()).args(["serve", "--listen", "127.0.0.1:0"]), &folder.path().join("log"));
    let link = std::iter::repeat_with(|| server.line()).find(|line| line.contains("/setup?token=")).unwrap();
    let path = link.trim().strip_prefix(&server.url).unwrap();
    assert!(server.client().get(path).is(200).text.contains("Create administrator"));
    assert!(folder.path().join("chatforge-data/chatforge.db").exists());
    assert_eq!(server.terminate(), 0);
}

#[test]
fn the_set_up_link_is_a_new_one_at_every_start_and_none_once_it_was_used() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\n");
    let link =
        |server: &mut Binary| std::iter::repeat_with(|| server.line()).find(|line| line.contains("/setup?token=")).unwrap();
    let mut server = home.serve();
    let first = link(&mut server);
    server.kill();
    let mut server = home.serve();
    let old = first.split_once("/setup").unwrap().1;
    assert_ne!(link(&mut server).split_once("/setup").unwrap().1, old);
    server.client().get(&format!("/setup{old}")).is(404);
    home.run(&["admin", "create", "--email", "a@b.example"]).is(0);
    server.kill();
    let mut server = home.serve();
    assert!(server.line().starts_with("Listening on "));
    assert_eq!(server.terminate(), 0);
}

#[test]
fn a_demo_is_ready_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(folder.path());
    demo.args(["serve", "--demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", folder.path());
    let mut server = Binary::start(&mut demo, &folder.path().join("log"));
    let mut told = |what: &str| std::iter::repeat_with(|| server.line()).find(|line| line.contains(what)).unwrap();
    let page = told("/demo/").split_whitespace().last().unwrap().to_owned();
    let key = told("cfk_").split_whitespace().last().unwrap().to_owned();
    let agent = page.rsplit('/').next().unwrap().to_owned();
    assert!(server.client().get(&format!("/demo/{agent}")).is(200).text.contains(&agent));
    let visitor = Visitor::open(&server.client(), json!({ "agent_id": agent }));
    assert!(visitor.ask("How much does teeth whitening cost?").text.contains("$349"));
    let api = server.client().with("authorization", &format!("Bearer {key}"));
    assert_eq!(api.get("/api/v1/agents").is(200).json["total"], 1);
    assert_eq!(server.terminate(), 0);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["log"]);
}
