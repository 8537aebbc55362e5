"""Programs on PATH that write down how they were called, answer as the real ones would, and fail when told to."""

import json
import os
import sys
from pathlib import Path
from typing import Any

STUB = """#!{python}
import json, os, pathlib, sys
folder = pathlib.Path({folder!r})
name, argv = os.path.basename(sys.argv[0]), sys.argv[1:]
facts = {{key: os.environ.get(key) for key in ("RELEASE", "FENCE", "DIGEST", "ENVIRONMENT", "IMAGE", "DATABASE_URL")}}
standing = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
with open(folder / "calls.jsonl", "a") as calls:
    print(json.dumps({{"name": name, "argv": argv, "env": facts, "stdin": standing}}), file=calls)
line = " ".join([name, *argv])
for rule in json.loads((folder / "rules.json").read_text()):
    if rule["has"] in line:
        print(rule["says"].format(**facts), end="")
        (folder / "state").write_text(facts["RELEASE"]) if rule["keeps"] else None
        if rule["tells"]:
            print((folder / "state").read_text())
        sys.exit(rule["code"])
"""


class Recorder:
    """`calls` in their order; `rules` are asked from the first to the last, the first that fits answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        (folder / "state").write_text("")
        self.rules: list[dict[str, Any]] = []
        self.say("nothing fits this")

    def program(self, *names: str) -> None:
        for name in names:
            path = self.folder / "bin" / name
            path.write_text(STUB.format(python=sys.executable, folder=str(self.folder)))
            path.chmod(0o755)

    def say(self, has: str, text: str = "", *, code: int = 0, keeps: bool = False, tells: bool = False) -> None:
        """Answer a call whose line holds `has`; `keeps` remembers RELEASE, `tells` prints what is remembered."""
        self.rules.insert(0, {"has": has, "says": text, "code": code, "keeps": keeps, "tells": tells})
        (self.folder / "rules.json").write_text(json.dumps(self.rules))

    @property
    def calls(self) -> list[dict[str, Any]]:
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def lines(self) -> list[str]:
        return [" ".join([call["name"], *call["argv"]]) for call in self.calls]

    @property
    def path(self) -> str:
        return f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
