"""Holds the documentation page to what it says: every example on it is run, every answer it shows compared."""

import csv
import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import examples
from running import call
from shape import differences, undocumented

BYTES_MAX = 60 * 1024
PLACE = re.compile(r"\{\w+\}")
# Reads secret and signature from its arguments and the body from its standard input; the last line prints true or false.
CALLERS = {
    "node": ("node", ".mjs", 'import { readFileSync } from "node:fs";\n{source}\n'
             "console.log(verify(readFileSync(0), process.argv[3], process.argv[2]));"),
    "python": (sys.executable, ".py", "{source}\nimport sys\nprint(str(verify(sys.stdin.buffer.read(), sys.argv[2], sys.argv[1])).lower())"),
    "php": ("php", ".php", "{source}\necho json_encode(verify(file_get_contents('php://stdin'), $argv[2], $argv[1]));"),
    "ruby": ("ruby", ".rb", "{source}\nputs verify($stdin.binmode.read, ARGV[1], ARGV[0])"),
}


class Page(HTMLParser):
    """The examples of every endpoint and event, by the id of its article."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.styles, self.inline = set(), set(), [], []
        self.articles, self.samples, self.calls, self.params = {}, {}, {}, {}
        self.article = self.kind = self.reading = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.ids.add(named.get("id"))
        if (link := named.get("href") or "").startswith("#"):
            self.links.add(link[1:])
        if tag == "style" or "style" in named or any(name.startswith("on") for name in named):
            self.styles.append((tag, named))
        if tag == "script" and "src" not in named:
            self.inline.append(named)
        if tag == "article":
            self.article = named["id"]
            self.articles[self.article], self.params[self.article] = {}, set()
        elif tag == "figure":
            self.kind = named["data-kind"]
        elif tag == "pre":
            self.reading = []
        elif tag == "div" and named.get("data-place") in ("query", "body"):
            self.params[self.article].add(named["data-name"])
        elif tag == "p" and named.get("class") == "call":
            self.calls[self.article] = self.reading = []

    def handle_data(self, text):
        if self.reading is not None:
            self.reading.append(text)

    def handle_endtag(self, tag):
        if tag == "pre":
            kept = self.samples if self.article is None else self.articles[self.article]
            kept[self.kind] = "".join(self.reading)
            self.reading = None
        elif tag == "p":
            self.reading = None
        elif tag == "article":
            self.article = None

    def operations(self):
        """The names of query parameters and body fields, by `GET /agents/{}`, of every endpoint described."""
        called = {name: " ".join("".join(parts).split()) for name, parts in self.calls.items()}
        return {PLACE.sub("{}", call): self.params[name] for name, call in called.items()}


def check(checks, server, stage, receiver, secret):
    got = call(server.url, "GET", "/docs").expect(200)
    policy = got.headers["Content-Security-Policy"]
    checks.check("the page is under the strict policy", "script-src 'self'; style-src 'self'" in policy and "unsafe" not in policy, policy)
    page = Page(got.raw.decode())
    checks.equal("it has no inline script and no inline style", (page.inline, page.styles), ([], []))
    size = len(gzip.compress(got.raw))
    checks.check(f"it has {size} bytes compressed, at most {BYTES_MAX}", size <= BYTES_MAX)
    checks.equal("every link within it leads somewhere", page.links - page.ids, set())
    check_complete(checks, server, page)
    for name, shown in page.articles.items():
        if "response" in shown:
            check_endpoint(checks, stage, name, shown)
        else:
            check_event(checks, receiver, name, json.loads(shown["payload"]))
    check_claims(checks, stage)
    for kind in CALLERS:
        check_verification(checks, kind, page.samples[kind], receiver.deliveries[0], secret)


def check_complete(checks, server, page):
    """The page and the OpenAPI document were written apart: each tells whether the other forgot something."""
    specification = call(server.url, "GET", "/api/v1/openapi.json").expect(200).json
    described = {
        f"{method.upper()} {PLACE.sub('{}', path)}": inputs(specification, operation)
        for path, operations in specification["paths"].items() for method, operation in operations.items()
    }
    # The page says that it does what PUT does.
    described.pop("PATCH /agents/{}")
    shown = page.operations()
    checks.equal("the page and the OpenAPI document have the same operations", sorted(shown), sorted(described))
    for operation in sorted(shown.keys() & described.keys()):
        checks.equal(f"they name the same parameters of {operation}", shown[operation], described[operation])


def inputs(specification, operation):
    """Query parameters and body fields; paths are compared as such, and headers are explained once for all."""
    parameters = (resolve(specification, one) for one in operation.get("parameters", []))
    body = resolve(specification, operation.get("requestBody", {})).get("content", {}).get("application/json", {})
    fields = resolve(specification, body.get("schema", {})).get("properties", {})
    return {one["name"] for one in parameters if one["in"] == "query"} | set(fields)


def resolve(specification, value):
    while "$ref" in value:
        name = value["$ref"]
        value = specification
        for part in name.removeprefix("#/").split("/"):
            value = value[part]
    return value


def check_endpoint(checks, stage, name, shown):
    documented = json.loads(shown["response"])
    for language in examples.COMMANDS:
        claim = f"docs, {name} in {language}, runs and answers as shown"
        try:
            answer = newest(examples.run(language, shown[language], stage.placeholders()))
        except examples.Failed as failed:
            checks.check(claim, False, failed)
            continue
        checks.none(claim, differences(documented, answer) + undocumented(documented, answer), answer)


def check_claims(checks, stage):
    """What the page says outside its examples."""
    stage.placeholders()
    api, agent = stage.account.api, stage.agents[0]
    once = {"Idempotency-Key": "conformance-1"}
    refused = api("POST", "/agents", {"name": "Once", "color": "red"}, headers=once)
    checks.equal("docs, a 422 reads as shown", refused.json["error"]["message"], "color: must be a hex colour such as #6366f1")
    first, again = (api("POST", "/agents", {"name": "Once"}, headers=once) for _ in range(2))
    seen = (first.status, again.status, again.raw == first.raw, again.headers["Idempotent-Replayed"])
    checks.equal("docs, a failed request's key can be used again, then it replays", seen, (201, 201, True, "true"))
    checks.equal("docs, the key with another body is a 422", api("POST", "/agents", {"name": "Other"}, headers=once).status, 422)
    path = f"/agents/{agent}"
    tag = api("GET", path).headers["ETag"]
    checks.equal("docs, an unchanged answer is a 304", api("GET", path, headers={"If-None-Match": tag}).status, 304)
    for kind in ("conversations", "leads"):
        table = api("GET", f"{path}/{kind}?limit=1", headers={"Accept": "text/csv"})
        rows = list(csv.reader(io.StringIO(table.raw.decode())))
        total = api("GET", f"{path}/{kind}").json["total"]
        checks.equal(f"docs, {kind} as CSV hold every row", (table.headers["Content-Type"].split(";")[0], len(rows) - 1), ("text/csv", total))
        check_cursor(checks, api, f"{path}/{kind}", kind, total)
    for words, found in (("growth", True), ("zeppelin", False)):
        total = api("GET", f"{path}/leads?q={words}").json["total"]
        checks.equal(f"docs, q={words} finds {'some' if found else 'no'} leads", total > 0, found)


def check_cursor(checks, api, path, kind, total):
    ids, after = [], ""
    while after is not None:
        listed = api("GET", f"{path}?limit=1{after and '&after=' + after}").json
        ids += [row["id"] for row in listed[kind]]
        after = listed["next_after"]
    checks.equal(f"docs, after= walks over all {kind}", (len(ids), len(set(ids))), (total, total))


def newest(value):
    """Lists cut to their first row: older ones may lack what was deleted since."""
    if isinstance(value, dict):
        return {name: newest(part) for name, part in value.items()}
    return [newest(value[0])] if isinstance(value, list) and value else value


def check_event(checks, receiver, kind, documented):
    for body in receiver.accepted(kind):
        checks.none(f"docs, {kind} is as shown", differences(documented, body) + undocumented(documented, body), body)
    if not receiver.accepted(kind):
        checks.skip(f"docs, {kind}", "it did not happen here")


def check_verification(checks, kind, source, delivery, secret):
    program, ending, caller = CALLERS[kind]
    if not shutil.which(program):
        checks.skip(f"docs, verification in {kind}", f"{program} is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / f"verify{ending}"
        script.write_text(caller.replace("{source}", source))
        right = delivery["headers"]["x-chatforge-signature"]
        seen = [verify(program, script, *given) for given in (
            (secret, right, delivery["raw"]), (secret, right, delivery["raw"] + b" "), (secret, "0" * 64, delivery["raw"]), (secret, "", delivery["raw"]),
        )]
    checks.equal(f"docs, verification in {kind} takes the real signature and no other", seen, ["true", "false", "false", "false"])


def verify(program, script, secret, signature, body):
    done = subprocess.run([program, script, secret, signature], input=body, capture_output=True, timeout=examples.SECONDS_MAX)
    return done.stdout.decode().strip() or done.stderr.decode()
