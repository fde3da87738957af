//! A browser without JavaScript, and the administrator who sits before it.

use crate::http::{Client, Reply};
use crate::server::{Api, TestServer};

pub const EMAIL: &str = "owner@example.com";
pub const PASSWORD: &str = "correct horse battery";

/// A browser: it keeps its cookie, and sends the hidden fields of the form on the page before it.
#[derive(Clone)]
pub struct Browser {
    pub client: Client,
    pub csrf: String,
}

impl Browser {
    pub fn new(server: &TestServer) -> Self {
        Self { client: server.client().with("accept", "text/html").with("sec-fetch-site", "same-origin"), csrf: String::new() }
    }

    pub fn get(&mut self, path: &str) -> Reply {
        let reply = self.client.get(path);
        self.note(&reply);
        reply
    }

    pub fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.csrf.clone();
        let fields: Vec<_> = fields.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        let reply = self.client.form(path, &fields);
        self.note(&reply);
        reply
    }

    fn note(&mut self, reply: &Reply) {
        if let Some((cookie, _)) = reply.header("set-cookie").split_once(';') {
            // Others are kept beside the session's.
            let name = cookie.split('=').next().unwrap();
            let kept = self.client.sent("cookie").split("; ").filter(|other| !other.is_empty() && !other.starts_with(name));
            let cookies: Vec<_> = kept.chain([cookie]).collect();
            self.client = self.client.with("cookie", &cookies.join("; "));
        }
        if let Some(token) = between(&reply.text, "name=\"csrf\" value=\"", "\"") {
            self.csrf = token.to_owned();
        }
    }

    /// A colleague of whoever set the server up, signed in with the same password.
    pub fn colleague(server: &TestServer, name: &str) -> Self {
        Self::colleague_as(server, name, "member")
    }

    pub fn colleague_as(server: &TestServer, name: &str, role: &str) -> Self {
        let email = format!("{}@example.com", name.to_lowercase());
        let add = "INSERT INTO users (id, account, email, name, role, password_hash, created_at)
                   SELECT 'usr_' || substr(lower(hex(randomblob(5))), 1, 10), account, ?1, ?2, ?4, password_hash, created_at
                   FROM users WHERE email = ?3";
        server.database_to_fill().execute(add, [email.as_str(), name, EMAIL, role]).unwrap();
        let mut browser = Self::new(server);
        browser.get("/login").is(200);
        browser.submit("/login", &[("email", &email), ("password", PASSWORD)]).is(303);
        browser
    }

    /// Makes an API key: its form takes the password each time.
    pub fn make_key(&mut self, fields: &[(&str, &str)]) -> Reply {
        self.get("/settings/keys").is(200);
        let fields: Vec<_> = fields.iter().copied().chain([("proof", PASSWORD)]).collect();
        self.submit("/settings/keys", &fields)
    }

    pub fn sign_in(&mut self, password: &str) -> Reply {
        self.get("/login").is(200);
        self.submit("/login", &[("email", EMAIL), ("password", password)])
    }
}

pub fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// A server with an administrator who is signed in.
pub fn signed_in() -> (TestServer, Browser) {
    let server = TestServer::empty();
    let browser = set_up(&server);
    (server, browser)
}

pub fn set_up(server: &TestServer) -> Browser {
    let mut browser = Browser::new(server);
    let path = server.setup_path();
    let token = path.split_once('=').unwrap().1.to_owned();
    browser.get(&path).is(200);
    let fields = [("token", token.as_str()), ("account", "Acme"), ("name", "Jane"), ("email", EMAIL), ("password", PASSWORD)];
    let done = browser.submit("/setup", &fields).is(303);
    assert!(done.header("location").ends_with("/start"), "{done:?}");
    browser
}

/// The signed-in administrator's account, as a program uses it.
pub fn own_api(server: &TestServer) -> Api {
    let find = "SELECT account FROM users WHERE email = ?1";
    let account: String = server.database().query_row(find, [EMAIL], |row| row.get(0)).unwrap();
    server.api_of(&account)
}
