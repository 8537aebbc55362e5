"""How long a person waits: from the click to the first log line, and for a rollback; and what `migrate` costs."""

import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from deployments import running
from deployments import services as deployments
from deployments.models import Deployment
from environments.models import Environment
from releases.models import Candidate
from tests.cast import Cast
from tests.machinery import ROOT, Machinery, eventually

FIRST_LINE_SECONDS, ROLLBACK_SECONDS, MIGRATE_CPU_SECONDS = 1.0, 5.0, 15.0
ROUNDS = 7


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def report(name: str, seconds: list[float], limit: float) -> str:
    return f"{name:<34} median {median(seconds):.2f} s, worst {max(seconds):.2f} s   ≤ {limit:.0f} s"


def seconds_until(question: Callable[[], object]) -> float:
    began = time.monotonic()
    while not question():
        time.sleep(0.005)
        assert time.monotonic() - began < 60
    return time.monotonic() - began


def worker_has_written(client: Client, pk: int) -> bool:
    """Whether the log's own address shows a line that the worker wrote, as the page would ask for it."""
    answer = client.get(f"/deployments/{pk}/log/", headers={"hx-request": "true"})
    return "Attempt 1" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_rollback_and_its_log(team: Cast, sign_in, capsys) -> None:  # noqa: ANN001
    production = Environment.objects.get(slug="production")
    adopted = running.current(production).candidate
    newer = Candidate.objects.create(
        product=team.product,
        repository=team.product.repository,
        purpose=Candidate.Purpose.ADOPTED,
        status=Candidate.Status.READY,
        base=adopted,
        label="newer",
        sha=adopted.sha,
        tree=adopted.tree,
        digest=adopted.digest[::-1],
        manifest=adopted.manifest,
        created_at=adopted.created_at,
    )
    ops, first_line, whole = sign_in(team.ops), [], []
    for _round in range(ROUNDS):
        forward = deployments.request(production, newer, by=team.ops, kind="deploy", reason="Forward")
        eventually(lambda pk=forward.pk: Deployment.objects.get(pk=pk).is_final, "the way forward")
        clicked = time.monotonic()
        answer = ops.post("/environments/production/roll-back/", {"reason": "Measured"})
        pk = int(re.search(r"/deployments/(\d+)/", answer.headers["Location"]).group(1))
        seconds_until(lambda pk=pk: worker_has_written(ops, pk))
        first_line.append(time.monotonic() - clicked)
        seconds_until(lambda pk=pk: Deployment.objects.get(pk=pk).is_final)
        whole.append(time.monotonic() - clicked)
        assert Deployment.objects.get(pk=pk).status == Deployment.Status.SUCCEEDED
    with capsys.disabled():
        print(report("click to the worker's first line", first_line, FIRST_LINE_SECONDS))
        print(report("rollback of the sample shop", whole, ROLLBACK_SECONDS))
    assert max(first_line) <= FIRST_LINE_SECONDS
    assert max(whole) <= ROLLBACK_SECONDS


@pytest.mark.django_db(transaction=True)
def test_migrate_from_empty(capsys) -> None:  # noqa: ANN001
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS bench_empty")
        cursor.execute("CREATE DATABASE bench_empty")
    environment = Machinery(shop_ports={}).environment
    environment["DATABASE_URL"] = environment["DATABASE_URL"].rpartition("/")[0] + "/bench_empty"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE bench_empty")
    with capsys.disabled():
        print(f"\nmigrate from empty                 {seconds:.1f} CPU seconds (Django's process)   ≤ 15")
    assert seconds <= MIGRATE_CPU_SECONDS
