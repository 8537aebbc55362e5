"""Reading main in trunk mode: which of its steps belong together, and what they say they are for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from environments.git import Commit
from releases.serving import numbers_in

PULL_REQUEST = re.compile(r"\(#(\d+)\)\s*$|^Merge pull request #(\d+) |\(!(\d+)\)\s*$")
MERGE_REQUEST = re.compile(r"^See merge request \S*!(\d+)\s*$", re.MULTILINE)
MERGED_BRANCH = re.compile(
    r"^Merge (?:pull request #\d+ from [^/\s]+/|branch ')([^'\s]+)|^Merged in (\S+) \(pull request"
)
IDEA_IN_NAME = re.compile(r"(?:^|/)idea/(\d+)(?:-|$)")
CHANGE_KEY = re.compile(r"(?:C-)?(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True)
class Link:
    """What a step says about itself: the first that is there counts, in this order. All empty: nothing."""

    change: int | None = None
    ideas: tuple[int, ...] = ()
    pull_request: int | None = None
    branch: str = ""

    def __bool__(self) -> bool:
        return bool(self.change or self.ideas or self.pull_request or self.branch)


@dataclass(frozen=True)
class Run:
    """Consecutive steps of main, oldest first, that are one change (or one step that is nobody's)."""

    steps: list[Commit]
    link: Link

    @property
    def is_somebodys(self) -> bool:
        """A pull request that was merged, or commits that name their change, idea or pull request."""
        return bool(self.link) or len(self.steps[0].parents) > 1

    @property
    def fork(self) -> str:
        return self.steps[0].parents[0]

    @property
    def tip(self) -> str:
        return self.steps[-1].sha


def runs(steps: Iterable[Commit]) -> list[Run]:
    """`steps` oldest first, cut where another change begins. A root commit has nothing before it and is left out."""
    linked = [(link_of(step), step) for step in steps if step.parents]
    together = [list(group) for _key, group in groupby(linked, key=lambda pair: pair[0] or pair[1].sha)]
    return [Run([step for _link, step in group], group[0][0]) for group in together]


def link_of(step: Commit) -> Link:
    """From the trailers `Change: C-7` and `Idea: 42`, the pull request's number, or the name of the merged branch."""
    change = CHANGE_KEY.fullmatch(step.trailer("Change") or "")
    ideas = tuple(numbers_in(step))
    if change or ideas:
        return Link(int(change[1]) if change else None, () if change else ideas)
    branch = merged_branch(step)
    named = IDEA_IN_NAME.search(branch)
    return Link(None, (int(named[1][:9]),) if named else (), pull_request(step), branch)


def merged_branch(step: Commit) -> str:
    found = MERGED_BRANCH.match(step.subject) if len(step.parents) > 1 else None
    return (found[1] or found[2])[:200] if found else ""


def pull_request(step: Commit) -> int | None:
    found = PULL_REQUEST.search(step.subject)
    if found:
        return int(next(number for number in found.groups() if number)[:9])
    merge_request = MERGE_REQUEST.search(step.body)
    return int(merge_request[1][:9]) if merge_request else None


def title_of(run: Run) -> str:
    """What a person would call it: a merge says it in its body, everything else in its subject."""
    first = run.steps[0]
    body = [line.strip() for line in first.body.splitlines() if line.strip()]
    is_merge = len(first.parents) > 1 and first.subject.startswith("Merge")
    said = body[0] if is_merge and body and ":" not in body[0].split(" ")[0] else first.subject
    return PULL_REQUEST.sub("", said).strip()[:200] or first.sha[:8]
