//! `chatforge serve`

use std::io::IsTerminal;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::cli::{Context, demo};
use crate::config::Log;
use crate::server::{self, Server};
use crate::world::World;

#[derive(Args)]
pub struct Serve {
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// The public URL of this server, such as https://chat.example.com
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Run a demo with a sample agent in a temporary folder
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let mut flags = Vec::new();
        flags.extend(self.listen.map(|listen| ("server.listen", listen)));
        flags.extend(self.public_url.map(|url| ("server.public_url", url)));
        let config = context.config(&flags)?;
        log_to_stderr(&config.log);
        raise_file_limit();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        if self.demo {
            return runtime.block_on(demo::serve(config));
        }
        let world = World::machine(config.testing.clock_offset_ms);
        runtime.block_on(async {
            let signals = Signals::listen()?;
            let server = server::start(config, &context.data, world).await?;
            announce(&server, context);
            signals.until_told_to_stop(server).await
        })
    }
}

fn announce(server: &Server, context: &Context) {
    let url = server.app.config.public_url();
    println!("ChatForge {} is ready at {url}", env!("CARGO_PKG_VERSION"));
    println!("Listening on http://{}, data in {}", server.address, context.data.display());
    if let Some(token) = server.app.setup.token() {
        println!("\nOpen this link within 30 minutes to create your administrator account:\n  {url}/setup?token={token}");
        println!("Or run: chatforge --data {} admin create --email you@example.com", context.data.display());
    }
}

/// What the operator may tell a server. Listened for before it is announced, or an early word would kill it.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            // A terminal that goes away is no reason to stop.
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Stops on the first SIGTERM or SIGINT; a second one ends the process at once, which loses nothing either.
    pub async fn until_told_to_stop(mut self, server: Server) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.hangup.recv() => {}
            }
        }
        tokio::select! {
            () = server.stop() => Ok(()),
            // Not by returning: that would wait for the threads that are being waited for already.
            _ = self.terminate.recv() => std::process::exit(1),
            _ = self.interrupt.recv() => std::process::exit(1),
        }
    }
}

fn log_to_stderr(log: &Log) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = if log.format == "json" {
        builder.json().try_init()
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    // It fails only where a test has set one before.
    let _ = set;
}

/// Every open stream holds a file descriptor, and systems start with room for about a thousand.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}
