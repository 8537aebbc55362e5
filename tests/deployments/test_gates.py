"""What stands between a release and production."""

from datetime import timedelta

import pytest

from deployments import approvals, gates, services
from deployments.models import Rehearsal
from environments import locks
from environments.models import Freeze
from lifecycle.transitions import NotAllowed
from releases.models import Candidate, Change, Check, Release, Revision, SignOff, Verdict
from tests.cast import Cast
from tests.deployments.paper import BACKED_UP, MANIFEST, Paper

IRREVERSIBLE = BACKED_UP + '[migrate]\ncommand = ["migrate"]\nirreversible = true\n'


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def closed(paper: Paper) -> list[str]:
    release = Release.objects.select_related("candidate", "product").get(pk=paper.release.pk)
    return [gate.key for gate in gates.missing(release)]


def test_the_gates_come_in_the_order_of_the_process(paper: Paper):
    assert [gate.key for gate in gates.gates(paper.release)] == [
        "changes_approved",
        "check_passed",
        "managers_demo",
        "customers_demo",
        "rollback_rehearsed",
        "base_current",
        "no_freeze",
        "approvals",
    ]
    assert closed(paper) == ["approvals"]


def test_every_gate_says_evidence_who_and_where(paper: Paper):
    for gate in gates.gates(paper.release):
        assert gate.label and gate.evidence and gate.who and gate.url.startswith("/"), gate


def test_a_change_that_no_tester_approved_on_this_digest_closes_it(paper: Paper):
    Verdict.objects.update(digest="e" * 64)
    assert closed(paper) == ["changes_approved", "approvals"]


def test_a_change_that_was_returned_closes_it(paper: Paper):
    Verdict.objects.update(outcome="returned")
    assert "changes_approved" in closed(paper)


@pytest.mark.parametrize("status", ["queued", "running", "failed", "errored"])
def test_tests_that_did_not_pass_together_close_it(paper: Paper, status: str):
    Check.objects.update(status=status)
    assert closed(paper) == ["check_passed", "approvals"]


def test_the_newest_check_counts(paper: Paper):
    paper.check(paper.release.candidate, status="failed")
    assert "check_passed" in closed(paper)


@pytest.mark.parametrize("audience", ["managers", "customers"])
def test_each_audience_must_have_said_yes_to_this_digest(paper: Paper, audience: str):
    SignOff.objects.filter(audience=audience).update(digest="e" * 64)
    assert closed(paper) == [f"{audience}_demo", "approvals"]
    SignOff.objects.filter(audience=audience).update(digest=paper.release.candidate.digest, outcome="no")
    assert closed(paper) == [f"{audience}_demo", "approvals"]


def test_a_product_may_do_without_the_customers_demo(paper: Paper):
    SignOff.objects.filter(audience="customers").delete()
    paper.cast.product.customers_demo_required = False
    paper.cast.product.save()
    assert closed(paper) == ["approvals"]


def test_something_newer_that_is_live_closes_it(paper: Paper):
    Candidate.objects.filter(pk=paper.release.candidate_id).update(base=None)
    assert closed(paper) == ["base_current", "approvals"]


def test_a_freeze_and_a_hard_lock_close_it_and_a_warning_does_not(paper: Paper):
    hour = timedelta(hours=1)
    freeze = Freeze.objects.create(
        product=paper.cast.product, reason="Sale", starts_at=paper.now - hour, ends_at=paper.now + hour
    )
    assert closed(paper) == ["no_freeze", "approvals"]
    freeze.delete()
    locks.lock(paper.production, kind="warning", reason="Careful", hours=1, by=paper.cast.ops)
    assert closed(paper) == ["approvals"]
    locks.lock(paper.production, kind="hard", reason="Load test", hours=1, by=paper.cast.ops)
    assert closed(paper) == ["no_freeze", "approvals"]


@pytest.mark.parametrize("migrations", ["contract", "irreversible"])
def test_no_way_back_closes_it_until_devops_accept_that(paper: Paper, migrations: str):
    Change.objects.update(migrations=migrations)
    assert closed(paper) == ["rollback_rehearsed", "approvals"]
    approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="We restore the backup.")
    assert closed(paper) == ["approvals"]
    evidence = next(gate.evidence for gate in gates.gates(paper.release) if gate.key == "rollback_rehearsed")
    assert evidence.startswith("No way back after C-1: ") and evidence.endswith(" Accepted by Ops.")


def test_a_file_that_calls_its_migration_irreversible_closes_it_too(paper: Paper):
    Candidate.objects.filter(pk=paper.release.candidate_id).update(manifest=IRREVERSIBLE)
    paper.release.candidate.refresh_from_db()
    assert closed(paper) == ["rollback_rehearsed", "approvals"]
    approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="We restore the backup.")
    assert closed(paper) == ["approvals"]
    evidence = next(gate.evidence for gate in gates.gates(paper.release) if gate.key == "rollback_rehearsed")
    assert evidence.startswith("No way back after [migrate]: ")


def test_expand_needs_the_tests_of_what_is_live_on_the_new_schema(paper: Paper):
    Change.objects.update(migrations="expand")
    assert closed(paper) == ["expand_proved", "approvals"]
    check = paper.check(paper.release.candidate, status="failed", kind="expand")
    assert closed(paper) == ["expand_proved", "approvals"]
    Check.objects.filter(pk=check.pk).update(status="passed")
    assert closed(paper) == ["approvals"]


def test_expand_that_failed_is_not_to_be_accepted_and_one_that_could_not_be_run_is(paper: Paper):
    Change.objects.update(migrations="expand")
    check = paper.check(paper.release.candidate, status="failed", kind="expand")
    with pytest.raises(NotAllowed, match="nothing to accept"):
        approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="It will be fine.")
    Check.objects.filter(pk=check.pk).update(status="errored", summary="no [expand_test] section.")
    assert closed(paper) == ["expand_proved", "approvals"]
    approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="We watch it ourselves.")
    assert closed(paper) == ["approvals"]


def test_a_migration_without_a_backup_closes_it_until_devops_accept_that(paper: Paper):
    Change.objects.update(migrations="expand")
    paper.check(paper.release.candidate, status="passed", kind="expand")
    Candidate.objects.update(manifest=MANIFEST)
    assert closed(paper) == ["backup_declared", "approvals"]
    paper.release.candidate.refresh_from_db()
    approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="The database is copied every hour.")
    assert closed(paper) == ["approvals"]


def test_what_turns_out_after_somebody_accepted_has_to_be_accepted_too(paper: Paper):
    Change.objects.update(migrations="expand")
    check = paper.check(paper.release.candidate, status="errored", kind="expand", summary="no [expand_test] section.")
    approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="We watch it ourselves.")
    assert closed(paper) == ["approvals"]
    Candidate.objects.update(manifest=MANIFEST)
    paper.release.candidate.refresh_from_db()
    assert closed(paper) == ["backup_declared", "approvals"]
    approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="It is copied.", keys=["backup_declared"])
    assert closed(paper) == ["approvals"]
    Check.objects.filter(pk=check.pk).update(status="failed")
    assert closed(paper) == ["expand_proved", "approvals"]


def test_only_what_was_shown_is_accepted(paper: Paper):
    Change.objects.update(migrations="expand")
    paper.check(paper.release.candidate, status="errored", kind="expand", summary="no [expand_test] section.")
    Candidate.objects.update(manifest=MANIFEST)
    paper.release.candidate.refresh_from_db()
    approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="It is copied.", keys=["backup_declared"])
    assert closed(paper) == ["expand_proved", "approvals"]
    with pytest.raises(NotAllowed, match="nothing to accept"):
        approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="So be it.", keys=["rollback_rehearsed"])


def test_migration_files_ask_for_a_backup_whatever_is_said_of_them(paper: Paper):
    Candidate.objects.update(manifest=MANIFEST)
    assert closed(paper) == ["approvals"]
    Revision.objects.update(files=["shop/migrations/0002_wishes.py"])
    assert closed(paper) == ["backup_declared", "approvals"]


@pytest.mark.parametrize("status", ["queued", "back", "forward", "failed", "superseded"])
def test_only_a_rehearsal_that_succeeded_opens_it(paper: Paper, status: str):
    Rehearsal.objects.update(status=status)
    assert closed(paper) == ["rollback_rehearsed", "approvals"]


def test_a_rehearsal_holds_for_its_digest_and_its_way_back_only(paper: Paper):
    other = paper.candidate("staging", "9" * 64, label="staging")
    Rehearsal.objects.update(target=other)
    assert "rollback_rehearsed" in closed(paper)
    Rehearsal.objects.update(target=paper.adopted, digest="8" * 64)
    assert "rollback_rehearsed" in closed(paper)


def test_the_newest_rehearsal_counts_and_says_how_long_it_took(paper: Paper):
    evidence = next(gate.evidence for gate in gates.gates(paper.release) if gate.key == "rollback_rehearsed")
    assert evidence == "Back in 0.7 s, forward in 1.1 s on Staging"
    paper.rehearse(paper.release.candidate, "failed", reason="The way forward: health failed.")
    assert "rollback_rehearsed" in closed(paper)


def test_the_first_release_has_no_way_back_and_devops_must_know(paper: Paper):
    Candidate.objects.filter(pk=paper.release.candidate_id).update(base=None)
    Rehearsal.objects.all().delete()
    paper.adopted.delete()
    assert "rollback_rehearsed" in closed(paper)
    paper.release.refresh_from_db()
    approvals.waive_rollback(paper.release, by=paper.cast.ops, reason="We start anew.")
    assert "rollback_rehearsed" not in closed(paper)


def test_before_the_candidate_is_composed_only_that_is_said(paper: Paper):
    Candidate.objects.filter(pk=paper.release.candidate_id).update(status="composing")
    assert closed(paper) == ["candidate"]


def test_shipping_names_every_closed_gate(paper: Paper):
    Check.objects.update(status="failed")
    with pytest.raises(NotAllowed, match="Tested together: Failed.*; Approved by management: 1 approval is missing"):
        services.ship(paper.release, by=paper.cast.ops)


@pytest.mark.parametrize("status", [Release.Status.PLANNED, Release.Status.LIVE, Release.Status.DROPPED])
def test_only_a_frozen_release_ships(paper: Paper, status: str):
    Release.objects.update(status=status)
    with pytest.raises(NotAllowed, match="cannot be shipped"):
        services.ship(paper.release, by=paper.cast.ops)
