"""`python -m lifecycle.embedded <verb> [arguments]`: what the Makefile calls inside .venv."""

import sys
from collections.abc import Callable
from importlib import import_module

VERBS = {
    "run": "launcher:run",
    "test": "testing:test",
    "bench": "testing:bench",
    "chaos": "testing:chaos",
    "chaos-smoke": "testing:chaos_smoke",
    "races": "testing:races",
    "lint": "lint:lint",
    "compose": "compose_check:check",
    "reset": "tools:reset",
    "psql": "tools:psql",
    "shell": "tools:shell",
    "manage": "tools:manage",
    "messages": "tools:compile_messages",
}


def main(arguments: list[str]) -> int:
    verb = arguments[0] if arguments else "run"
    if verb not in VERBS:
        print(f"unknown: {verb}; there are {', '.join(VERBS)}")
        return 2
    module, function = VERBS[verb].split(":")
    work: Callable[[list[str]], int] = getattr(import_module(f"lifecycle.embedded.{module}"), function)
    return work(arguments[1:])


sys.exit(main(sys.argv[1:]))
