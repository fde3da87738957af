//! A language model that says what a test tells it to, over the protocols of real ones.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use chatforge::config::secret::Secret;
use chatforge::config::{Config, Model, Provider};
use serde_json::{Value, json};

use crate::server::until;

const LIMIT: Duration = Duration::from_secs(10);

pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    asked: Receiver<Asked>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub head: String,
    pub json: Value,
}

/// One thing that is done with a request, after the one before it.
#[derive(Clone, Debug)]
pub enum Act {
    Send(String),
    /// Until the other side gives up; when it did is noted.
    Hang,
    /// The whole system part of the prompt, as the answer.
    Confess,
}

struct Shared {
    script: Mutex<VecDeque<Vec<Act>>>,
    otherwise: Mutex<Vec<Act>>,
    left: Mutex<Vec<Instant>>,
    stopped: AtomicBool,
}

impl Upstream {
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (ask, asked) = mpsc::channel();
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            otherwise: Mutex::new(says(&["We open at 9 [1]."])),
            left: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let kept = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if kept.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, ask) = (kept.clone(), ask.clone());
                thread::spawn(move || serve(stream, &shared, &ask));
            }
        });
        Self { address, shared, asked }
    }

    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What is done with the next request that has nothing to do yet.
    pub fn then(&self, acts: Vec<Act>) -> &Self {
        self.shared.script.lock().unwrap().push_back(acts);
        self
    }

    pub fn always(&self, acts: Vec<Act>) {
        *self.shared.otherwise.lock().unwrap() = acts;
    }

    #[track_caller]
    pub fn next(&self) -> Asked {
        self.asked.recv_timeout(LIMIT).unwrap_or_else(|_| panic!("no request within {LIMIT:?}"))
    }

    pub fn poll(&self) -> Option<Asked> {
        self.asked.try_recv().ok()
    }

    /// How many requests came that were not looked at.
    pub fn rest(&self) -> usize {
        self.asked.try_iter().count()
    }

    /// When the other side left a request that hung.
    #[track_caller]
    pub fn was_left(&self) -> Instant {
        until("the other side leaves", || self.shared.left.lock().unwrap().pop())
    }

    /// Makes it a model of the configuration, as the last of the chain.
    pub fn configure(&self, config: &mut Config, name: &str) {
        config.models.insert(name.to_owned(), self.model(Provider::OpenAi));
        config.answers.models.push(name.to_owned());
    }

    /// With time-outs that a test can wait for.
    pub fn model(&self, provider: Provider) -> Model {
        Model {
            provider,
            base_url: self.url(),
            model: "test-model".into(),
            api_key: Secret("sk-very-secret".into()),
            input_price: 1.0,
            output_price: 2.0,
            first_token_timeout_ms: 500,
            idle_timeout_ms: 400,
            ..Model::default()
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Asked {
    pub fn system(&self) -> &str {
        self.json["messages"][0]["content"].as_str().unwrap()
    }

    /// What follows the system part: role and content.
    pub fn turns(&self) -> Vec<(&str, &str)> {
        let turns = self.json["messages"].as_array().unwrap().iter().filter(|turn| turn["role"] != "system");
        turns.map(|turn| (turn["role"].as_str().unwrap(), turn["content"].as_str().unwrap())).collect()
    }

    /// The word in the prompt that no answer may hold.
    pub fn canary(&self) -> &str {
        let after = self.system().split("the marker ").nth(1).unwrap();
        after.split('.').next().unwrap()
    }
}

pub fn head() -> Act {
    Act::Send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n".into())
}

pub fn chunk(text: &str) -> Act {
    let data = json!({ "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }] });
    Act::Send(format!("data: {data}\n\n"))
}

/// Why it ended, what it took, and that nothing follows.
pub fn finish(reason: &str) -> Act {
    let ended = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] });
    let used = json!({ "choices": [], "usage": { "prompt_tokens": 100, "completion_tokens": 20 } });
    Act::Send(format!("data: {ended}\n\ndata: {used}\n\ndata: [DONE]\n\n"))
}

/// A whole answer, in these pieces.
pub fn says(pieces: &[&str]) -> Vec<Act> {
    [head()].into_iter().chain(pieces.iter().map(|piece| chunk(piece))).chain([finish("stop")]).collect()
}

/// An answer that is no stream.
pub fn refuses(status: u16, headers: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    vec![Act::Send(format!(
        "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    ))]
}

fn serve(mut stream: TcpStream, shared: &Shared, ask: &Sender<Asked>) {
    let Some(asked) = read(&stream) else { return };
    let next = shared.script.lock().unwrap().pop_front();
    let acts = next.unwrap_or_else(|| shared.otherwise.lock().unwrap().clone());
    let system = asked.json["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
    // The test may be over.
    let _ = ask.send(asked);
    for act in acts {
        match act {
            Act::Send(text) if stream.write_all(text.as_bytes()).is_err() => return,
            Act::Send(_) => {}
            Act::Hang => {
                let _ = stream.set_read_timeout(Some(LIMIT));
                let _ = stream.read(&mut [0]);
                shared.left.lock().unwrap().push(Instant::now());
                return;
            }
            Act::Confess => {
                for word in system.split_inclusive(' ') {
                    let Act::Send(text) = chunk(word) else { return };
                    if stream.write_all(text.as_bytes()).is_err() {
                        return;
                    }
                }
            }
        }
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut line) = (String::new(), String::new());
    while !line.trim_end().is_empty() || head.is_empty() {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        head.push_str(&line);
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = head.split(' ').nth(1)?.to_owned();
    Some(Asked { path, head, json: serde_json::from_slice(&body).ok()? })
}
