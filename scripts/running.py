"""Runs the chatforge binary on a folder of its own, and speaks to it as a program and as visitors do."""

import http.client
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS_MAX = 20
REPLY_SECONDS_MAX = 20
LISTENING = re.compile(r"http://127\.0\.0\.1:\d+")


def target():
    return ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


def binary():
    """CHATFORGE_BIN, else the release build, else the debug build."""
    named = os.environ.get("CHATFORGE_BIN")
    choices = [Path(named)] if named else [target() / kind / "chatforge" for kind in ("release", "debug")]
    found = next((path.resolve() for path in choices if path.exists()), None)
    return found or exit(f"there is no {' and no '.join(map(str, choices))}; run: cargo build")


class Reply:
    def __init__(self, status, headers, raw):
        self.status, self.headers, self.raw = status, headers, raw

    @property
    def json(self):
        return json.loads(self.raw)

    def expect(self, status):
        if self.status != status:
            raise RuntimeError(f"expected status {status}, got {self.status}: {self.raw[:500]!r}")
        return self

    def events(self):
        """The (name, data) pairs of an event stream, in order."""
        for block in self.raw.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
            if "event" in fields:
                yield fields["event"], json.loads(fields["data"])


def call(url, method, path, body=None, headers=()):
    """One request on a connection of its own, past any proxy of the environment."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=REPLY_SECONDS_MAX)
    try:
        sent = {"Content-Type": "application/json", **dict(headers)}
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        reply = connection.getresponse()
        return Reply(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


class Server:
    """A configuration, a data folder and the process that serves them, gone at the end of a `with` block."""

    def __init__(self, program, config):
        self.program = program
        self.folder = tempfile.TemporaryDirectory(prefix="chatforge-")
        self.data = Path(self.folder.name) / "data"
        self.config = Path(self.folder.name) / "chatforge.toml"
        self.config.write_text(config)
        self.log = Path(self.folder.name) / "log"
        own = {name: value for name, value in os.environ.items() if not name.startswith("CHATFORGE_")}
        self.environment = {**own, "CHATFORGE_ALLOW_TESTING": "1"}
        self.process = self.url = self.key = None

    def command(self, *arguments):
        return [str(self.program), "--config", str(self.config), "--data", str(self.data), *arguments]

    def spawn(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command("serve"), env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )

    def start(self):
        """Reads the address from what the server prints; it picks a free port itself."""
        self.spawn()
        said = b""
        for line in self.process.stdout:
            said += line
            if found := LISTENING.search(line.decode()):
                self.url = found[0]
                return self
        raise RuntimeError(f"the server ended before it was ready: {said!r} {self.log.read_text()}")

    def stop(self):
        """The exit code after a polite request to stop."""
        self.process.terminate()
        return self.process.wait(timeout=STOP_SECONDS_MAX)

    def run(self, *arguments, stdin=""):
        """What another command prints, run beside the server."""
        done = subprocess.run(self.command(*arguments), env=self.environment, input=stdin, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"chatforge {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def api(self, method, path, body=None):
        return call(self.url, method, f"/api/v1{path}", body, {"Authorization": f"Bearer {self.key}"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process:
            self.process.stdout.close()
        self.folder.cleanup()


class Visitor:
    """Somebody on a page of a website with the widget on it."""

    def __init__(self, server, agent, page_url, user_agent="Mozilla/5.0"):
        self.server, self.messages = server, 0
        page = urlsplit(page_url)
        self.headers = {"Origin": f"{page.scheme}://{page.netloc}", "User-Agent": user_agent}
        self.boot = self.post("boot", {"agent_id": agent, "page_url": page_url}).expect(200).json
        self.id = self.boot["visitor_id"]
        self.headers["Authorization"] = f"Bearer {self.boot['session']}"

    def post(self, path, body, accept="application/json"):
        return call(self.server.url, "POST", f"/widget/v1/{path}", body, {**self.headers, "Accept": accept})

    def send(self, content, accept="application/json", client_id=None):
        self.messages += 1
        body = {"content": content, "client_id": client_id or f"{self.id}-{self.messages}"}
        return self.post("messages", body, accept).expect(200)

    def ask(self, content, client_id=None):
        return self.send(content, client_id=client_id).json

    def ask_streaming(self, content):
        return list(self.send(content, accept="text/event-stream").events())
