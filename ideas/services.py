"""What other apps and the screens ask of `ideas`: one name per use-case, each written in the module of its topic."""

from ideas.agenda import put_on_agenda
from ideas.intake import comment, follow, submit, unfollow
from ideas.journey import reach
from ideas.merging import merge, unmerge
from ideas.triage import answer, decline, queue_bug, reopen, snooze, triage
from ideas.votes import unvote, vote

__all__ = [
    "answer",
    "comment",
    "decline",
    "follow",
    "merge",
    "put_on_agenda",
    "queue_bug",
    "reach",
    "reopen",
    "snooze",
    "submit",
    "triage",
    "unfollow",
    "unmerge",
    "unvote",
    "vote",
]
