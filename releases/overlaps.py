"""The conflict matrix: which open changes cannot go together, pair by pair, kept up to date by a worker.

Two changes clash when git cannot put both on what is live, or when both add migrations to one application: each would
be numbered after the same one. A pair is worked out once; a push or a release makes only its own pairs new.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from environments import repositories
from environments.git import LIFECYCLE, Conflict, Git
from environments.migration_files import app_of, is_migration
from lifecycle import jobs
from lifecycle.jobs import Lease
from lifecycle.models import Product
from releases import candidates, stacking
from releases.models import Candidate, Change, Overlap

OPEN = (Change.Status.DEVELOPMENT, Change.Status.READY, Change.Status.STAGING, Change.Status.APPROVED)
Pair = tuple[Change, Change]


def request(product: Product) -> None:
    """Let a worker bring the matrix up to date; one that is queued already is enough."""
    jobs.enqueue("overlaps", product, product=product)


@jobs.handler("overlaps", queue="git")
def fill(lease: Lease) -> None:
    update(Product.objects.get(pk=lease.row.subject_id))


def update(product: Product, *, at: datetime | None = None) -> int:
    """Work out the pairs that nobody has on what is live now and forget the others; how many were new. Runs git."""
    base = candidates.live(product)
    if base is None:
        return 0
    changes = open_changes(product)
    newest = [change.revision_id for change in changes]
    rows = Overlap.objects.filter(product=product)
    rows.exclude(base_sha=base.sha, one__in=newest, other__in=newest).delete()
    known = set(rows.values_list("one_id", "other_id"))
    pairs = [pair for pair in ordered(changes) if (pair[0].revision_id, pair[1].revision_id) not in known]
    table = Table(repositories.git(base.repository), base, changes)
    Overlap.objects.bulk_create([table.row(pair, at or timezone.now()) for pair in pairs], ignore_conflicts=True)
    return len(pairs)


def open_changes(product: Product) -> list[Change]:
    rows = Change.objects.filter(product=product, status__in=OPEN).exclude(revision=None)
    return stacking.below_first(rows.select_related("revision").order_by("pk"))


def ordered(changes: Iterable[Change]) -> Iterator[Pair]:
    """Every pair once, the older revision first, as the database keeps it."""
    return combinations(sorted(changes, key=lambda change: change.revision_id), 2)


class Table:
    """What each change is on top of the base, asked of git once and only for changes that share a file."""

    def __init__(self, git: Git, base: Candidate, changes: list[Change]) -> None:
        self.git, self.base = git, base
        self.by_pk = {change.pk: change for change in changes}
        self.commits: dict[int, str | None] = {}
        self.apps: dict[int, set[str]] = {}

    def row(self, pair: Pair, at: datetime) -> Overlap:
        one, other = pair
        is_stack = self.is_below(one, other) or self.is_below(other, one)
        return Overlap(
            product_id=self.base.product_id,
            one=one.revision,
            other=other.revision,
            base_sha=self.base.sha,
            files=[] if is_stack else self.files(one, other),
            migrations=[] if is_stack else sorted(self.apps_of(one) & self.apps_of(other)),
            at=at,
        )

    def is_below(self, lower: Change, upper: Change) -> bool:
        """Whether `upper` stands on `lower`, directly or not."""
        seen: set[int] = set()
        step = upper.requires_id
        while step in self.by_pk and step not in seen:
            if step == lower.pk:
                return True
            seen.add(step)
            step = self.by_pk[step].requires_id
        return False

    def files(self, one: Change, other: Change) -> list[str]:
        """The files in which the two clash. What clashes with the base itself is said on the change, not here."""
        if not share_a_path(one.revision.files, other.revision.files):
            return []
        ours, theirs = self.commit(one), self.commit(other)
        if ours is None or theirs is None:
            return []
        try:
            self.git.merge(ours, theirs)
        except Conflict as conflict:
            return conflict.files
        return []

    def commit(self, change: Change) -> str | None:
        """The base with the change (and what it stands on); None when it cannot be put there."""
        if change.pk not in self.commits:
            self.commits[change.pk] = self.put(change)
        return self.commits[change.pk]

    def put(self, change: Change) -> str | None:
        below = self.by_pk.get(change.requires_id) if change.revision.stands_on else None
        onto = self.commit(below) if below else self.base.sha
        if onto is None:
            return None
        try:
            tree = self.git.apply(onto, change.revision.stands_on or change.revision.fork, change.revision.tip)
        except Conflict:
            return None
        return self.git.commit(tree, [self.base.sha], change.key, {}, LIFECYCLE, change.revision.seen_at)

    def apps_of(self, change: Change) -> set[str]:
        """The folders to which the change adds migrations, named by what is above `migrations/` or the like."""
        if change.pk not in self.apps:
            self.apps[change.pk] = self.find_apps(change)
        return self.apps[change.pk]

    def find_apps(self, change: Change) -> set[str]:
        revision = change.revision
        globs = revision.migration_globs
        if not any(is_migration(path, globs) for path in revision.files):
            return set()
        step = self.git.diff(revision.stands_on or revision.fork, revision.tip)
        added = [file.path for file in step if file.status == "A" and is_migration(file.path, globs)]
        return {app_of(path) for path in added}


def share_a_path(ones: list[str], others: list[str]) -> bool:
    """Whether both touch a file, or one has a file where the other has a folder."""
    mine, theirs = set(ones), set(others)
    return bool(mine & theirs or mine & folders(others) or theirs & folders(ones))


def folders(paths: list[str]) -> set[str]:
    return {path[:place] for path in paths for place, char in enumerate(path) if char == "/"}


def between(changes: Iterable[Change]) -> QuerySet[Overlap]:
    """The clashes that are known among these changes at their newest revisions, in their order."""
    newest = [change.revision_id for change in changes if change.revision_id]
    rows = Overlap.objects.filter(one__in=newest, other__in=newest).exclude(Q(files=[]) & Q(migrations=[]))
    return rows.select_related("one__change", "other__change").order_by("one__change__number", "other__change__number")


def of(change: Change) -> list[Overlap]:
    """What clashes with one change among the open ones."""
    return [
        row for row in between(open_changes(change.product)) if change.pk in (row.one.change_id, row.other.change_id)
    ]


def reasons(changes: Iterable[Change], known: Iterable[Overlap] | None = None) -> list[str]:
    """A sentence per clash that git alone would not find while composing, or would find too late.

    `known` are the clashes of these and further changes, where somebody has them already.
    """
    found = list(changes)
    pks = {change.pk for change in found}
    rows = between(found) if known is None else known
    return [sentence(row) for row in rows if {row.one.change_id, row.other.change_id} <= pks]


def sentence(row: Overlap) -> str:
    facts = {"one": row.one.change.key, "other": row.other.change.key}
    if row.files:
        return _("%(one)s and %(other)s change the same lines in %(files)s.") % {**facts, "files": ", ".join(row.files)}
    apps = ", ".join(row.migrations)
    return _("%(one)s and %(other)s both add migrations to %(apps)s.") % {**facts, "apps": apps}
