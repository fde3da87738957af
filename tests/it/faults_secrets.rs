//! Where secrets must not show up, and what happens where they cannot be opened.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use rusqlite::{Connection, OpenFlags, params};
use serde_json::{Value, json};

use crate::binary::{Home, register};
use crate::receiver::Receiver;
use crate::server::until;
use crate::visitor::Visitor;
use crate::webhooks::{WEBHOOKS, send_lead, with_agent};

const CONFIG: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[log]\nlevel = \"trace\"\n[testing]\nallow_private_addresses = true\n";

/// The files below a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn d17_a_delivery_has_these_headers_and_no_other() {
    let (server, agent) = with_agent();
    let receiver = server.receiver();
    send_lead(&server, &agent);
    let delivery = receiver.next_of("lead.captured");
    let expected = [
        "accept",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
        "x-chatforge-attempt",
        "x-chatforge-delivery",
        "x-chatforge-event",
        "x-chatforge-event-id",
        "x-chatforge-signature",
        "x-chatforge-timestamp",
    ];
    assert_eq!(delivery.header_names(), expected);
    assert!(!delivery.contains("whsec_") && !delivery.contains(&receiver.secret[6..]));
    for path in ["", &format!("/{}", receiver.id), &format!("/{}/deliveries", receiver.id)] {
        let shown = server.get(&format!("{WEBHOOKS}{path}")).is(200).text;
        assert!(!shown.contains("whsec_") && !shown.contains("secret"), "{shown}");
    }
}

/// Not even with everything logged, and with answers kept for requests that are sent again.
#[test]
fn d17_no_file_holds_a_secret() {
    let home = Home::new(CONFIG);
    let server = home.serve();
    let api = home.sign_up(&server);
    let receiver = Receiver::listen();
    let once = api.with("idempotency-key", "once");
    let created = register(&once, &receiver.url(), &["lead.captured"]);
    let path = format!("{WEBHOOKS}/{}", created["id"].as_str().unwrap());
    let next = once.with("idempotency-key", "next").post(&format!("{path}/rotate"), &json!({})).is(200).json;
    let agent = api.post("/api/v1/agents", &json!({ "name": "A" })).is(201).id();
    Visitor::open(&server.client(), json!({ "agent_id": agent })).lead(&json!({ "email": "jane@example.com" })).is(201);
    receiver.next_of("lead.captured");
    assert_eq!(server.terminate(), 0);
    assert!(!holding(home.path(), "jane@example.com").is_empty(), "this is where to look");
    assert!(!holding(home.path(), "webhook").is_empty());
    let key = api.sent("authorization").trim_start_matches("Bearer ").to_owned();
    for secret in ["whsec_", &created["secret"].as_str().unwrap()[6..], &next["secret"].as_str().unwrap()[6..], &key] {
        assert_eq!(holding(home.path(), secret), [""; 0], "{secret}");
    }
}

/// A folder with a webhook in it, whose server has stopped.
fn home_with_webhook() -> Home {
    let home = Home::new(CONFIG);
    let server = home.serve();
    let api = home.sign_up(&server);
    register(&api, &Receiver::listen().url(), &["lead.captured"]);
    assert_eq!(server.terminate(), 0);
    home
}

/// What a server says that does not start.
#[track_caller]
fn refusal(home: &Home) -> String {
    let log = home.path().join("refused.log");
    let errors = fs::File::create(&log).unwrap();
    let mut child = home.command().arg("serve").stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    if !ready.is_empty() {
        // It would run for ever.
        child.kill().unwrap();
    }
    assert_eq!((child.wait().unwrap().code(), ready.as_str()), (Some(1), ""));
    fs::read_to_string(&log).unwrap()
}

#[test]
fn k03_without_its_master_key_the_server_does_not_start() {
    let home = home_with_webhook();
    let key = home.data().join("master.key");
    let aside = home.path().join("aside");
    fs::rename(&key, &aside).unwrap();
    let refused = refusal(&home);
    assert!(refused.contains("master.key is missing, but webhook secrets are encrypted with it"), "{}", refused);
    assert!(!key.exists());
    fs::rename(&aside, &key).unwrap();
    assert_eq!(home.serve().terminate(), 0);
}

#[test]
fn k03_with_another_master_key_the_server_does_not_start() {
    let home = home_with_webhook();
    let other = home_with_webhook();
    let key = home.data().join("master.key");
    let right = fs::read(&key).unwrap();
    fs::copy(other.data().join("master.key"), &key).unwrap();
    let refused = refusal(&home);
    assert!(refused.contains("is not the key that webhook secrets are encrypted with"), "{}", refused);
    for wrong in ["", "short", "AAAA"] {
        fs::write(&key, wrong).unwrap();
        let refused = refusal(&home);
        assert!(refused.contains("the master key must be 32 bytes in base64"), "{}", refused);
    }
    fs::write(&key, right).unwrap();
    assert_eq!(home.serve().terminate(), 0);
}

#[test]
fn k03_a_master_key_that_others_can_read_stops_the_start() {
    let home = home_with_webhook();
    let key = home.data().join("master.key");
    let allow = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o604, 0o640, 0o644] {
        allow(mode);
        let refused = refusal(&home);
        let says = format!("(mode {mode:03o}); run: chmod 600");
        assert!(refused.contains("can be read by other users") && refused.contains(&says), "{}", refused);
    }
    allow(0o600);
    assert_eq!(home.serve().terminate(), 0);
}

/// Whoever can write to the database cannot make one webhook sign with the secret of another.
#[test]
fn k04_a_secret_that_was_moved_to_another_webhook_signs_nothing() {
    let home = Home::new(CONFIG);
    let server = home.serve();
    let api = home.sign_up(&server);
    let receivers = [Receiver::listen(), Receiver::listen()];
    let ids = receivers
        .each_ref()
        .map(|receiver| register(&api, &receiver.url(), &["lead.captured"])["id"].as_str().unwrap().to_owned());
    let agent = api.post("/api/v1/agents", &json!({ "name": "A" })).is(201).id();
    let db = Connection::open_with_flags(home.data().join("chatforge.db"), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let secret =
        |id: &str| -> Vec<u8> { db.query_row("SELECT secret FROM webhooks WHERE id = ?1", [id], |row| row.get(0)).unwrap() };
    for (id, moved) in [(&ids[0], secret(&ids[1])), (&ids[1], secret(&ids[0]))] {
        assert_eq!(db.execute("UPDATE webhooks SET secret = ?2 WHERE id = ?1", params![id, moved]).unwrap(), 1);
    }
    Visitor::open(&server.client(), json!({ "agent_id": agent })).lead(&json!({ "email": "jane@example.com" })).is(201);
    for id in &ids {
        let path = format!("{WEBHOOKS}/{id}/deliveries");
        let delivery = until("the try", || {
            let delivery = api.get(&path).json["deliveries"][0].clone();
            (delivery["attempts"].as_array()?.len() == 1).then_some(delivery)
        });
        let attempt = &delivery["attempts"][0];
        assert_eq!((&delivery["status"], &attempt["error"]), (&json!("exhausted"), &json!("internal")));
        assert_eq!(attempt["response_status"], Value::Null);
        let told = format!("the webhook's secret cannot be decrypted with this master key webhook={id}");
        assert!(server.log().lines().any(|line| line.contains("ERROR") && line.contains(&told)), "{}", server.log());
    }
    assert!(receivers.iter().all(|receiver| receiver.accepted() == 1), "only the challenges came");
    assert_eq!(server.terminate(), 0);
}
