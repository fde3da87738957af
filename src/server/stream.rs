//! A connection's bytes, and the bodies that they make: each move is noted, so that it is known who waits for whom.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Body as Frames, Frame, Incoming, SizeHint};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

use crate::server::places::Life;

/// What the kernel takes ahead of what it may send. Once half of that is read, it takes more: a slow reader has the
/// write time-out for so much. It is also the memory that each client who does not read holds.
const AHEAD_BYTES: u32 = 32 * 1024;

/// A socket that notes what moves on it.
pub struct Noted {
    socket: TcpStream,
    life: Arc<Life>,
    write_timeout: Duration,
    /// What the kernel was told last.
    streams: bool,
}

/// The socket, which fails once nothing was taken of what it writes for `write_timeout`.
pub fn watched(socket: TcpStream, life: Arc<Life>, write_timeout: Duration) -> Pin<Box<TimeoutStream<Noted>>> {
    // Small answers should not wait for the next packet; without it they only come later.
    let _ = socket.set_nodelay(true);
    limit_ahead(&socket);
    let mut stream = TimeoutStream::new(Noted { socket, life, write_timeout, streams: false });
    stream.set_write_timeout(Some(write_timeout));
    Box::pin(stream)
}

/// Where the kernel does not do it, the end of a client who does not read only comes later.
#[cfg(target_os = "linux")]
fn limit_ahead(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_tcp_notsent_lowat(AHEAD_BYTES);
}

#[cfg(not(target_os = "linux"))]
fn limit_ahead(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_send_buffer_size(AHEAD_BYTES as usize);
}

impl Noted {
    /// What is as small as an event never waits here, so the kernel has to tell whether anybody reads it. Other answers
    /// are not its matter: of a large piece it counts no progress before all of it is read.
    #[cfg(target_os = "linux")]
    fn tell_kernel(&mut self) {
        let streams = self.life.is_streaming();
        if streams != self.streams {
            self.streams = streams;
            let _ = SockRef::from(&self.socket).set_tcp_user_timeout(streams.then_some(self.write_timeout));
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn tell_kernel(&mut self) {}

    fn note_written(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Ready(Ok(0)) => {}
            Poll::Ready(_) => {
                self.life.progressed();
                self.life.set_stalled(false);
            }
            Poll::Pending => self.life.set_stalled(true),
        }
    }
}

impl AsyncRead for Noted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.life.progressed();
        }
        read
    }
}

impl AsyncWrite for Noted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.tell_kernel();
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.note_written(&written);
        written
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context, bytes: &[io::IoSlice]) -> Poll<io::Result<usize>> {
        self.tell_kernel();
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, bytes);
        self.note_written(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        // What nobody reads would stay in the kernel's memory for minutes after the end.
        if self.life.is_stalled() {
            let _ = self.socket.set_zero_linger();
        }
    }
}

/// A request's body: until it is whole, it is the client's turn.
pub struct Asked {
    body: Incoming,
    life: Option<Arc<Life>>,
}

impl Asked {
    pub fn of(body: Incoming, life: Arc<Life>) -> Body {
        let mut asked = Self { body, life: Some(life) };
        if asked.body.is_end_stream() {
            asked.is_whole();
        }
        Body::new(asked)
    }

    fn is_whole(&mut self) {
        if let Some(life) = self.life.take() {
            life.asked();
        }
    }
}

impl Frames for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.is_whole();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Asked {
    /// Nobody wants the rest of it.
    fn drop(&mut self) {
        self.is_whole();
    }
}

/// An answer's body: once it is dropped, it is the client's turn again.
pub struct Answered {
    body: Body,
    life: Arc<Life>,
}

impl Answered {
    pub fn of(answer: Response, life: Arc<Life>) -> hyper::Response<Self> {
        let kind = answer.headers().get(header::CONTENT_TYPE);
        let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        life.answering(is_stream);
        answer.map(|body| Self { body, life })
    }
}

impl Frames for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.life.answered();
    }
}
