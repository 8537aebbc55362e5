"""The ssh server that other tests speak with: OpenSSH's and the small one behave alike."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncssh
import pytest

from tests.ssh_server import SshServer, openssh_is_there

KINDS = [pytest.param(True, marks=pytest.mark.skipif(not openssh_is_there(), reason="no sshd, or not root")), False]


def _talk(conversation: Coroutine[Any, Any, tuple[str, int | None]]) -> tuple[str, int | None]:
    """In a thread of its own: another test's browser may have left an event loop running in this one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, conversation).result()


async def _say(server: SshServer, command: str, text: str) -> tuple[str, int | None]:
    trusted = ([asyncssh.import_public_key(server.host_key)], [], [])
    keys = [asyncssh.import_private_key(server.private_key)]
    async with asyncssh.connect(
        "127.0.0.1", server.port, username=server.user, client_keys=keys, known_hosts=trusted, config=None
    ) as connection:
        done = await connection.run(command, input=text)
        return str(done.stdout), done.returncode


@pytest.mark.parametrize("openssh", KINDS)
def test_a_command_reads_its_input_and_says_its_exit_code(tmp_path, openssh):
    with SshServer(tmp_path / "host", openssh=openssh) as server:
        assert _talk(_say(server, "cat; exit 3", "здравствуй\n")) == ("здравствуй\n", 3)


@pytest.mark.parametrize("openssh", KINDS)
def test_it_is_gone_at_once_and_back_with_another_key(tmp_path, openssh):
    with SshServer(tmp_path / "host", openssh=openssh) as server:
        before = server.host_key
        server.stop()
        with pytest.raises(OSError):
            _talk(_say(server, "true", ""))
        server.change_host_key()
        server.start()
        assert server.host_key != before
        assert _talk(_say(server, "echo here", ""))[0] == "here\n"
