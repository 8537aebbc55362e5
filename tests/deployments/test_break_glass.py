"""Break-glass: people's gates open by force, with a reason, by two in strict products, and everybody hears of it."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from deployments import break_glass, claims, gates
from deployments.models import Deployment, Rehearsal
from lifecycle.models import Event, Notification, User
from lifecycle.transitions import NotAllowed
from releases.models import Check, Release, SignOff, Verdict
from tests.cast import Cast
from tests.deployments.paper import Paper
from tests.deployments.strict_paper import StrictPaper


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


@pytest.fixture
def strict(cast: Cast) -> StrictPaper:
    return StrictPaper(cast)


def closed(paper: Paper) -> list[str]:
    return [gate.key for gate in gates.missing(Release.objects.get(pk=paper.release.pk))]


def test_one_person_with_a_reason_opens_peoples_gates_and_it_ships(paper: Paper):
    SignOff.objects.all().delete()
    Verdict.objects.all().delete()
    break_glass.break_glass(paper.release, by=paper.cast.ops, reason="Nobody can pay.")
    assert closed(paper) == []
    shipped = Deployment.objects.get()
    assert shipped.requested_by == paper.cast.ops and break_glass.of_deployment(shipped).reason == "Nobody can pay."
    assert claims.claim(paper.production) is not None


def test_the_whole_team_is_told_and_customers_are_not(paper: Paper):
    break_glass.break_glass(paper.release, by=paper.cast.ops, reason="Nobody can pay.")
    told = set(Notification.objects.filter(event="release.glass_broken").values_list("user__name", flat=True))
    assert told == {"Dev", "Lena", "Petra", "Tess", "Max", "Ops"}
    assert Event.objects.filter(verb="release.glass_broken").exists()


def test_it_needs_a_reason(paper: Paper):
    with pytest.raises(ValidationError):
        break_glass.break_glass(paper.release, by=paper.cast.ops, reason="  ")


@pytest.mark.parametrize("name", ["dev", "tess", "petra", "cleo"])
def test_not_everybody_may(paper: Paper, name: str):
    with pytest.raises(PermissionDenied):
        break_glass.break_glass(paper.release, by=getattr(paper.cast, name), reason="Now.")


def other_base(paper: Paper) -> None:
    paper.candidate("adopted", "9" * 64, label="24.10.1")


def failed_tests(paper: Paper) -> None:
    Check.objects.update(status="failed")


def no_rehearsal(paper: Paper) -> None:
    Rehearsal.objects.update(status="failed")


@pytest.mark.parametrize(
    ("what", "label"),
    [(other_base, "Built on what is live"), (failed_tests, "Tested together"), (no_rehearsal, "Rollback rehearsed")],
)
def test_it_opens_nothing_that_a_machine_has_to_prove(paper: Paper, what, label: str):
    what(paper)
    with pytest.raises(NotAllowed, match=label):
        break_glass.break_glass(paper.release, by=paper.cast.ops, reason="Now.")


def test_a_proof_that_fails_afterwards_still_stops_it(paper: Paper):
    break_glass.break_glass(paper.release, by=paper.cast.ops, reason="Now.")
    no_rehearsal(paper)
    assert claims.claim(paper.production) is None


def test_it_holds_for_this_build_only(paper: Paper):
    break_glass.break_glass(paper.release, by=paper.cast.ops, reason="Now.")
    paper.freeze("f" * 64)
    assert closed(paper) == ["approvals"]


def test_in_strict_products_it_takes_two_people(strict: StrictPaper):
    break_glass.break_glass(strict.release, by=strict.cast.ops, reason="Now.")
    assert closed(strict) == ["approvals"] and not Deployment.objects.exists()
    assert Notification.objects.filter(event="release.glass_asked", user=strict.mia).exists()
    with pytest.raises(NotAllowed, match="somebody else must confirm"):
        break_glass.break_glass(strict.release, by=strict.cast.ops)
    break_glass.break_glass(strict.release, by=strict.mia)
    assert closed(strict) == [] and Deployment.objects.exists()


def test_two_people_who_both_built_it_are_not_two(strict: StrictPaper):
    for name in ("lena", "ops"):
        strict.wrote(f"{name}@northwind.test", user=getattr(strict.cast, name))
    break_glass.break_glass(strict.release, by=strict.cast.ops, reason="Now.")
    with pytest.raises(NotAllowed, match="must be somebody else"):
        break_glass.break_glass(strict.release, by=strict.cast.lena)
    assert closed(strict) == ["approvals"]


def test_who_was_deactivated_meanwhile_does_not_count(strict: StrictPaper):
    break_glass.break_glass(strict.release, by=strict.cast.ops, reason="Now.")
    break_glass.break_glass(strict.release, by=strict.mia)
    User.objects.filter(pk=strict.mia.pk).update(is_active=False)
    assert claims.claim(strict.production) is None


def test_nothing_to_open_is_said(paper: Paper):
    break_glass.break_glass(paper.release, by=paper.cast.ops, reason="Now.")
    with pytest.raises(NotAllowed):
        break_glass.break_glass(paper.release, by=paper.cast.max, reason="Again.")


def test_the_plans_page_keeps_the_label(paper: Paper, sign_in):
    page = "/releases/24.11/"
    assert "Break-glass" not in sign_in(paper.cast.dev).get(page).content.decode()
    break_glass.break_glass(paper.release, by=paper.cast.ops, reason="Nobody can pay.")
    assert "Opened by force by Ops: Nobody can pay." in sign_in(paper.cast.dev).get(page).content.decode()
    Release.objects.update(status="live", live_at=paper.now)
    assert "Opened by force by Ops: Nobody can pay." in sign_in(paper.cast.dev).get(page).content.decode()
    paper.release.candidate.digest = "e" * 64
    paper.release.candidate.save(update_fields=["digest"])
    assert "Break-glass" not in sign_in(paper.cast.dev).get(page).content.decode()
