"""What a page offers is not refused: buttons, forms and links, for everybody who sees them."""

import re

import pytest
from django.utils import timezone

from deployments import freeze_overrides
from deployments.models import Deployment
from environments import freezes, holds, locks, stops
from environments.models import Environment
from lifecycle.models import Role
from releases.models import Candidate, CandidateChange, Change, Release
from tests.deployments.paper import Paper

TEAM = ("dev", "lena", "petra", "tess", "max", "ops")
BOARD, PROMOTE = "/environments/", "/environments/promote/"
APPROVE = "/testing/1/approve/"
FORM = re.compile(r'<form(?! class="themetoggle")')
LINK = re.compile(r'<a[^>]* href="(/[^"#]*)"')


@pytest.fixture
def paper(cast) -> Paper:
    return Paper(cast)


def text(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def main(page: str) -> str:
    return page.split("<main", 1)[1].split("</main>", 1)[0]


def on_staging(paper: Paper, *, purpose: str = "staging", status: str = Change.Status.STAGING) -> Candidate:
    """Staging runs a composition with the change, which waits for a tester."""
    Release.objects.update(status="planned")
    candidate = paper.candidate(purpose, "e" * 64, label=purpose, staged_at=timezone.now())
    CandidateChange.objects.create(candidate=candidate, change=paper.change, revision=paper.change.revision)
    Change.objects.update(status=status)
    deploy(paper.environments["staging"], candidate)
    return candidate


def deploy(place: Environment, candidate: Candidate) -> Deployment:
    moments = dict.fromkeys(("requested_at", "due_at", "verified_at", "finished_at"), timezone.now())
    facts = {"candidate": candidate, "digest": candidate.digest, "status": "succeeded"}
    return Deployment.objects.create(product=place.product, environment=place, **facts, **moments)


class TestPromote:
    def hinder(self, paper: Paper, by: str) -> str:
        staging, cast = paper.environments["staging"], paper.cast
        if by == "hold":
            holds.hold(staging, by=cast.tess, minutes=30)
            return "Tess is testing on Staging"
        if by == "lock":
            locks.lock(staging, kind="hard", reason="Load test", hours=1, by=cast.ops)
            return "Load test"
        if by == "stop":
            stops.pull(cast.product, by=cast.ops, reason="Smoke")
            return "Smoke"
        Release.objects.update(status="frozen")
        return "Release 24.11 is frozen"

    @pytest.mark.parametrize("by", ["hold", "lock", "stop", "freeze"])
    def test_the_page_says_why_it_is_refused_and_has_no_button(self, paper: Paper, sign_in, by: str):
        Release.objects.update(status="planned")
        Change.objects.update(status=Change.Status.READY)
        client = sign_in(paper.cast.dev)
        assert "Promote to staging</button>" in text(client, PROMOTE)
        why = self.hinder(paper, by)
        page = main(text(client, PROMOTE))
        assert why in page
        assert "Promote to staging</button>" not in page
        assert 'id="promote"' not in text(client, BOARD)
        assert client.post(PROMOTE).status_code == 409


class TestVerdicts:
    def test_a_tester_decides_on_what_staging_runs(self, paper: Paper, sign_in):
        on_staging(paper)
        assert APPROVE in text(sign_in(paper.cast.tess), BOARD)
        assert APPROVE not in text(sign_in(paper.cast.dev), BOARD)

    def test_not_while_another_tester_holds_it(self, paper: Paper, sign_in):
        on_staging(paper)
        paper.cast.lena.memberships.update(roles=[Role.TESTER])
        holds.hold(paper.environments["staging"], by=paper.cast.lena, minutes=30)
        assert APPROVE not in text(sign_in(paper.cast.tess), BOARD)
        assert APPROVE in text(sign_in(paper.cast.lena), BOARD)

    def test_not_where_something_else_runs_than_on_staging(self, paper: Paper, sign_in):
        older = on_staging(paper)
        facts = {"slug": "load", "name": "Load", "kind": "staging", "position": 9}
        deploy(Environment.objects.create(product=paper.cast.product, **facts), older)
        assert text(sign_in(paper.cast.tess), BOARD).count(APPROVE) == 2
        newer = paper.candidate("staging", "f" * 64, label="staging", staged_at=timezone.now())
        CandidateChange.objects.create(candidate=newer, change=paper.change, revision=paper.change.revision)
        deploy(paper.environments["staging"], newer)
        assert text(sign_in(paper.cast.tess), BOARD).count(APPROVE) == 1

    def test_changes_of_a_release_that_made_way_do_not_stand_on_staging(self, paper: Paper, sign_in):
        Change.objects.update(release=paper.release)
        assert 'href="/changes/1/"' in text(sign_in(paper.cast.dev), BOARD)
        Release.objects.update(parked_at=timezone.now())
        assert 'href="/changes/1/"' not in text(sign_in(paper.cast.dev), BOARD)


class TestCockpit:
    PATH = "/releases/24.11/cockpit/"

    @pytest.mark.parametrize("who", TEAM)
    def test_every_link_opens_for_everybody_who_sees_it(self, paper: Paper, sign_in, who: str):
        now = timezone.now()
        window = {"starts_at": now - timezone.timedelta(hours=1), "ends_at": now + timezone.timedelta(hours=1)}
        freezes.freeze(paper.cast.product, reason="Black Friday", by=paper.cast.ops, **window)
        client = sign_in(getattr(paper.cast, who))
        self.follow(client)
        freeze_overrides.override(paper.release, reason="It is small.", by=paper.cast.max)
        paper.release.approvals.model.objects.create(
            release=paper.release,
            candidate=paper.release.candidate,
            digest=paper.release.candidate.digest,
            config_version=paper.production.config_version,
            role=Role.MANAGER,
            outcome="yes",
            by=paper.cast.max,
            at=now,
        )
        self.follow(client)

    def follow(self, client) -> None:
        links = set(LINK.findall(main(text(client, self.PATH))))
        assert len(links) > 3
        assert {link: client.get(link).status_code for link in links if client.get(link).status_code != 200} == {}

    def test_the_freeze_can_be_read_by_the_team_and_changed_by_devops(self, paper: Paper, sign_in):
        now = timezone.now()
        window = {"starts_at": now, "ends_at": now + timezone.timedelta(hours=1)}
        freezes.freeze(paper.cast.product, reason="Black Friday", by=paper.cast.ops, **window)
        path = "/environments/freezes/"
        for who in TEAM:
            page = main(text(sign_in(getattr(paper.cast, who)), path))
            assert "Black Friday" in page
            assert ("Lift" in page, bool(FORM.search(page))) == ((True, True) if who == "ops" else (False, False))
        assert sign_in(paper.cast.max).post(path, {"reason": "x"}).status_code == 403
        assert sign_in(paper.cast.cleo).get(path).status_code == 403
        assert path in main(text(sign_in(paper.cast.dev), BOARD))


class TestPlaces:
    def test_the_last_of_its_kind_is_not_offered_to_be_destroyed(self, paper: Paper, sign_in):
        ops = sign_in(paper.cast.ops)
        assert "Destroy it" not in text(ops, "/environments/staging/")
        assert "last one of its kind" in text(ops, "/environments/staging/")
        page = main(text(ops, "/environments/staging/destroy/"))
        assert "last one of its kind" in page and 'name="typed"' not in page and "<button" not in page
        facts = {"slug": "load", "name": "Load", "kind": "staging", "position": 9}
        Environment.objects.create(product=paper.cast.product, **facts)
        assert "Destroy it" in text(ops, "/environments/staging/")
        assert 'name="typed"' in text(ops, "/environments/load/destroy/")

    def test_nothing_is_to_be_changed_while_it_is_being_destroyed(self, paper: Paper, sign_in):
        ops = sign_in(paper.cast.ops)
        pages = ("/environments/staging/", "/environments/staging/settings/")
        assert all(FORM.search(main(text(ops, page))) for page in pages)
        Environment.objects.filter(slug="staging").update(status="destroying")
        assert not any(FORM.search(main(text(ops, page))) for page in pages)

    def test_what_was_destroyed_is_not_offered_for_comparison(self, paper: Paper, sign_in):
        path = "/delta/dev..24.11/"
        assert 'value="staging"' in text(sign_in(paper.cast.dev), path)
        Environment.objects.filter(slug="staging").update(status="gone")
        assert 'value="staging"' not in text(sign_in(paper.cast.dev), path)
        assert sign_in(paper.cast.dev).get("/delta/").url == "/delta/production..dev/"


def test_a_frozen_change_is_offered_no_milder_word_about_its_migrations(paper: Paper, sign_in):
    Change.objects.update(release=paper.release, migrations="contract")
    page = text(sign_in(paper.cast.dev), "/changes/1/")
    assert 'value="irreversible"' in page and 'value="none"' not in page
    Release.objects.update(status="planned")
    assert 'value="none"' in text(sign_in(paper.cast.dev), "/changes/1/")
