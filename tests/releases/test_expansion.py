"""A migration called "expand" is proved with the real shop: its live release is tested on the schema of the next."""

import subprocess
from pathlib import Path

import pytest
from django.utils import timezone

from environments import repositories
from lifecycle import jobs
from lifecycle.models import LogLine, Work
from releases import candidates, checks, expansion
from releases.models import Candidate, CandidateChange, Change, Check, Revision
from sample_shop import build
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
DROPS_A_COLUMN = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("checkout", "0001_initial")]
    operations = [migrations.RemoveField("order", "address")]
"""
ADDS_ONE_WITHOUT_DEFAULT = DROPS_A_COLUMN.replace(
    'migrations.RemoveField("order", "address")',
    'migrations.RunSQL("ALTER TABLE checkout_order ADD COLUMN gift text CHECK (gift IS NOT NULL)")',
)
CANNOT_BE_APPLIED = DROPS_A_COLUMN.replace('"order", "address"', '"order", "nowhere"')


class Repository:
    """The sample shop's repository and a clone in which a commit is made."""

    def __init__(self, cast: Cast, upstream: Path, clone: Path) -> None:
        self.cast, self.clone, self.connected = (
            cast,
            clone,
            repositories.connect(cast.product, str(upstream), by=cast.ops),
        )
        self.git("clone", "--quiet", str(upstream), str(clone), cwd=clone.parent)
        self.live = candidates.adopt(cast.product, sha=self.git("rev-parse", "origin/main"), by=cast.ops)

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        identity = ["-c", "user.name=Dev", "-c", "user.email=dev@northwind.test"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=cwd or self.clone, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def candidate(self, sha: str, migrations: str = "expand") -> Candidate:
        """A composed release candidate of this commit whose one change says `migrations`."""
        repositories.poll(self.connected)
        made = candidates.adopt(self.cast.product, sha=sha, by=self.cast.ops)
        Candidate.objects.filter(pk=made.pk).update(purpose="release", base=self.live, label="24.11")
        now = timezone.now()
        facts = {"product": self.cast.product, "created_at": now, "waiting_since": now}
        change = Change.objects.create(number=1, title="Wrap gifts", migrations=migrations, **facts)
        revision = Revision.objects.create(change=change, number=1, fork=self.live.sha, tip=sha, seen_at=now)
        CandidateChange.objects.create(candidate=made, change=change, revision=revision)
        made.refresh_from_db()
        return made

    def commit(self, path: str, text: str, *, onto: str = "origin/main") -> str:
        self.git("switch", "--quiet", "--create", "idea/trial", "--no-track", onto)
        (self.clone / path).write_text(text)
        self.git("add", path)
        self.git("commit", "--quiet", "--message", "checkout: Change the table.")
        self.git("push", "--quiet", "origin", "idea/trial")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(cast: Cast, settings, tmp_path: Path) -> Repository:
    upstream = tmp_path / "shop.git"
    build.build(upstream)
    settings.VAR = tmp_path / "var"
    return Repository(cast, upstream, tmp_path / "clone")


def prove(candidate: Candidate) -> Check:
    check = expansion.request(candidate)
    assert check is not None
    jobs.execute(Work.objects.get(kind="expand_check", subject_id=check.pk).key)
    check.refresh_from_db()
    return check


def log(check: Check) -> str:
    return "\n".join(LogLine.objects.filter(log=check.log_key).order_by("seq").values_list("text", flat=True))


def test_a_new_table_is_an_expansion(repository: Repository):
    check = prove(repository.candidate(repository.git("rev-parse", "origin/idea/gift-wrap")))
    assert check.status == Check.Status.PASSED, log(check)
    assert "Applying giftwrap.0001_initial" in log(check) and "Ran " in log(check)


MIGRATION = "features/checkout/migrations/0002_trial.py"


def test_a_contraction_called_expand_is_caught(repository: Repository):
    check = prove(repository.candidate(repository.commit(MIGRATION, DROPS_A_COLUMN)))
    assert (check.status, check.kind) == (Check.Status.FAILED, Check.Kind.EXPAND)
    assert "no such column" in log(check) or "has no column named address" in log(check)


def test_a_column_that_the_old_release_does_not_fill_is_caught(repository: Repository):
    check = prove(repository.candidate(repository.commit(MIGRATION, ADDS_ONE_WITHOUT_DEFAULT)))
    assert check.status == Check.Status.FAILED, log(check)


def test_a_migration_that_fails_on_the_data_of_what_is_live_is_a_no(repository: Repository):
    check = prove(repository.candidate(repository.commit(MIGRATION, CANNOT_BE_APPLIED)))
    assert check.status == Check.Status.FAILED and "[migrate] ended with exit code 1" in check.summary


def test_what_is_live_must_say_how_it_is_tested_there(repository: Repository):
    text = (repository.clone / "lifecycle.toml").read_text().replace("[expand_test]", "[build]")
    sha = repository.commit("lifecycle.toml", text)
    candidate = repository.candidate(repository.git("rev-parse", "origin/idea/gift-wrap"))
    check = expansion.request(candidate)
    Check.objects.filter(pk=check.pk).update(tests_sha=sha)
    jobs.execute(Work.objects.get(kind="expand_check").key)
    check.refresh_from_db()
    assert check.status == Check.Status.ERRORED and "[expand_test]" in check.summary


@pytest.mark.parametrize("migrations", ["none", "", "contract", "irreversible"])
def test_only_what_is_called_expand_is_to_be_proved(repository: Repository, migrations: str):
    assert expansion.request(repository.candidate(repository.live.sha, migrations)) is None
    assert not Check.objects.exists()


def test_repeated_it_stays_the_same_question(repository: Repository):
    first = prove(repository.candidate(repository.git("rev-parse", "origin/idea/gift-wrap")))
    again = checks.again(first, by=repository.cast.ops)
    assert (again.kind, again.tests_sha) == (Check.Kind.EXPAND, repository.live.sha)
