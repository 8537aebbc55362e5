"""Speaking with hosts: connections of asyncssh in a thread of their own, so that the caller may ask the database.

A host whose key nobody confirmed, or whose key is another one, is never spoken with.
"""

import asyncio
import contextlib
import json
import queue
import tarfile
import threading
from collections.abc import AsyncIterator, Coroutine, Mapping
from pathlib import Path
from typing import Any, Self

import asyncssh

from deployments.drivers.base import DriverError, Log, Stop, Stopped, asked
from deployments.drivers.ssh import bundle
from deployments.drivers.ssh.connecting import Identity, Unreachable, connect
from deployments.drivers.ssh.hosts import Host
from deployments.keeper_state import FencedOut

BEAT_SECONDS, ENDING_SECONDS = 3.0, 12.0
_POLL_SECONDS = 0.05
_BLOCK = 1 << 18
_FOLLOWED = ("run", "ask")
asyncssh.set_log_level("WARNING")
Answer = dict[str, Any]


class Session:
    """Connections to some hosts, kept open until the block ends. Every method may raise DriverError."""

    def __init__(self, identity: Identity, *, python: str = "python3") -> None:
        self.identity, self.python = identity, python
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="ssh")
        self._connections: dict[Host, asyncssh.SSHClientConnection] = {}
        self._processes: dict[Host, Any] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._await(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def ask(self, host: Host, request: Answer, *, log: Log | None = None, stop: Stop = lambda: False) -> Answer:
        """Let the host act; its last word. FencedOut, Stopped, Unreachable, DriverError for a definite no."""
        return self._follow(Conversation(host, request), log, stop)

    def ask_all(self, requests: Mapping[Host, Answer]) -> dict[Host, Answer | Exception]:
        """Ask several hosts at once; what each would have raised stands in for its answer."""
        answers = self._await(self._gather([Conversation(host, request) for host, request in requests.items()]))
        return dict(zip(requests, answers, strict=True))

    def send(self, host: Host, request: Answer, folder: Path, *, stop: Stop) -> Answer:
        """Ask, and send the folder's files when the host says that it needs them."""
        return self._follow(Conversation(host, request, folder), None, stop)

    async def _gather(self, conversations: list["Conversation"]) -> list[Any]:
        return await asyncio.gather(*(self._converse(one) for one in conversations), return_exceptions=True)

    def _await(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _follow(self, conversation: "Conversation", log: Log | None, stop: Stop) -> Answer:
        """Pass the output on and ask whether to stop, here in the caller's thread, until the host has ended."""
        future = asyncio.run_coroutine_threadsafe(self._converse(conversation), self._loop)
        future.add_done_callback(lambda _done: conversation.output.put(("", "")))
        stopped = False
        while not future.done() or not conversation.output.empty():
            with contextlib.suppress(queue.Empty):
                stream, text = conversation.output.get(timeout=_POLL_SECONDS)
                if log and text:
                    log(stream, text)
            if not stopped and asked(stop):
                stopped = True
                self._loop.call_soon_threadsafe(conversation.stopping.set)
        if stopped:
            raise Stopped(f"{conversation.host}: stopped")
        return future.result()

    async def _converse(self, conversation: "Conversation") -> Answer:
        host = conversation.host
        try:
            answer = await conversation.hold(await self._process(host))
        except (OSError, asyncssh.Error) as error:
            self._hang_up(host)
            raise Unreachable(f"{host} went away: {error or type(error).__name__}") from error
        except BaseException:
            self._hang_up(host)
            raise
        if conversation.is_last:
            self._hang_up(host)
        return answer

    async def _process(self, host: Host) -> Any:
        """What acts there, started once for many requests."""
        if host not in self._processes:
            connection = await self._connected(host)
            process = await connection.create_process(bundle.shell_line(self.python), encoding=None)
            process.stdin.write(bundle.code())
            self._processes[host] = process
        return self._processes[host]

    def _hang_up(self, host: Host) -> None:
        if process := self._processes.pop(host, None):
            process.close()

    async def _connected(self, host: Host) -> asyncssh.SSHClientConnection:
        if host not in self._connections or self._connections[host].is_closed():
            self._connections[host] = await connect(host, self.identity)
        return self._connections[host]

    async def _close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        for connection in self._connections.values():
            with contextlib.suppress(OSError, asyncssh.Error):
                await asyncio.wait_for(connection.wait_closed(), 2)


class Conversation:
    """One request and what comes back. `output` fills while a command runs; `stopping` ends it."""

    def __init__(self, host: Host, request: Answer, folder: Path | None = None) -> None:
        self.host, self.request, self.folder = host, request, folder
        self.output: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self.stopping = asyncio.Event()

    @property
    def is_last(self) -> bool:
        """Whether stdin has ended: what comes next needs a new process."""
        return self.folder is not None or self.stopping.is_set()

    async def hold(self, process: Any) -> Answer:
        """Speak until the host's last word."""
        process.stdin.write(json.dumps(self.request).encode() + b"\n")
        life = asyncio.ensure_future(self._stay(process))
        try:
            async for message in _messages(process.stdout):
                if message.get("need") and self.folder:
                    await self._upload(process.stdin, self.folder)
                for name in ("out", "err"):
                    if text := message.get(name):
                        self.output.put((f"std{name}", text))
                if (last := self._last_word(message)) is not None:
                    return last
        finally:
            life.cancel()
        said = (await process.stderr.read(2000)).decode("utf-8", "replace").strip()
        raise Unreachable(f"{self.host} broke off: {said or 'no last word'}")

    def _last_word(self, message: Answer) -> Answer | None:
        if "fenced" in message:
            raise FencedOut(int(self.request["fence"]), int(message["fenced"]))
        if "failed" in message:
            raise DriverError(f"{self.host}: {message['failed']}", retry=bool(message.get("lost")))
        return message.get("done")

    async def _stay(self, process: Any) -> None:
        """Beat, so that the host knows that somebody still wants the answer; an end of stdin says stop."""
        while not self.stopping.is_set():
            if self.request["do"] in _FOLLOWED:
                process.stdin.write(b".")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), BEAT_SECONDS)
        process.stdin.write_eof()
        await asyncio.sleep(ENDING_SECONDS)
        process.channel.abort()

    async def _upload(self, stdin: Any, folder: Path) -> None:
        """Stream the folder; the tar is made in a thread, block by block, as fast as the host takes it."""
        loop = asyncio.get_running_loop()

        def send(data: bytes) -> int:
            asyncio.run_coroutine_threadsafe(self._send(stdin, data), loop).result()
            return len(data)

        try:
            await loop.run_in_executor(None, _pack, folder, _Pipe(send))
            if not self.stopping.is_set():
                stdin.write_eof()
        except (BrokenPipeError, ConnectionError, asyncssh.Error):
            return  # the host said why, or it is gone: both are read from its side

    async def _send(self, stdin: Any, data: bytes) -> None:
        if self.stopping.is_set():
            raise BrokenPipeError
        stdin.write(data)
        await stdin.drain()


class _Pipe:
    """A file to write to, for tarfile."""

    def __init__(self, write: Any) -> None:
        self.write = write


def _pack(folder: Path, pipe: _Pipe) -> None:
    """Everything but the marker, in a steady order, owned by nobody in particular."""
    with tarfile.open(fileobj=pipe, mode="w|", bufsize=_BLOCK) as archive:  # type: ignore[call-overload]
        for path in sorted(folder.rglob("*")):
            if path != folder / ".lifecycle-artefact.json":
                archive.add(path, str(path.relative_to(folder)), recursive=False, filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


async def _messages(stdout: Any) -> AsyncIterator[Answer]:
    """The host's lines; what a login script prints in between is passed over."""
    async for line in stdout:
        if line.startswith(b"{"):
            yield json.loads(line)
