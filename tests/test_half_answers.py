"""Whatever asks over HTTP may meet a server that is just being restarted: that is no answer, and never an exception."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from urllib.parse import urlsplit

import pytest

from deployments import sampling
from deployments.drivers import egress
from deployments.drivers import http as local
from lifecycle.embedded import health, stack
from sample_shop import visitor
from tests.asking import ask

RESET = struct.pack("ii", 1, 0)
HALF = {
    "reset": None,
    "closed": b"",
    "no HTTP": b"good morning\r\n\r\n",
    "cut in the status": b"HTTP/1.1 2",
    "cut in the page": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf",
    "cut in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n900\r\nhalf",
    "cut in an error": b"HTTP/1.1 500 Away\r\nTransfer-Encoding: chunked\r\n\r\n900\r\nhalf",
}


@contextmanager
def dying(said: bytes | None) -> Iterator[str]:
    """The address of a server that says this much to everybody and goes; None is a connection that is reset."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, said), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def serve(listener: socket.socket, said: bytes | None) -> None:
    while True:
        try:
            asking, _address = listener.accept()
        except OSError:
            return
        with asking:
            asking.recv(10_000)
            if said is None:
                asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            else:
                asking.sendall(said)


ASKERS: dict[str, Callable[[str], object]] = {
    "the watch": lambda url: sampling.get(url).ok,
    "a driver on this machine": lambda url: local.get(int(urlsplit(url).port or 0), "/").ok,
    "a driver elsewhere": lambda url: egress.request("GET", url).ok,
    "the launcher": lambda url: stack.readiness(url) == "ready",
    "a visitor of the shop": lambda url: not visitor.visit(url, rng=Random(1), timeout_seconds=5)["errors"],
    "a test": ask,
}


@pytest.mark.parametrize("said", HALF.values(), ids=HALF.keys())
@pytest.mark.parametrize("asker", ASKERS.values(), ids=ASKERS.keys())
def test_half_an_answer_is_none(asker, said):
    with dying(said) as url:
        assert not asker(url)


@pytest.mark.parametrize("said", [None, b"", b"good morning\r\n\r\n"], ids=["reset", "closed", "no HTTP"])
def test_a_web_that_answers_no_http_is_not_healthy(said, monkeypatch):
    with dying(said) as url:
        monkeypatch.setenv("PORT", str(urlsplit(url).port))
        assert health.web()


def test_an_address_that_no_request_can_name_is_an_answer_in_words(address="/gesund-é"):
    with dying(b"") as url:
        assert local.get(int(urlsplit(url).port or 0), address).status == 0
        assert egress.request("GET", url + address).status == 0
        assert sampling.get(url + address).error
