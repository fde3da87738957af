//! The `chatforge` command itself: run to its end, or as a server that is stopped or killed.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::Client;

const STOP_LIMIT: Duration = Duration::from_secs(20);

/// The command in a folder, with nothing of the tester's own environment.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatforge"));
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub fn is(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Standard output, which must be one line.
    #[track_caller]
    pub fn line(&self) -> &str {
        let line = self.stdout.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {self:?}"));
        assert!(!line.contains('\n') && !line.is_empty(), "{self:?}");
        line
    }
}

/// A configuration and a data folder for the command.
pub struct Home {
    folder: TempDir,
    testing: bool,
}

impl Home {
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("chatforge.toml"), config).unwrap();
        Self { folder, testing: config.contains("[testing]") }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self) -> Command {
        let mut command = command(self.folder.path());
        command.args(["--config", "chatforge.toml", "--data", "data"]);
        if self.testing {
            command.env("CHATFORGE_ALLOW_TESTING", "1");
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command().args(arguments))
    }

    /// An account and a client with its key.
    pub fn sign_up(&self, binary: &Binary) -> Client {
        self.run(&["admin", "create", "--email", "owner@example.com"]).is(0);
        let key = self.run(&["key", "create", "--name", "Test"]).is(0);
        binary.client().with("authorization", &format!("Bearer {}", key.line()))
    }

    pub fn serve(&self) -> Binary {
        Binary::start(self.command().arg("serve"), &self.folder.path().join("serve.log"))
    }
}

/// A running server.
pub struct Binary {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
    pub url: String,
}

impl Binary {
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let errors = File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut binary = Self { child, stdout, log: log.to_owned(), url: String::new() };
        let ready = binary.line();
        let url = ready.split_whitespace().find(|word| word.starts_with("http"));
        url.unwrap_or_else(|| panic!("not ready: {ready}")).trim_end_matches(',').clone_into(&mut binary.url);
        binary
    }

    /// The next line of standard output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line).unwrap();
        assert!(read > 0, "the server ended: {}", self.log());
        line.trim_end().to_owned()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Tells the server to stop, and gives its exit code.
    pub fn terminate(mut self) -> i32 {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// The exit code of a server that is on its way out.
    pub fn wait(&mut self) -> i32 {
        let started = Instant::now();
        let status = self.child.wait().unwrap();
        assert!(started.elapsed() < STOP_LIMIT, "it took {:?}", started.elapsed());
        status.code().unwrap_or(-1)
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Registers a webhook for every event; the answer holds its secret.
pub fn register(api: &Client, url: &str, events: &[&str]) -> Value {
    api.post("/api/v1/webhooks", &json!({ "url": url, "events": events })).is(201).json
}
