//! `chatforge healthcheck`

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use crate::cli::{Context, FAILURE};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Speaks just enough HTTP, for containers that hold nothing but this binary.
pub fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let listen = context.config(&[])?.server.listen;
    let mut stream = TcpStream::connect(&listen).with_context(|| format!("no server is listening on {listen}"))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    let ready = answer.split_whitespace().nth(1) == Some("200");
    println!("{}", answer.split("\r\n\r\n").nth(1).unwrap_or_default());
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}
