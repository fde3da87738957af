"""Endpoints of every temper in a process of their own, so that what measures and what answers do not wait for each other."""

import asyncio
import contextlib
import json
import multiprocessing
import re
import signal
import time

SLOW_SECONDS = 4
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Endpoints:
    """Confirms every challenge. Answers below /healthy at once, below /slow late, below /hanging never; one port is dead."""

    def __init__(self):
        # Copied before this process has threads; a copy needs no import.
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(self.pipe, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.port, self.dead_port = self.pipe.recv()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def dead_url(self):
        return f"http://127.0.0.1:{self.dead_port}/dead"

    def ask(self, what):
        self.pipe.send(what)
        return self.pipe.recv()

    def revive(self):
        """The dead one listens, to confirm a challenge."""
        self.ask("open")

    def kill(self):
        self.ask("close")

    def arrived(self, path):
        """How many deliveries have come below a path."""
        return self.ask("counts").get(path, 0)

    def arrivals(self):
        """The moment, the path and the body of each delivery, in order."""
        return [(at, path, json.loads(body)) for at, path, body in self.ask("arrivals")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()


class Endpoint(asyncio.Protocol):
    def __init__(self, kept):
        self.kept, self.got, self.transport = kept, b"", None

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.got += data
        head, ended, body = self.got.partition(b"\r\n\r\n")
        if not ended or len(body) < int(LENGTH.search(head)[1]):
            return
        at, path = time.monotonic(), head.split(b" ", 2)[1].decode()
        if b'"webhook.verification"' in body:
            return self.answer(json.loads(body)["challenge"].encode())
        self.kept.append((at, path, body))
        if path.startswith("/slow"):
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self.answer)
        elif not path.startswith("/hanging"):
            self.answer()

    def answer(self, body=b""):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        self.transport.close()


def serve(asker, pipe):
    """Until the one who asks is gone, which only shows once no copy of its end is open here."""
    asker.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError):
        asyncio.run(converse(pipe))


async def converse(pipe):
    loop, kept = asyncio.get_running_loop(), []

    async def listen(port):
        server = await loop.create_server(lambda: Endpoint(kept), "127.0.0.1", port, backlog=512)
        return server, server.sockets[0].getsockname()[1]

    (_, port), (dead, dead_port) = await listen(0), await listen(0)
    asked = asyncio.Event()
    loop.add_reader(pipe.fileno(), asked.set)
    pipe.send((port, dead_port))
    while True:
        await asked.wait()
        asked.clear()
        while pipe.poll():
            what = pipe.recv()
            if what == "open" and not dead.is_serving():
                dead, _ = await listen(dead_port)
            elif what == "close":
                dead.close()
                await dead.wait_closed()
            pipe.send({"arrivals": kept, "counts": counts(kept)}.get(what))


def counts(kept):
    first = [path.split("/")[1] for _, path, _ in kept]
    return {f"/{name}": first.count(name) for name in set(first)}
