//! Which passwords are taken, wherever one is set, and that one is right however its letters were typed.

use std::io::Write;
use std::process::Stdio;

use crate::binary::Home;
use crate::browser::{Browser, EMAIL, PASSWORD, between, signed_in};
use crate::server::TestServer;

const SAYS: &str = "is too similar to your name, e-mail address or account";

/// Of Jane Doe, jane.kestrel@northwind.example, of the account Harbour Bakery.
const GUESSED: [&str; 9] = [
    "Jane2026",
    "kestrel!1",
    "jane.kestrel",
    "Northwind99",
    "harbourbakery",
    "Harbour-Bakery-1",
    "HARBOUR2026",
    "bakerypassword",
    "jane.kestrel@northwind.example",
];

#[test]
fn a_set_up_refuses_what_everybody_knows_of_the_person() {
    let server = TestServer::empty();
    let path = server.setup_path();
    let token = path.split_once('=').unwrap().1.to_owned();
    let mut browser = Browser::new(&server);
    browser.get(&path).is(200);
    let mut send = |password: &str| {
        let who = [("account", "Harbour Bakery"), ("name", "Jane Doe"), ("email", "Jane.Kestrel@northwind.example")];
        let fields: Vec<_> = who.into_iter().chain([("token", token.as_str()), ("password", password)]).collect();
        browser.submit("/setup", &fields)
    };
    for password in GUESSED {
        let refused = send(password).is(422).text;
        assert!(refused.contains(SAYS) && refused.contains("id=\"password-error\""), "{password}");
    }
    send("the-bakery-opens-at-seven").is(303);
}

#[test]
fn an_invite_and_a_change_refuse_it_too() {
    let (server, mut owner) = signed_in();
    owner.get("/settings/team").is(200);
    let page = owner.submit("/settings/team/invites", &[("email", "bob.harbour@example.com"), ("role", "viewer")]).is(200).text;
    let token = between(&page, "/join?token=", "<").unwrap().to_owned();
    let mut bob = Browser::new(&server);
    bob.get(&format!("/join?token={token}")).is(200);
    let mut join = |password: &str| bob.submit("/join", &[("token", &token), ("name", "Bob Seagull"), ("password", password)]);
    for password in ["harbour1", "Seagull-2026", "bobseagull", "Acme12345-acme"] {
        assert!(join(password).is(422).text.contains(SAYS), "{password}");
    }
    join("three gulls on a mast").is(303);
    let mut change = |new: &str| {
        owner.get("/settings/security").is(200);
        owner.submit("/settings/password", &[("password", PASSWORD), ("new_password", new)])
    };
    for password in ["owner2026", "OWNER-owner", "jane-acme-1", "example.com"] {
        assert!(change(password).is(422).text.contains(SAYS), "{password}");
    }
    change("owner of four bicycles").is(303);
}

#[test]
fn the_command_line_refuses_it_too() {
    let home = Home::new("[server]\nlisten = \"127.0.0.1:0\"\n");
    let with_input = |arguments: &[&str], input: &str| {
        let mut command = home.command();
        command.args(arguments).arg("--password-stdin").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{input}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let who = ["--email", "jane.kestrel@northwind.example", "--name", "Jane Doe", "--account", "Harbour Bakery"];
    let create: Vec<_> = ["admin", "create"].into_iter().chain(who).collect();
    let reset = ["admin", "reset-password", "--email", "jane.kestrel@northwind.example"];
    for password in &GUESSED[..3] {
        let (code, said) = with_input(&create, password);
        assert!(code == 1 && said.contains(SAYS), "{password}: {said}");
    }
    assert_eq!(with_input(&create, "the-bakery-opens-at-seven").0, 0);
    for password in &GUESSED[3..6] {
        let (code, said) = with_input(&reset, password);
        assert!(code == 1 && said.contains(SAYS), "{password}: {said}");
    }
    assert_eq!(with_input(&reset, "it-closes-at-noon").0, 0);
}

#[test]
fn an_accent_is_the_same_inside_its_letter_and_behind_it() {
    let (composed, decomposed) = ("zw\u{f6}lf B\u{e4}ume im Wind", "zwo\u{308}lf Ba\u{308}ume im Wind");
    let (server, mut browser) = signed_in();
    let mut enters = |password: &str| Browser::new(&server).sign_in(password).status;
    browser.get("/settings/security").is(200);
    browser.submit("/settings/password", &[("password", PASSWORD), ("new_password", decomposed)]).is(303);
    assert_eq!([composed, decomposed, "zwolf Baume im Wind"].map(&mut enters), [303, 303, 401]);
    browser.get("/settings/security").is(200);
    browser.submit("/settings/password", &[("password", composed), ("new_password", "n\u{fc}chterne Fl\u{fc}sse")]).is(303);
    assert_eq!(enters("nu\u{308}chterne Flu\u{308}sse"), 303);
}

#[test]
fn an_address_is_one_in_either_spelling_also_if_it_was_kept_in_the_other() {
    let (server, mut owner) = signed_in();
    let (composed, decomposed) = ("b\u{f6}rk@example.com", "bo\u{308}rk@example.com");
    let change = "UPDATE users SET email = ?1";
    for kept in [composed, decomposed] {
        server.database_to_fill().execute(change, [kept]).unwrap();
        for typed in [composed, decomposed, " B\u{d6}RK@example.com"] {
            let mut browser = Browser::new(&server);
            browser.get("/login").is(200);
            browser.submit("/login", &[("email", typed), ("password", PASSWORD)]).is(303);
        }
    }
    server.database_to_fill().execute(change, [EMAIL]).unwrap();
    owner.get("/settings/security").is(200);
    owner.submit("/settings/security/email", &[("email", decomposed)]).is(303);
    assert_eq!(server.count("SELECT count(*) FROM users WHERE email = 'b\u{f6}rk@example.com'"), 1);
}
