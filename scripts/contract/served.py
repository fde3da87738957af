"""What the checks of the API's description share: their tools, and a server with one of everything and no limits."""

import hashlib
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from receiver import Receiver
from running import Server, Visitor, binary, target

HERE = Path(__file__).resolve().parent
PINS = HERE / "requirements.txt"

CONFIG = """
[server]
listen = "127.0.0.1:0"

[accounts]
failed_authentications_per_minute = 1000000

[plans.scale]
requests_per_minute = 1000000
burst_per_second = 1000000

[testing]
allow_private_addresses = true
public_limits = false
"""


def tools():
    """The folder of the programs, installed where they are not yet."""
    venv = target() / "contract-venv"
    stamp, wanted = venv / "made-from", f"{sys.version} {hashlib.sha256(PINS.read_bytes()).hexdigest()}"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        pip = [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(PINS)], check=True)
        stamp.write_text(wanted)
    return venv.resolve() / "bin"


@contextmanager
def served():
    """A server with an account on the plan without limits; `server.key` is its key."""
    with Server(binary(), CONFIG) as server:
        server.start()
        server.run("admin", "create", "--email", "contract@example.com", "--password-stdin", stdin="a-long-enough-passphrase\n")
        server.key = server.run("key", "create", "--name", "Contract")
        yield server


def furnish(server, receiver):
    """One of everything, as ids by the names that paths give them."""
    agent = server.api("POST", "/agents", {"name": "Furnished"}).expect(201).json["id"]
    server.api("POST", f"/agents/{agent}/knowledge", {"content": "We open at nine."}).expect(201)
    webhook = {"url": f"{receiver.url}/furnished", "events": ["lead.captured"]}
    webhook = server.api("POST", "/webhooks", webhook).expect(201).json["id"]
    visitor, conversation = visit(server, agent)
    delivery = server.api("POST", f"/webhooks/{webhook}/test").expect(202).json["id"]
    return {
        "agent": agent,
        "entry": server.api("GET", f"/agents/{agent}/knowledge").json["knowledge"][0]["id"],
        "conversation": conversation,
        "visitor": visitor,
        "lead": server.api("GET", f"/agents/{agent}/leads").json["leads"][0]["id"],
        "webhook": webhook,
        "delivery": delivery,
    }


def spare(server, agent, count=20):
    """What may be deleted."""
    for number in range(count):
        server.api("POST", f"/agents/{agent}/knowledge", {"content": f"Spare entry {number}."}).expect(201)
    entries = server.api("GET", f"/agents/{agent}/knowledge").json["knowledge"]
    return {
        "entry": [entry["id"] for entry in entries if entry["content"].startswith("Spare")],
        "visitor": [visit(server, agent)[0] for _ in range(count)],
        "conversation": [visit(server, agent)[1] for _ in range(count)],
    }


def visit(server, agent):
    """A visitor who asks something and leaves an address, and the conversation."""
    visitor = Visitor(server, agent, "https://example.com/pricing")
    conversation = visitor.ask("When do you open?")["conversation_id"]
    visitor.post("leads", {"name": "Jane Smith", "email": "jane@example.com"}).expect(201)
    return visitor.id, conversation


def environment(**named):
    """For programs that speak to the server alone: no proxy, nothing of the caller's settings."""
    own = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return {**own, "PYTHONDONTWRITEBYTECODE": "1", **{name: text_of(value) for name, value in named.items()}}


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)
