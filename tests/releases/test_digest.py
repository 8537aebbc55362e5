"""The digest names everything that decides what will run: each part changes it, nothing else does."""

import pytest

from releases import candidates
from releases.models import Candidate, CandidateChange, Change
from tests.deployments.paper import Paper

Row = CandidateChange


@pytest.fixture
def paper(cast) -> Paper:
    return Paper(cast)


@pytest.fixture
def digest(paper):
    """`digest(tree="…", change__migrations="…")` is the digest with these parts set on the candidate and its row."""
    candidate = paper.release.candidate

    def of(**parts: object) -> str:
        row = candidate.rows.select_related("change").get()
        for name, value in parts.items():
            thing, _dots, field = name.rpartition("__")
            setattr({"": candidate, "row": row, "change": row.change}[thing], field, value)
        return candidates.digest_of(candidate, [row])

    return of


@pytest.mark.parametrize(
    "part",
    [
        {"tree": "e" * 40},
        {"manifest": "[test]\n"},
        {"row__action": Row.Action.UNDO},
        {"change__migrations": "expand"},
        {"row__revision_id": 4711},
        {"row__change": Change(pk=4711)},
        {"base_id": 4711},
    ],
    ids=lambda part: next(iter(part)),
)
def test_each_part_changes_it(digest, part):
    assert digest() != digest(**part)


@pytest.mark.parametrize("part", [{"label": "24.12"}, {"sha": "f" * 40}, {"row__position": 3}], ids=str)
def test_a_name_a_commit_or_an_order_does_not(digest, part):
    assert digest() == digest(**part)


def test_without_a_change_it_is_another_one(paper, digest):
    assert candidates.digest_of(paper.release.candidate, []) != digest()
    assert len(digest()) == len(Candidate.objects.first().digest)
