//! A plain HTTP client that follows nothing, retries nothing and treats no status as an error.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use ureq::http::Request;

const LIMIT: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    pub base: String,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Reply {
    /// The header's value, or nothing where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn number(&self, name: &str) -> i64 {
        self.header(name).parse().unwrap_or_else(|_| panic!("{name} is no number: {self:?}"))
    }

    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    /// The fields that a 422 names.
    pub fn refused(&self) -> Vec<&str> {
        let details = self.json["error"]["details"].as_array();
        details.into_iter().flatten().map(|detail| detail["field"].as_str().unwrap()).collect()
    }

    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("no id in {self:?}")).to_owned()
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// A page of the dashboard that nobody sees who is not signed in.
    #[track_caller]
    pub fn asks_to_sign_in(self) -> Self {
        let location = self.header("location");
        assert!(self.status == 303 && (location == "/login" || location.starts_with("/login?next=%2F")), "{self:?}");
        self
    }

    /// A failure in the one form that every failure has.
    #[track_caller]
    pub fn fails(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        assert_eq!(self.json["error"]["status"], status);
        assert!(self.json["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", self.text);
        assert!(self.header("content-type").starts_with("application/json"), "{self:?}");
        assert!(!self.header("x-request-id").is_empty(), "{self:?}");
        self
    }
}

impl Client {
    pub fn new(base: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(LIMIT))
            .build();
        Self { agent: config.into(), base: base.to_owned(), headers: Vec::new() }
    }

    /// A client that sends this header with every request.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// What this client sends as that header.
    pub fn sent(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// The same client of a server that has moved.
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    pub fn without(&self, name: &str) -> Self {
        let mut client = self.clone();
        client.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        client
    }

    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.json("POST", path, body.to_string().as_bytes())
    }

    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.json("PUT", path, body.to_string().as_bytes())
    }

    pub fn patch(&self, path: &str, body: &Value) -> Reply {
        self.json("PATCH", path, body.to_string().as_bytes())
    }

    pub fn json(&self, method: &str, path: &str, body: &[u8]) -> Reply {
        self.with("content-type", "application/json").send(method, path, Some(body))
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.with("content-type", "application/x-www-form-urlencoded").send("POST", path, Some(body.as_bytes()))
    }

    pub fn send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Reply {
        self.try_send(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Fails where the server goes away; for tests that kill it.
    pub fn try_send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<Reply, ureq::Error> {
        let mut response = self.open(method, path, body)?;
        let text = response.body_mut().with_config().limit(64 << 20).lossy_utf8(true).read_to_string()?;
        Ok(Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            json: serde_json::from_str(&text).unwrap_or_default(),
            text,
        })
    }

    fn open(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match body {
            Some(body) => self.agent.run(request.body(body)?),
            None => self.agent.run(request.body(())?),
        }
    }

    /// An event stream that stays open.
    pub fn stream(&self, path: &str) -> EventStream {
        let response = self.open("GET", path, None).unwrap();
        assert_eq!(response.status(), 200);
        EventStream(BufReader::new(Box::new(response.into_body().into_reader())))
    }
}

pub struct EventStream(BufReader<Box<dyn Read + Send>>);

impl EventStream {
    /// The next comment line, which says that the stream is alive.
    pub fn ping(&mut self) {
        while !self.line().expect("the stream ended").starts_with(':') {}
    }

    /// The name of the next event; `None` at the end of the stream.
    pub fn event(&mut self) -> Option<String> {
        loop {
            if let Some(name) = self.line()?.strip_prefix("event:") {
                return Some(name.trim().to_owned());
            }
        }
    }

    /// The next event whole: name, data and id.
    pub fn whole_event(&mut self) -> Option<(String, Value, String)> {
        let mut block = format!("event:{}\n", self.event()?);
        while let Some(line) = self.line().filter(|line| line != "\n") {
            block.push_str(&line);
        }
        let id = block.lines().find_map(|line| line.strip_prefix("id:")).unwrap_or_default().trim().to_owned();
        let (name, data) = events(&block).remove(0);
        Some((name, data, id))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.0.read_line(&mut line).ok()? > 0).then_some(line)
    }
}

/// The events of a whole stream: name and data.
pub fn events(text: &str) -> Vec<(String, Value)> {
    let field = |block: &str, name: &str| block.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
    let blocks = text.split("\n\n").filter_map(|block| Some((field(block, "event:")?, field(block, "data:")?)));
    blocks.map(|(name, data)| (name, serde_json::from_str(&data).unwrap())).collect()
}

/// Bytes as they are, and what comes back until the server closes the connection.
pub fn raw(base: &str, bytes: &[u8]) -> String {
    String::from_utf8_lossy(&raw_bytes(base, bytes)).into_owned()
}

pub fn raw_bytes(base: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    // The server may close before all is written, which is its right.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}
