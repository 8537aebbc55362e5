"""A product whose history is told to Lifecycle and to a model of ten lines, to be compared after every step.

Each change owns one line of shop.py and a file. The model is a dict, change number → the text it has now; git, the
candidates and the rows are the real ones.
"""

from pathlib import Path

from django.utils import timezone

from environments import branches, repositories
from environments.git import Git
from lifecycle.events import Machine
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed, move
from releases import candidates, changes, composing, facts, freezing, intake, undoing
from releases.models import Candidate, Change, Check, Release, UndoPreview
from tests.cast import Cast
from tests.environments.repositories import Upstream

S = Change.Status
ROBOT = Machine("history")
LINES_APART, MOST = 5, 11
OFFERED = (S.READY, S.STAGING, S.APPROVED)
Model = dict[int, str]


class World:
    """One product on a fresh upstream; `live` is what the model says production has, `shipped` how it got there."""

    def __init__(self, cast: Cast, folder: Path, name: str) -> None:
        self.cast = cast
        self.upstream = Upstream(folder)
        self.upstream.write("shop.py", "".join(f"line {n}\n" for n in range(1, MOST * LINES_APART + 3)))
        self.upstream.write("lifecycle.toml", "")
        self.root = self.upstream.commit("base")
        self.product = Product.objects.create(name=name, slug=name)
        repositories.connect(self.product, f"file://{folder}", by=ROBOT)
        candidates.adopt(self.product, sha=self.root, by=ROBOT)
        self.texts: Model = {}
        self.below: dict[int, int] = {}
        self.live: Model = {}
        self.before: list[Model] = []
        self.pushes = 0

    @property
    def git(self) -> Git:
        return repositories.git(self.product.repository)

    def change(self, number: int) -> Change:
        rows = Change.objects.select_related("revision", "requires", "release", "product")
        return rows.get(product=self.product, number=number)

    def numbers(self, *statuses: str) -> list[int]:
        rows = Change.objects.filter(product=self.product, status__in=statuses).order_by("number")
        return list(rows.values_list("number", flat=True))

    # what developers do

    def begin(self, below: int | None) -> None:
        """A new change from main, or on top of another one's branch."""
        now = timezone.now()
        number = self.product.next_number("change")
        fields = {"title": f"Change {number}", "branch": f"work/{number}", "created_at": now, "waiting_since": now}
        Change.objects.create(product=self.product, number=number, **fields)
        if below is not None:
            self.below[number] = below
        self.push(number, f"work/{below}" if below is not None else "main")

    def amend(self, number: int, *, anew: bool) -> None:
        """One more commit on the branch; or the branch is made anew from where it began, by a forced push."""
        is_below = number in self.below.values()
        start = self.change(number).revision.stands_on or self.change(number).revision.fork
        self.push(number, start if anew and not is_below else f"work/{number}")

    def push(self, number: int, start: str) -> None:
        self.pushes += 1
        self.texts[number] = f"change {number}, push {self.pushes}"
        self.upstream.git("checkout", "-q", "-B", f"work/{number}", start)
        path = self.upstream.path / "shop.py"
        lines = path.read_text().splitlines()
        lines[number * LINES_APART] = self.texts[number]
        self.upstream.write("shop.py", "\n".join(lines) + "\n")
        self.upstream.write(f"change_{number}.txt", self.texts[number])
        self.upstream.commit(self.texts[number])
        self.upstream.git("checkout", "-q", "main")
        self.fetch()

    def fetch(self) -> None:
        for branch in repositories.poll(self.product.repository):
            intake.take(branch)
            branches.out_of_trouble(branch)
        queued = Check.objects.filter(product=self.product, status=Check.Status.QUEUED)
        for check in queued:
            move(check, Check.Status.RUNNING, by=ROBOT, silent=True)
            move(check, Check.Status.PASSED, by=ROBOT, silent=True)

    def follow(self) -> None:
        """Upstream's main fast-forwards to what is live, if it can."""
        live = candidates.live(self.product)
        self.upstream.git("fetch", "-q", live.repository.mirror, f"refs/lifecycle/candidates/{live.pk}")
        head = self.upstream.git("rev-parse", "main")
        if self.upstream.git("merge-base", "main", "FETCH_HEAD") == head:
            self.upstream.git("merge", "-q", "--ff-only", "FETCH_HEAD")
            self.fetch()

    def offer(self, number: int) -> None:
        """Ready, unless the one below is not: then it is refused with its name."""
        Change.objects.filter(product=self.product, number=number).update(return_reason="")
        change = self.change(number)
        lower = self.below.get(number)
        may = lower is None or self.change(lower).status in (*OFFERED, S.LIVE)
        try:
            changes.mark_ready(change, by=self.cast.dev)
        except NotAllowed as reason:
            assert not may, reason
            assert f"C-{lower}" in str(reason)
        else:
            assert may, f"C-{number} went before C-{lower}"

    # what releases do

    def try_dev(self) -> None:
        """dev has what is live and everything in development, each at its newest push."""
        candidate = self.compose(Candidate.Purpose.DEV)
        working = self.numbers(S.DEVELOPMENT, *OFFERED)
        assert self.tree(candidate) == self.expected({**self.live, **{n: self.texts[n] for n in working}})

    def try_staging(self) -> None:
        candidate = self.compose(Candidate.Purpose.STAGING)
        offered = self.numbers(*OFFERED)
        assert self.tree(candidate) == self.expected({**self.live, **{n: self.texts[n] for n in offered}})

    def ship(self, wanted: list[int]) -> None:
        """A release of these changes; one whose lower change is left behind is refused, then it goes along."""
        release = self.release()
        for number in wanted:
            change = self.change(number)
            for status in (S.STAGING, S.APPROVED):
                if change.status != S.APPROVED:
                    move(change, status, by=ROBOT)
            Change.objects.filter(pk=change.pk).update(release=release)
        alone = [n for n in wanted if n in self.below and self.below[n] not in {*wanted, *self.live}]
        if alone:
            assert f"C-{alone[0]} is built on" in " ".join(freezing.reasons_not_to_freeze(release))
            release.changes.update(release=None)
            return
        freezing.freeze(release, by=ROBOT)
        self.go_live(release, {**self.live, **{n: self.texts[n] for n in wanted}})

    def release(self) -> Release:
        now = timezone.now()
        facts_of = {"version": f"1.{self.product.releases.count()}", "target_date": now.date(), "created_at": now}
        release = Release.objects.create(product=self.product, author=self.cast.petra, **facts_of)
        move(release, Release.Status.PLANNED, by=ROBOT)
        return release

    def undo(self, wanted: list[int]) -> None:
        """Take these changes out of what is live; refused when another live change is built on one of them."""
        found = undoing.preview(self.product, [self.change(n) for n in wanted])
        if found.status == UndoPreview.Status.QUEUED:
            undoing.work_out(found)
        kept = [n for n in self.live if n not in wanted and self.below.get(n) in wanted]
        chosen = [self.change(n) for n in wanted]
        try:
            release = undoing.propose(self.product, changes=chosen, by=self.cast.petra, reason="It broke")
        except NotAllowed as reason:
            assert kept, reason
            assert f"C-{kept[0]}" in str(reason)
            return
        assert not kept
        self.go_live(release, {n: text for n, text in self.live.items() if n not in wanted})

    def go_live(self, release: Release, model: Model) -> None:
        release.refresh_from_db()
        composing.compose(release.candidate)
        release.candidate.refresh_from_db()
        assert release.candidate.error == ""
        assert self.tree(release.candidate) == self.expected(model)
        facts.mark_live(release, deployment=release, by=ROBOT)
        self.before.append(self.live)
        self.live = model

    def roll_back(self) -> None:
        """Production goes back to what it ran before the newest release."""
        out = self.product.releases.filter(status=Release.Status.LIVE).order_by("-live_at")
        release = out.select_related("candidate").first()
        facts.mark_rolled_back(release, deployment=release, reason="It broke", by=ROBOT)
        self.live = self.before.pop()
        assert self.tree(candidates.live(self.product)) == self.expected(self.live)

    # comparing

    def compose(self, purpose: str) -> Candidate:
        candidate = candidates.request(self.product, purpose, by=ROBOT)
        composing.compose(candidate)
        candidate.refresh_from_db()
        assert (candidate.error, candidate.conflicts) == ("", [])
        return candidate

    def tree(self, candidate: Candidate) -> dict[str, str]:
        names = [file.path for file in self.git.diff(self.root, candidate.sha) if file.status == "A"]
        return {name: (self.git.read_file(candidate.sha, name) or b"").decode() for name in ["shop.py", *names]}

    def expected(self, model: Model) -> dict[str, str]:
        lines = [f"line {n}" for n in range(1, MOST * LINES_APART + 3)]
        for number, text in model.items():
            lines[number * LINES_APART] = text
        files = {f"change_{number}.txt": text for number, text in model.items()}
        return {"shop.py": "\n".join(lines) + "\n", **files}
