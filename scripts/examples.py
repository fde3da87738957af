"""Runs example programs as a reader would: their placeholders replaced by a real server, key and ids, nothing else."""

import ast
import json
import os
import subprocess
import sys

SECONDS_MAX = 30
# The example's own console.log, but in JSON, so that its output can be read.
SHOW_JSON = "data:text/javascript,console.log = (value) => process.stdout.write(JSON.stringify(value))"
COMMANDS = {
    "curl": ["bash", "-c", "{source}"],
    "javascript": ["node", "--import", SHOW_JSON, "--input-type=module", "--eval", "{source}"],
    "python": [sys.executable, "-c", "{source}"],
}


class Failed(Exception):
    pass


def run(language, source, replaced):
    """What the example prints."""
    for placeholder, real in replaced.items():
        source = source.replace(placeholder, real)
    command = [part.replace("{source}", source) for part in COMMANDS[language]]
    done = subprocess.run(
        command, env={**os.environ, "NO_PROXY": "*"}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX
    )
    if done.returncode:
        raise Failed(f"{language} ended with {done.returncode}: {done.stderr[-800:]}\n{source}")
    try:
        printed = ast.literal_eval(done.stdout) if language == "python" else json.loads(done.stdout)
    except (ValueError, SyntaxError) as error:
        raise Failed(f"{language} printed no JSON: {done.stdout[:500]!r} {done.stderr[-300:]}\n{source}") from error
    if "error" in printed:
        raise Failed(f"{language} got an error: {printed}\n{source}")
    return printed
