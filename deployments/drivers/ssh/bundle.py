"""The code of `remote`, packed so that one line of shell on a host can run it from stdin."""

import json
import shlex
from functools import cache
from pathlib import Path

_PACKAGE = "deployments.drivers.ssh.remote"
_MODULES = ("protocol", "files", "command", "host", "main")
_BOOT = """\
import json, os, sys, types
size, data = int(sys.argv[1]), b""
while len(data) < size:
    data += os.read(0, size - len(data)) or sys.exit(1)
package = sys.modules[sys.argv[2]] = types.ModuleType(sys.argv[2])
for name, code in json.loads(data.decode()):
    full = sys.argv[2] + "." + name
    module = sys.modules[full] = types.ModuleType(full)
    setattr(package, name, module)
    exec(compile(code, full, "exec"), module.__dict__)
package.main.main()
"""


@cache
def code() -> bytes:
    """What the host reads first."""
    folder = Path(__file__).with_name("remote")
    return json.dumps([(name, (folder / f"{name}.py").read_text()) for name in _MODULES]).encode()


def shell_line(python: str) -> str:
    """The command that an ssh server gets; it holds no secret, for everybody on the host can see it."""
    return shlex.join([python, "-I", "-c", _BOOT, str(len(code())), _PACKAGE])
