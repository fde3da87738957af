"""Holds every example of the description against the schema that it is an example of."""

import json
import sys

import jsonschema_rs


def examples(part, place=""):
    """Each example with its schema and where it stands."""
    if isinstance(part, list):
        part = dict(enumerate(part))
    if not isinstance(part, dict):
        return
    if "schema" in part and "example" in part:
        yield place, part["schema"], part["example"]
    if "type" in part and isinstance(part.get("examples"), list):
        yield from ((place, part, example) for example in part["examples"])
    for name, inner in part.items():
        yield from examples(inner, f"{place}/{name}")


def main():
    document = json.load(sys.stdin)
    wrong = 0
    for place, schema, example in examples(document):
        validator = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]}, validate_formats=True)
        for error in validator.iter_errors(example):
            print(f"{place}: {error.message}")
            wrong += 1
    sys.exit(wrong > 0)


main()
