"""Compares a real answer with a documented one: the same fields, the same types, texts of the same form."""

import re

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
# A documented text that matches the first has to be matched by the second; `\1` is the example's own prefix.
FORMS = [
    (TIME, TIME),
    (f"{TIME}/{TIME}", f"{TIME}/{TIME}"),
    (r"([a-z]{2,5}(?:_[a-z]{2})?)_[a-z0-9]{10}", r"\1_[a-z0-9]{10}"),
    (r"cfk_\w{4}\.\.\.\w{4}", r"cfk_[A-Za-z0-9]{4}\.\.\.[A-Za-z0-9]{4}"),
    (r"whsec_\w+", r"whsec_[A-Za-z0-9]{32}"),
    (r"#[0-9a-f]{6}", r"#[0-9a-f]{6}"),
    (r"https?://.+", r"https?://.+"),
    (r"<script .+", r'<script src="https?://[^"/]+/widget\.js" data-agent="agt_[a-z0-9]{10}"></script>'),
    (r"[^@\s]+@[^@\s]+", r"[^@\s]+@[^@\s]+"),
    (r"(active|completed|deactivated|success|assistant|user)", r"(active|completed|deactivated|success|assistant|user)"),
    (r"(lead|conversation|agent|payment)\.[a-z_]+", r"(lead|conversation|agent|payment)\.[a-z_]+"),
    (r"[a-z]+:[a-z]+", r"[a-z]+:[a-z]+"),
]


def differences(documented, real, place="answer"):
    """What the real answer lacks or has in another form; further fields are no difference."""
    if isinstance(documented, dict) and isinstance(real, dict):
        return [line for name, value in documented.items() for line in field(name, value, real, place)]
    if isinstance(documented, list) and isinstance(real, list):
        if documented and not real:
            return [f"{place} is empty, so nothing can be seen of its items"]
        items = [(documented[0], item, f"{place}[{number}]") for number, item in enumerate(real)] if documented else []
        return [line for item in items for line in differences(*item)]
    if kind(documented) != kind(real) and (kind(documented), kind(real)) != ("number", "integer"):
        return [f"{place} is {kind(real)} ({real!r}), documented as {kind(documented)} ({documented!r})"]
    if isinstance(documented, str) and not same_form(documented, real):
        return [f"{place} is {real!r}, documented like {documented!r}"]
    return []


def undocumented(documented, real, place="answer"):
    """Fields of the real answer that the documented one does not show."""
    if isinstance(documented, dict) and isinstance(real, dict):
        here = [f"{place}.{name} is not shown" for name in real if name not in documented]
        below = [line for name in documented if name in real for line in undocumented(documented[name], real[name], f"{place}.{name}")]
        return here + below
    if isinstance(documented, list) and isinstance(real, list) and documented:
        return [line for item in real for line in undocumented(documented[0], item, f"{place}[]")]
    return []


def field(name, documented, real, place):
    if name not in real:
        return [f"{place}.{name} is missing"]
    return differences(documented, real[name], f"{place}.{name}")


def kind(value):
    """A JSON type. Where a fraction is documented it may happen to be whole; a documented integer is always whole."""
    return {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}.get(type(value), type(value).__name__)


def same_form(documented, real):
    for shown, wanted in FORMS:
        if found := re.fullmatch(shown, documented):
            return re.fullmatch(wanted.replace(r"\1", found[1]) if r"\1" in wanted else wanted, real) is not None
    return True
