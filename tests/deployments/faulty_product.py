"""The files of a product that misbehaves when told to: for tests that break a deployment at one of its steps.

A fault is a file `fault-<what>` among the environment's data (or in `build-data`) that says `<label> <kind>`: only the
release called `label` is hit. What runs says three things of itself: its release, its code and its setting `SHOP`.
"""

COMMANDS = """
[build]
command = ["{python}", "step.py", "build"]
timeout_seconds = 4
[backup]
command = ["{python}", "step.py", "backup"]
timeout_seconds = 4
[migrate]
command = ["{python}", "step.py", "migrate"]
timeout_seconds = 4
"""

START = """
[start]
command = ["{python}", "server.py"]
"""

ASKED = """
[health]
path = "/health"
timeout_seconds = 6
[probe]
path = "/probe"
field = "release"
"""

DEPLOYED = """
[deploy]
command = ["{python}", "step.py", "deploy"]
timeout_seconds = 4
[health]
timeout_seconds = 6
[probe]
command = ["{python}", "step.py", "probe"]
timeout_seconds = 4
"""

MANIFESTS = {
    "process": COMMANDS + START + ASKED,
    "command": COMMANDS + DEPLOYED,
    "fake": COMMANDS + '[probe]\npath = "/"\n',
    "ssh": COMMANDS + ASKED,
    "pipeline": COMMANDS + ASKED,
}

FAULTS = '''
import os, pathlib, signal, sys, time

DATA = pathlib.Path(os.environ["DATA_DIR"])
if os.environ.get("ENVIRONMENT") == "build":  # it knows no environment, only that it is below the artefacts
    DATA = pathlib.Path.cwd().parents[1] / "build-data"


def fault(what, release):
    """The kind of fault that is meant for `release` here, or nothing."""
    file = DATA / f"fault-{what}"
    label, _, kind = file.read_text().partition(" ") if file.exists() else ("", "", "")
    return kind if label and release.startswith(label + "+") else ""


def suffer(kind, folder):
    if kind == "error":
        sys.exit("It cannot be done.")
    if kind == "timeout":
        time.sleep(60)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind in ("disk full", "fill"):
        fill(folder, quietly=kind == "fill")


def fill(folder, quietly):
    """Write until nothing fits any more; the last byte counts as well."""
    with open(folder / "filler", "ab", buffering=0) as filler:
        for size in (65536, 4096, 1):
            try:
                while filler.write(b"x" * size) and filler.tell() < 64_000_000:
                    pass
            except OSError as error:
                last = error
    if not quietly:
        raise last
'''

STEP = '''
import os, pathlib, shutil, sys
from faults import DATA, fault, suffer

SITE = DATA / "site"


def deploy():
    """Copy the release beside the others unless it is there from before, then switch to it by one rename."""
    release, config = os.environ["RELEASE"], os.environ["SHOP"]
    kind = fault("deploy", release)
    folder = SITE / "releases" / (os.environ["DIGEST"] + "." + config)
    if not folder.exists():
        draft = folder.with_suffix(".tmp." + os.environ["FENCE"])
        shutil.copytree(".", draft)
        (draft / "says").write_text(release + " " + config)
        suffer(kind, DATA)
        draft.rename(folder)
    link = SITE / "next"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.relative_to(SITE))
    link.replace(SITE / "current")
    suffer(kind.removeprefix("late "), DATA)


def says():
    return (SITE / "current" / "says").read_text().split(" ")


def main(step):
    if step == "deploy":
        return deploy()
    release = says()[0] if step == "probe" else os.environ["RELEASE"]
    suffer(fault(step, release), pathlib.Path.cwd() if step == "build" else DATA)
    if step == "health" and says()[0] != release:
        sys.exit("something else is there")
    print(says()[0] if step == "probe" else step + " done", flush=True)


main(sys.argv[1])
'''

SERVER = """
import http.server, json, os, threading
from faults import DATA, fault, suffer

RELEASE = os.environ["RELEASE"]
CODE = open("code").read()
PROBES = []


class Shop(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        PROBES.append(self.path == "/probe")
        kind = fault("health", RELEASE) or (sum(PROBES) > 1 and fault("verify", RELEASE))
        status = 500 if kind in ("500", "error") else 200
        if kind != "500" and kind != "error":
            suffer(kind, DATA)
        says = {"release": RELEASE if status == 200 else "odd", "code": CODE, "config": os.environ.get("SHOP")}
        self.send_response(status); self.end_headers(); self.wfile.write(json.dumps(says).encode())

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True


suffer(fault("start", RELEASE), DATA)
Server(("127.0.0.1", int(os.environ["PORT"])), Shop).serve_forever()
"""

RESTART = """
import os, pathlib, signal, subprocess, sys
from faults import DATA, fault, suffer

suffer(fault("restart", os.environ["RELEASE"]), DATA)
pid = DATA / "pid"
if pid.exists():
    try:
        os.kill(int(pid.read_text()), signal.SIGKILL)
    except ProcessLookupError:
        pass
null = subprocess.DEVNULL
pid.write_text(str(subprocess.Popen([sys.executable, "server.py"], stdout=null, stderr=null).pid))
"""

FILES = {"faults.py": FAULTS, "step.py": STEP, "server.py": SERVER, "restart.py": RESTART}
