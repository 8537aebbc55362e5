"""What must be true of a product's releases after every step, whatever was done.

 1. one frozen release has staging, and at most one more made way for it
 2. production's tree is exactly the model's set of changes
 3. what went live had every gate open when it was claimed, or its glass was broken
 4. no yes about another digest or configuration opens a gate, and every last yes about this one does
 5. a frozen release keeps the revisions it was frozen with, whatever is pushed
 6. a change that was ejected is not in the candidate
 7. a change that was returned is in no next composition for staging
 8. a release that made way comes back exactly once, and never stays away
 9. a rollback leads to what was verified there before
10. a change is in at most one release that is being decided about, and in none once it is live
11. putting together again makes stale only yeses whose files overlap, and all of these
12. a version's tag never moves
13. events rebuild every idea's stop
14. an idea is said to be in production exactly while production has its change
15. a change is live exactly while production has it
16. whatever is composed has the tree of what was asked for, and stands on what is live
"""

import hashlib
import subprocess
from collections import Counter

from hypothesis.stateful import RuleBasedStateMachine, invariant

from deployments import gates, running
from environments import repositories
from ideas import rebuilding
from ideas.models import Idea, Stop
from lifecycle.models import Event
from releases.models import Candidate, CandidateChange, Change, Release
from tests.deployments.release_model import Files
from tests.deployments.release_oracle import glass_is_broken, was_verified, words_missing
from tests.deployments.release_world import World

C, R = Change.Status, Release.Status
READY = Candidate.Status.READY
WORDS = {"changes_approved", "checklist_done", "managers_demo", "customers_demo", "approvals"}


class Invariants(RuleBasedStateMachine):
    """The sentences above, in their order."""

    world: World

    @invariant()
    def one_release_has_staging(self) -> None:
        parked = [release.is_parked for release in self.world.releases(R.FROZEN)]
        assert Counter(parked) in ({}, {False: 1}, {False: 1, True: 1}), "1"

    @invariant()
    def production_is_the_expected_set(self) -> None:
        production = self.world.production
        head = repositories.git(self.world.product.repository).refs("refs/heads/")[production.branch]
        expected = self.world.model.files(self.world.model.live)
        assert self.is_tree(head, expected), f"2: production is not {self.world.model.live}"
        assert self.is_tree(running.current(production).candidate.sha, expected), "2"

    @invariant()
    def what_went_live_had_every_gate_open(self) -> None:
        for deployment, closed in self.world.claims:
            assert closed == [], f"3: {deployment.candidate} went to production"

    @invariant()
    def only_words_about_this_digest_count(self) -> None:
        place = self.world.production
        for release in self.composed():
            shut = {gate.key for gate in gates.missing(release)} & WORDS
            missing = words_missing(release, release.candidate, place.config_version)
            is_broken = glass_is_broken(release, release.candidate, place.config_version)
            assert shut == (set() if is_broken else missing), f"4: {release}"

    @invariant()
    def a_frozen_release_keeps_its_revisions(self) -> None:
        for release in self.world.releases(R.FROZEN):
            rows = CandidateChange.objects.filter(candidate=release.candidate_id)
            found = {row.change.number: row.revision.tip for row in rows.select_related("change", "revision")}
            texts = {number: self.world.tips[tip] for number, tip in found.items()}
            assert texts == self.world.model.frozen[release.pk].takes, f"5: {release}"

    @invariant()
    def what_was_ejected_is_out(self) -> None:
        for release in self.world.releases(R.FROZEN):
            ejected = self.world.model.frozen[release.pk].ejected
            rows = CandidateChange.objects.filter(candidate=release.candidate_id)
            assert not rows.filter(change__number__in=ejected).exists(), f"6: {release} has {ejected}"

    @invariant()
    def what_was_returned_is_not_composed_next(self) -> None:
        assert self.world.returned_and_taken == [], "7"

    @invariant()
    def what_made_way_comes_back_once(self) -> None:
        model = self.world.model
        parked = {release.pk for release in self.world.releases(R.FROZEN) if release.is_parked}
        assert parked == {pk for pk, release in model.frozen.items() if release.is_parked}, "8: who makes way"
        back = Event.objects.filter(product=self.world.product, verb="release.brought_back")
        assert Counter(back.values_list("subject_id", flat=True)) == model.came_back, "8"

    @invariant()
    def a_rollback_leads_to_what_was_verified(self) -> None:
        target = running.rollback_target(self.world.production)
        assert target is None or was_verified(target, self.world.production.pk), f"9: {target}"

    @invariant()
    def a_change_is_decided_about_once(self) -> None:
        frozen = self.world.releases(R.FROZEN)
        rows = CandidateChange.objects.filter(candidate__in=[release.candidate_id for release in frozen])
        taken = [row.change for row in rows.select_related("change")]
        assert len(taken) == len({change.pk for change in taken}), "10"
        assert {change.release_id for change in taken} <= {release.pk for release in frozen}, "10"
        assert C.LIVE not in {change.status for change in taken}, "10"

    @invariant()
    def a_yes_falls_where_files_overlap_and_nowhere_else(self) -> None:
        assert self.world.verdicts == [], "11"

    @invariant()
    def tags_never_move(self) -> None:
        tags = repositories.git(self.world.product.repository).refs("refs/tags/")
        assert self.world.tags.items() <= tags.items(), "12"
        self.world.tags = tags

    @invariant()
    def events_rebuild_every_stop(self) -> None:
        assert [wrong.number for wrong in rebuilding.rebuild(repair=False) if wrong.stop != 2] == [], "13"

    @invariant()
    def an_idea_is_in_production_when_its_change_is(self) -> None:
        ideas = Idea.objects.filter(product=self.world.product, stop__gte=Stop.PRODUCTION)
        said = set(ideas.values_list("changes__number", flat=True))
        assert said == set(self.world.model.live), "14"

    @invariant()
    def a_change_is_live_when_production_has_it(self) -> None:
        assert {change.number for change in self.world.changes(C.LIVE)} == set(self.world.model.live), "15"

    @invariant()
    def what_is_composed_is_what_was_asked_for(self) -> None:
        for candidate in self.world.newly_composed():
            assert self.is_tree(candidate.sha, self.world.trees[candidate.pk]), f"16: {candidate} {candidate.pk}"

    # looking

    def composed(self) -> list[Release]:
        return [release for release in self.world.releases(R.FROZEN) if release.candidate.status == READY]

    def is_tree(self, commit: str, files: Files) -> bool:
        """Whether the commit has exactly these files."""
        mirror = self.world.product.repository.mirror
        listed = subprocess.run(
            ["git", "-C", mirror, "ls-tree", "-r", commit], capture_output=True, check=True, text=True
        )
        found = {line.split("\t")[1]: line.split()[2] for line in listed.stdout.splitlines()}
        return found == {path: blob(text) for path, text in files.items()}


def blob(text: str) -> str:
    """git's name for a file with this text."""
    data = text.encode()
    return hashlib.sha1(b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest()
