//! An answer that comes in pieces: read on a thread of its own, so that whoever waits for it can leave at any moment.

use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ureq::{Agent, Error};

use crate::egress::{Egress, Failure, failure};

/// Pieces that wait to be taken; past that, the sender is made to wait.
const WAITING_MAX: usize = 16;
const PIECE_BYTES_MAX: usize = 8 * 1024;
/// Of a whole answer, headers apart.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
const STACK_BYTES: usize = 512 * 1024;

/// A POST whose answer streams.
pub struct StreamRequest {
    pub url: String,
    /// May hold secrets; they are neither logged nor kept.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub connect_timeout: Duration,
    /// For everything, from the first lookup to the last byte.
    pub timeout: Duration,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    Head(Head),
    Bytes(Vec<u8>),
    /// Nothing follows.
    End,
    /// More than anybody would read; nothing follows.
    TooLarge,
    /// Nothing follows.
    Failed(Failure),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub status: u16,
    /// Lower-case, without parameters.
    pub content_type: String,
    pub retry_after: Option<String>,
}

/// A streaming answer. Dropped, it breaks the connection off.
pub struct Stream {
    agent: Agent,
    pieces: Receiver<Piece>,
}

impl Stream {
    /// The next piece; nothing, if none comes within `wait`.
    pub fn next(&self, wait: Duration) -> Option<Piece> {
        match self.pieces.recv_timeout(wait) {
            Ok(piece) => Some(piece),
            Err(RecvTimeoutError::Timeout) => None,
            // The reading thread went without a last word, or has said it already.
            Err(RecvTimeoutError::Disconnected) => Some(Piece::Failed(Failure::Protocol)),
        }
    }
}

impl Drop for Stream {
    /// Wakes the thread wherever it waits for the other side. While it connects it cannot be woken; then it ends with the
    /// time-out for that, and nobody waits for it.
    fn drop(&mut self) {
        self.agent.clone().shutdown();
    }
}

impl Egress {
    /// Sends, and returns at once. What comes of it comes in pieces.
    pub fn stream(&self, request: StreamRequest) -> Stream {
        let agent = self.agent(request.connect_timeout, request.timeout, Arc::new(OnceLock::new()));
        let (sender, pieces) = bounded(WAITING_MAX);
        let stream = Stream { agent: agent.clone(), pieces };
        let work = move || {
            let last = match exchange(&agent, &request, &sender) {
                Ok(()) => Piece::End,
                Err(Ended::Broken(failure)) => Piece::Failed(failure),
                Err(Ended::TooLarge) => Piece::TooLarge,
                Err(Ended::Unheard) => return,
            };
            let _ = sender.send(last);
        };
        if thread::Builder::new().name("egress-stream".into()).stack_size(STACK_BYTES).spawn(work).is_err() {
            tracing::error!("no thread could be started to read a streaming answer");
        }
        stream
    }
}

enum Ended {
    Broken(Failure),
    TooLarge,
    /// Nobody listens any more.
    Unheard,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        tracing::debug!(%error, "a streaming request failed");
        Self::Broken(failure(&error))
    }
}

fn exchange(agent: &Agent, request: &StreamRequest, sender: &Sender<Piece>) -> Result<(), Ended> {
    let tell = |piece| sender.send(piece).map_err(|_| Ended::Unheard);
    let mut call = agent.post(&request.url).header("connection", "close");
    for (name, value) in &request.headers {
        call = call.header(*name, value);
    }
    let mut response = call.send(&request.body[..])?;
    tell(Piece::Head(head(&response)))?;
    let mut body = response.body_mut().as_reader();
    let (mut buffer, mut read) = ([0; PIECE_BYTES_MAX], 0);
    loop {
        let count = body.read(&mut buffer).map_err(Error::from)?;
        read += count;
        match count {
            0 => return Ok(()),
            _ if read > BODY_BYTES_MAX => return Err(Ended::TooLarge),
            _ => tell(Piece::Bytes(buffer[..count].to_vec()))?,
        }
    }
}

fn head(response: &ureq::http::Response<ureq::Body>) -> Head {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let content_type = text("content-type").unwrap_or_default().to_lowercase();
    Head {
        status: response.status().as_u16(),
        content_type: content_type.split(';').next().unwrap_or_default().trim().to_owned(),
        retry_after: text("retry-after"),
    }
}
