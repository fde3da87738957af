//! A real endpoint for webhooks: it proves itself, answers what a test tells it to, and keeps what came.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::server::until;

const LIMIT: Duration = Duration::from_secs(10);

pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    arrived: mpsc::Receiver<Delivery>,
    /// Of the webhook that leads here, once it is registered.
    pub id: String,
    pub secret: String,
}

#[derive(Clone, Debug)]
pub struct Delivery {
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub json: Value,
}

/// How the challenge of a registration is answered.
#[derive(Clone, Copy)]
pub enum Proof {
    Plain,
    /// With a line end.
    Line,
    Json,
    Wrong,
    Empty,
    /// 200, and nothing.
    Blank,
    /// With the value of the first challenge that ever came.
    Replay,
    /// The right value, and 4 MB after it.
    Huge,
    /// Half of the right value; the rest never comes.
    Half,
    Echo,
    Nested,
    /// With the right value, but this status.
    Status(u16),
    Redirect,
    Silence,
    HangUp,
}

/// How a delivery is answered.
#[derive(Clone, Copy)]
pub enum Answer {
    Status(u16),
    /// 200 with the delivery's own body.
    Echo,
    /// 429, with this `Retry-After`.
    Later(&'static str),
    /// 200 with this body.
    Body(&'static str),
    Redirect,
    Silence,
}

struct Shared {
    accepted: AtomicUsize,
    proof: Mutex<Proof>,
    script: Mutex<VecDeque<Answer>>,
    otherwise: Mutex<Answer>,
    challenges: Mutex<Vec<Delivery>>,
    /// Connections that are left without an answer, open until the receiver goes.
    silent: Mutex<Vec<TcpStream>>,
    stopped: AtomicBool,
}

impl Receiver {
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (arrive, arrived) = mpsc::channel();
        let shared = Arc::new(Shared {
            accepted: AtomicUsize::new(0),
            proof: Mutex::new(Proof::Plain),
            script: Mutex::default(),
            otherwise: Mutex::new(Answer::Status(200)),
            challenges: Mutex::default(),
            silent: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let kept = shared.clone();
        thread::spawn(move || accept(&listener, &kept, &arrive));
        Self { address, shared, arrived, id: String::new(), secret: String::new() }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn prove_with(&self, proof: Proof) {
        *self.shared.proof.lock().unwrap() = proof;
    }

    /// The answers to the next deliveries; after them, 200.
    pub fn script(&self, answers: &[Answer]) {
        self.shared.script.lock().unwrap().extend(answers);
    }

    /// The answer to every delivery that has no other.
    pub fn always(&self, answer: Answer) {
        *self.shared.otherwise.lock().unwrap() = answer;
    }

    /// Breaks off the connections that were left without an answer, once there are so many.
    pub fn hang_up(&self, count: usize) {
        until("the silent connections", || {
            let mut silent = self.shared.silent.lock().unwrap();
            (silent.len() == count).then(|| silent.clear())
        });
    }

    /// Requests that only asked for a proof.
    pub fn challenges(&self) -> Vec<Delivery> {
        self.shared.challenges.lock().unwrap().clone()
    }

    /// How often anybody connected, for whatever.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    #[track_caller]
    pub fn next(&self) -> Delivery {
        self.arrived.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("no delivery within {LIMIT:?}"))
    }

    /// The next delivery of this type; what else comes before it is dropped.
    #[track_caller]
    pub fn next_of(&self, kind: &str) -> Delivery {
        loop {
            let delivery = self.next();
            if delivery.json["type"] == kind {
                return delivery;
            }
        }
    }

    /// What has arrived and was not asked for yet.
    pub fn rest(&self) -> Vec<Delivery> {
        self.arrived.try_iter().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.arrived.try_recv().is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.silent.lock().unwrap().clear();
        // Wakes the listener, so that it sees the flag.
        let _ = TcpStream::connect(self.address);
    }
}

impl Delivery {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or_else(|| panic!("no {name} in {:?}", self.headers), |(_, value)| value.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// What there is of headers, in lower case and in order.
    pub fn header_names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        names.sort_unstable();
        names
    }

    pub fn contains(&self, text: &str) -> bool {
        let body = String::from_utf8_lossy(&self.body);
        body.contains(text) || self.headers.iter().any(|(_, value)| value.contains(text))
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, arrive: &Sender<Delivery>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        shared.accepted.fetch_add(1, Ordering::SeqCst);
        let (shared, arrive) = (shared.clone(), arrive.clone());
        thread::spawn(move || serve(stream.unwrap(), &shared, &arrive));
    }
}

fn serve(stream: TcpStream, shared: &Shared, arrive: &Sender<Delivery>) {
    // A killed server leaves half a request; the next one brings it whole.
    let Some(delivery) = read(&stream) else { return };
    if delivery.json["type"] == "webhook.verification" {
        shared.challenges.lock().unwrap().push(delivery.clone());
        let proof = *shared.proof.lock().unwrap();
        return prove(stream, proof, &delivery, shared);
    }
    let next = shared.script.lock().unwrap().pop_front();
    let answer = next.unwrap_or(*shared.otherwise.lock().unwrap());
    let echo = String::from_utf8_lossy(&delivery.body).into_owned();
    // Before the answer: what the server has in its books has arrived here. The test may be over.
    let _ = arrive.send(delivery);
    match answer {
        Answer::Status(status) => respond(&stream, status, "X-Endpoint: test\r\n", "ok"),
        Answer::Echo => respond(&stream, 200, "", &echo),
        Answer::Later(when) => respond(&stream, 429, &format!("Retry-After: {when}\r\n"), ""),
        Answer::Body(body) => respond(&stream, 200, "", body),
        Answer::Redirect => respond(&stream, 302, "Location: /elsewhere\r\n", ""),
        Answer::Silence => shared.silent.lock().unwrap().push(stream),
    }
}

fn prove(stream: TcpStream, proof: Proof, delivery: &Delivery, shared: &Shared) {
    let challenge = delivery.json["challenge"].as_str().unwrap_or_default();
    let wrapped = |outer: &str| format!("{{\"{outer}\":{}}}", serde_json::json!({ "challenge": challenge }));
    match proof {
        Proof::Plain => respond(&stream, 200, "", challenge),
        Proof::Line => respond(&stream, 200, "", &format!("{challenge}\r\n")),
        Proof::Json => respond(&stream, 200, "", &serde_json::json!({ "challenge": challenge }).to_string()),
        Proof::Wrong => respond(&stream, 200, "", "something else"),
        Proof::Empty => respond(&stream, 204, "", ""),
        Proof::Blank => respond(&stream, 200, "", ""),
        Proof::Replay => respond(&stream, 200, "", shared.challenges.lock().unwrap()[0].json["challenge"].as_str().unwrap()),
        Proof::Huge => respond(&stream, 200, "", &format!("{challenge}{}", "x".repeat(4_000_000))),
        Proof::Half => {
            let (half, rest) = challenge.split_at(challenge.len() / 2);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{half}", half.len() + rest.len());
            (&stream).write_all(head.as_bytes()).unwrap();
            shared.silent.lock().unwrap().push(stream);
        }
        Proof::Echo => respond(&stream, 200, "", &String::from_utf8_lossy(&delivery.body)),
        Proof::Nested => respond(&stream, 200, "", &wrapped("data")),
        Proof::Status(status) => respond(&stream, status, "", challenge),
        Proof::Redirect => respond(&stream, 302, "Location: /elsewhere\r\n", challenge),
        Proof::Silence => shared.silent.lock().unwrap().push(stream),
        Proof::HangUp => {}
    }
}

fn read(stream: &TcpStream) -> Option<Delivery> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_owned(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length?.1.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let json = serde_json::from_slice(&body).unwrap_or_default();
    Some(Delivery { headers, body, json })
}

fn respond(mut stream: &TcpStream, status: u16, headers: &str, body: &str) {
    let length = body.len();
    let text = format!("HTTP/1.1 {status} Told\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n{body}");
    // A server that was killed does not hear it.
    let _ = stream.write_all(text.as_bytes());
}
