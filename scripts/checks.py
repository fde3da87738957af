"""Counts what holds and what does not, one line each."""

import time

EVENT_SECONDS_MAX = 15


class Checks:
    passed = failed = 0

    def check(self, claim, holds, seen=""):
        if holds:
            self.passed += 1
            print(f"ok    {claim}")
        else:
            self.failed += 1
            print(f"FAIL  {claim}\n      {seen}")

    def equal(self, claim, seen, wanted):
        self.check(claim, seen == wanted, f"expected {wanted!r}\n      saw      {seen!r}")

    def none(self, claim, differences, seen=""):
        self.check(claim, not differences, "\n      ".join([*differences, *([f"in {seen}"] if seen else [])]))

    def skip(self, claim, reason):
        print(f"skip  {claim}: {reason}")


def until(look, seconds=EVENT_SECONDS_MAX):
    """Looks again and again until it is true; whether it became so."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(seen)
