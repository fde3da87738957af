"""Takes the API document apart: which calls it shows, in which languages, and what they answer.

The text comes from a web page whose parts were run together: one example ends and the next begins on the same line.
"""

import json
import re
from dataclasses import dataclass, field

HOST = "https://chatforge.aiedge247.com"
PIECE = re.compile(
    r"(?P<curl>^curl )|(?P<javascript>const \w+ = )|(?P<python>import requests)|(?P<json>(?:^|(?<=\)\)))\{$)", re.MULTILINE
)
JAVASCRIPT_END = re.compile(r"console\.log\(\w+\);")
PYTHON_END = re.compile(r"print\(res\.json\(\)\)")
CALLED = re.compile(r"-X (\w+)")
ADDRESS = re.compile(re.escape(HOST) + r"/api/v1([^\s\"?]*)")


@dataclass
class Call:
    """One example call: its source in every language, and its answer if the document shows one."""

    method: str
    path: str
    sources: dict
    answers: list = field(default_factory=list)

    @property
    def name(self):
        return f"{self.method} {self.path}"


@dataclass
class Document:
    calls: list
    error: dict
    envelope: dict
    events: dict

    def answer(self, name):
        return next(call.answers[0] for call in self.calls if call.name == name and call.answers)


def read(path):
    # Whatever an event carries stands in the envelope as three dots.
    text = path.read_text().replace("{ ... }", "{}")
    calls, alone, at = [], [], 0
    while piece := PIECE.search(text, at):
        kind, start = piece.lastgroup, piece.start()
        if kind == "json":
            value, at = json.JSONDecoder().raw_decode(text, start)
            of_call = calls and text[:start].endswith("print(res.json())")
            (calls[-1].answers if of_call else alone).append(value)
            continue
        source, at = cut(kind, text, start)
        if kind == "curl":
            calls.append(new_call(source))
        calls[-1].sources[kind] = source
    events = {value["type"]: value for value in alone if "type" in value}
    return Document(calls, next(v for v in alone if "error" in v), events.pop("event.type"), events)


def cut(kind, text, start):
    """The example that begins at `start`, and where it ends."""
    if kind == "curl":
        end = command_end(text, start)
        # A line break was lost behind each of these backslashes.
        return re.sub(r"\\ +(?=-)", "", text[start:end]), end
    end = {"javascript": JAVASCRIPT_END, "python": PYTHON_END}[kind].search(text, start).end()
    return text[start:end], end


def command_end(text, start):
    """A shell command ends at a line break that is neither quoted nor escaped, or where a quote closes into a word."""
    quote = None
    for at in range(start, len(text)):
        char = text[at]
        if quote:
            if char == quote and text[at - 1] != "\\":
                quote = None
                if text[at + 1 : at + 2].isalpha():
                    return at + 1
        elif char in "'\"":
            quote = char
        elif char == "\n" and text[at - 1] != "\\":
            return at
    return len(text)


def new_call(curl):
    method = CALLED.search(curl)
    return Call(method[1] if method else "GET", ADDRESS.search(curl)[1], {})
