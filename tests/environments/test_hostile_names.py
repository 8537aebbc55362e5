"""Names that mean harm: no process could mistake them for an option, a command or another revision."""

import subprocess
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from deployments import intake
from environments import repositories, variables
from environments.models import Environment
from releases import changes, plan
from releases.models import Change
from tests.environments.git_calls import Calls
from tests.environments.hostile import REFUSED
from tests.environments.repositories import Upstream

SHELL = [
    "$(touch {c})",
    "`touch {c}`",
    ";touch {c}",
    "|touch {c}",
    "&touch {c}",
    "\ntouch {c}\n",
    ">{c}",
    "&&touch {c}",
]
OPTIONS = [
    "-x",
    "--help",
    "--upload-pack=touch {c}",
    "--receive-pack=touch {c}",
    "-oProxyCommand=touch {c}",
    "--exec=touch {c}",
    "-c core.fsmonitor=touch {c}",
    "--output={c}",
    "--git-dir={c}",
    "-u{c}",
]
REVISIONS = [
    "@",
    "HEAD",
    "@{{u}}",
    "main@{{1}}",
    ":/base",
    "main:shop.py",
    "a..b",
    "a...b",
    "^main",
    "main^@",
    "main~1^2",
]
PATHS = ["../{c}", "../../etc/passwd", "/etc/passwd", "a/../../{c}", ".git/config", "a//b", "a/", "/a", ".a", "a/.b"]
TEXTS = [
    "",
    " ",
    "a b",
    "a\tb",
    "a\0b",
    "a\rb",
    "\x7f",
    "\x1b[31m",
    "\u202eexe",
    "ид\u0301ея",
    "🛒",
    "a.lock",
    "a.",
    "a..b",
    "~",
    "^",
]
WORDS = [
    "CON",
    "nul",
    "%00",
    "%2e%2e%2f",
    "a" * 201,
    "a" * 5000,
    "a:b",
    "a?b",
    "a*b",
    "a[b",
    "a\\b",
    "{{}}",
    "{{python}}",
    "%s",
]
BASES = [*SHELL, *OPTIONS, *REVISIONS, *PATHS, *TEXTS, *WORDS]
PLACES = ["{n}", "idea/{n}", "{n}/x"]


def hostile_names(canary: Path) -> list[str]:
    """At least 200 different ones."""
    names = [place.format(n=base.format(c=canary)) for base in BASES for place in PLACES]
    return list(dict.fromkeys(names))


def tried(do: object, *arguments: object, **more: object) -> str:
    """ "" when it was taken, else the sentence."""
    try:
        with transaction.atomic():
            do(*arguments, **more)  # type: ignore[operator]
    except REFUSED as error:
        return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return ""


@pytest.mark.django_db
def test_two_hundred_names_reach_no_process_that_could_mistake_them(cast, canary: Path, tmp_path: Path, calls: Calls):
    upstream = Upstream(tmp_path / "upstream")
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    git, main = repositories.git(repository), repository.branches.get().sha
    dev = Environment.objects.create(product=cast.product, slug="dev", name="Dev", kind="dev", position=0)
    facts = {"created_at": repository.fetched_at, "waiting_since": repository.fetched_at}
    change = Change.objects.create(product=cast.product, number=1, title="x", **facts)
    names = hostile_names(canary)
    assert len(names) >= 200
    for name in names:
        started = len(calls.argvs)
        for refused in (
            tried(git.resolve, name),
            tried(git.read_file, main, f"../{name}"),
            tried(git.push, upstream.path.as_posix(), [f"{main}:{name}"]),
            tried(git.push, upstream.path.as_posix(), [name]),
            tried(git.delete_upstream, upstream.path.as_posix(), name, expected=main),
            tried(git.log, name, main),
            tried(git.fetch, name),
            tried(repositories.name_upstream, cast.product, name or " ", by=cast.ops),
            tried(variables.set_variable, dev, name=name, value=name, is_secret=False, by=cast.ops)
            or name.isupper() * "a variable may be called CON",
        ):
            assert refused
            assert len(refused) < 1000
        tried(git.tag, name, main)
        tried(git.delete_ref, f"refs/tags/{name}")
        tried(changes.link_branch, change, branch=name, by=cast.dev)
        tried(plan.check_plan, cast.product, version=name, target_date=facts["created_at"].date(), ideas=[1])
        new = calls.argvs[started:]
        assert all(name not in argv for argv in new if name.startswith("-")), name
    assert calls.unguarded() == []
    assert not canary.exists()


@pytest.mark.django_db
def test_branches_that_git_itself_takes_under_hostile_names_are_rows_and_nothing_more(cast, canary, tmp_path, calls):
    upstream = Upstream(tmp_path / "upstream")
    lines = b""
    main = upstream.git("rev-parse", "main")
    taken = 0
    for name in dict.fromkeys(name.replace(" ", "\u00a0").replace("/", "∕") for name in hostile_names(canary)):
        ok = (
            subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], capture_output=True)
            if legal(name)
            else None
        )
        if ok is not None and ok.returncode == 0 and len(name.encode()) < 200:
            lines += f"create refs/heads/{name} {main}\n".encode()
            taken += 1
    upstream.git("update-ref", "--stdin", stdin=lines)
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    assert intake.poll_upstream() == 0
    repository.refresh_from_db()
    assert (repository.fetch_error, repository.branches.count()) == ("", taken + 1)
    assert taken > 60
    assert repository.branches.exclude(trouble="").exists()
    assert not canary.exists()
    assert calls.unguarded() == []


def legal(name: str) -> bool:
    return "\0" not in name and "\n" not in name


@pytest.mark.django_db
def test_a_name_longer_than_the_column_does_not_stop_the_poll(cast, canary, tmp_path):
    upstream = Upstream(tmp_path / "upstream")
    long = "/".join(["x" * 90] * 3)
    upstream.git("update-ref", f"refs/heads/{long}", "main")
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    assert repository.fetch_error == ""
    row = repository.branches.exclude(name="main").get()
    assert row.name.endswith("…") and row.trouble
    assert row not in repositories.poll(repository)


@pytest.mark.django_db
def test_a_trailer_on_a_branch_that_cannot_be_linked_is_said_once_and_stops_nobody(cast, canary, tmp_path, caplog):
    upstream = Upstream(tmp_path / "upstream")
    repository = repositories.connect(cast.product, f"file://{upstream.path}", by=cast.ops)
    facts = {"created_at": repository.fetched_at, "waiting_since": repository.fetched_at}
    for number, name in ((1, "taken"), (2, "")):
        change = Change.objects.create(product=cast.product, number=number, title="x", branch=name, **facts)
    upstream.git("checkout", "-q", "-b", "work")
    upstream.commit("x")
    repositories.poll(repository)
    branch = repository.branches.get(name="work")
    Change.objects.filter(pk=change.pk).update(branch="work")
    for _poll in range(3):
        intake._take(branch, lambda _branch: changes.check_branch(Change.objects.get(number=1), "work") or 0)
    branch.refresh_from_db()
    assert "C-2" in branch.trouble
    assert sum("C-2" in record.getMessage() for record in caplog.records) == 1
