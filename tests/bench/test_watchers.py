"""Two hundred people watch one deployment's log: what web server and database spend on them."""

import asyncio
import html
import os
import re
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from deployments.models import Deployment
from lifecycle import guard, logs
from tests.bench.waiting import is_up, until
from tests.cast import Cast
from tests.deployments.watched import candidate, deployment, environment
from tests.machinery import Machinery

WATCHERS, SECONDS, POLL_SECONDS, LINES_A_SECOND = 200, 16, 2.0, 5
CORES = 0.5
TICKS = os.sysconf("SC_CLK_TCK")
Found = TypeVar("Found")


class Watcher:
    """One page's polling: every two seconds it asks where the last answer told it to."""

    def __init__(self, web: str, cookie: str, pk: int) -> None:
        parts = urlsplit(web)
        self.host, self.port = parts.hostname, parts.port
        self.cookie, self.address = cookie, f"/deployments/{pk}/page/log/?after=0"
        self.lines, self.statuses = 0, set[int]()

    async def watch(self, begin: float, end: float) -> None:
        await asyncio.sleep(begin)
        while time.monotonic() < end:
            asked = time.monotonic()
            await self.ask()
            await asyncio.sleep(max(0.0, POLL_SECONDS - (time.monotonic() - asked)))

    async def ask(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        head = f"GET {self.address} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nHX-Request: true\r\n"
        writer.write(f"{head}Cookie: sessionid={self.cookie}\r\nConnection: close\r\n\r\n".encode())
        answer = (await reader.read()).decode()
        writer.close()
        self.statuses.add(int(answer.split(" ", 2)[1]))
        self.lines += answer.count("<p class=")
        if found := re.search(r'hx-get="([^"]+)"', answer):
            self.address = html.unescape(found.group(1))


def cpu_seconds(root: int) -> float:
    """What a process, its living descendants and its ended children have used since they began."""
    family = [root, *guard.descendants(root)]
    fields = [found for pid in family if (found := guard.stat(pid))]
    ended = guard.stat(root) or []
    ticks = sum(int(one[11]) + int(one[12]) for one in fields) + int(ended[13]) + int(ended[14])
    return ticks / TICKS


def postmaster() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = guard.stat(cursor.fetchone()[0])
    assert backend
    return int(backend[1])


@pytest.mark.django_db(transaction=True)
def test_two_hundred_watchers_of_a_live_log(
    cast: Cast,
    sign_in: Callable[..., Client],
    shops: dict[str, int],
    settings,
    tmp_path,
    capsys,  # noqa: ANN001
) -> None:
    settings.VAR = tmp_path / "var"
    running = deployment(
        environment(cast.product),
        candidate(cast.product, "24.11"),
        status=Deployment.Status.RUNNING,
        finished_at=None,
        verified_at=None,
    )
    cookie = sign_in(cast.dev).cookies["sessionid"].value
    machinery = Machinery(shop_ports=shops)
    try:
        address = machinery.start_web()
        web = machinery.processes[-1].pid
        until(lambda: is_up(address))
        watchers = [Watcher(address, cookie, running.pk) for _one in range(WATCHERS)]
        writing = threading.Thread(target=write, args=(running.log_key,))
        writing.start()
        server = postmaster()
        spent = apart(watch(watchers, lambda: (cpu_seconds(web), cpu_seconds(server))))
        writing.join()
    finally:
        machinery.stop()
    with capsys.disabled():
        print(f"\n{WATCHERS} watchers of a log that grows by {LINES_A_SECOND} lines a second, for {SECONDS} s:")
        print(f"web {spent[0]:.2f} cores, PostgreSQL {spent[1]:.2f} cores   together ≤ {CORES}")
    assert {status for one in watchers for status in one.statuses} <= {200, 204}
    assert min(one.lines for one in watchers) >= LINES_A_SECOND * (SECONDS - 4)
    assert sum(spent) <= CORES


async def watch(watchers: list[Watcher], spent: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """Cores used by the two while everybody watches, after the pages have been opened."""
    end = time.monotonic() + SECONDS + POLL_SECONDS
    tasks = [asyncio.create_task(one.watch(n * POLL_SECONDS / WATCHERS, end)) for n, one in enumerate(watchers)]
    await asyncio.sleep(POLL_SECONDS)
    before, began = spent(), time.monotonic()
    await asyncio.gather(*tasks)
    seconds = time.monotonic() - began
    after = spent()
    return (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds


def write(log: str) -> None:
    writer, end = logs.Writer(log), time.monotonic() + SECONDS + POLL_SECONDS
    while time.monotonic() < end:
        writer.out("Applying gifts.0001_initial")
        time.sleep(1 / LINES_A_SECOND)
    connection.close()


def apart(coroutine: Coroutine[Any, Any, Found]) -> Found:
    """Run it in a thread of its own: where a browser was before, this one has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
