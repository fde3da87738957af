"""What schemathesis cannot know of ChatForge: which ids exist, which address confirms a challenge, that keys are used once."""

import json
import os
import re
import uuid

import schemathesis
from hypothesis import strategies

FURNISHED = json.loads(os.environ["CONTRACT_FURNISHED"])
SPARE = json.loads(os.environ["CONTRACT_SPARE"])
RECEIVER = os.environ["CONTRACT_RECEIVER"]
NAMES = ["example.com", "app.example.com", "*.example.com", "Example.ORG", "xn--bcher-kva.example"]
CURSOR = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,100}")
URL = re.compile(r"(?=.{1,2048}$)https://[A-Za-z0-9][A-Za-z0-9.-]*([:/?#][\w.~:/?#@!$&'()*+,;=%-]*)?", re.ASCII)
KEY = re.compile(r"(?=.{1,255}$)[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
NOBODY = "0000000000"

schemathesis.openapi.format("domain", strategies.sampled_from(NAMES))


def well_formed(name, value):
    return isinstance(value, str) and re.fullmatch(rf"{FURNISHED[name].split('_')[0]}_[a-z0-9]{{10}}", value)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Half of the ids that are drawn become those of what exists."""
    for name, value in (path_parameters or {}).items():
        if well_formed(name, value) and value[-1] < "n":
            path_parameters[name] = FURNISHED[name]
    return path_parameters


@schemathesis.hook
def before_call(context, case, kwargs):
    keep_furniture(case)
    # Of these a client makes another path.
    case.path_parameters.update({name: "nobody" for name, value in case.path_parameters.items() if value in ("", ".", "..")})
    # The same key under two requests would be refused; a cursor that is drawn is never the id of a row.
    if case.headers and KEY.fullmatch(str(case.headers.get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if case.query and CURSOR.fullmatch(str(case.query.get("after", ""))):
        del case.query["after"]
    keep_consent(case)
    if isinstance(case.body, dict) and URL.fullmatch(str(case.body.get("url", ""))):
        # The address that confirms; nothing is sent to any other.
        kwargs["json"] = {**case.body, "url": f"{RECEIVER}/{uuid.uuid4()}"}


def keep_consent(case):
    """No pattern tells every address from what only looks like one."""
    agents = case.body.get("agents", [case.body]) if isinstance(case.body, dict) else []
    for agent in agents if isinstance(agents, list) else []:
        look = agent.get("appearance") if isinstance(agent, dict) else None
        if isinstance(look, dict) and re.fullmatch(r"https?://[!-~]+", str(look.get("consent_url", ""))):
            look["consent_url"] = "https://example.com/privacy"


def keep_furniture(case):
    """What other operations need is not deleted: what is spare goes first, then nothing that exists."""
    if case.method != "DELETE" or not case.path_parameters:
        return
    name, value = list(case.path_parameters.items())[-1]
    if well_formed(name, value) and SPARE.get(name):
        case.path_parameters.update({**{other: FURNISHED[other] for other in case.path_parameters}, name: SPARE[name].pop()})
    elif value == FURNISHED[name]:
        case.path_parameters[name] = f"{value.split('_')[0]}_{NOBODY}"

