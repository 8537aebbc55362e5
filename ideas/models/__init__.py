"""Intake, votes, merging and the review board."""

from ideas.models.intake import Area, Idea, Subscription, Vote
from ideas.models.review import AgendaItem, Ballot, Decision, ReviewSession
from ideas.models.rhythm import Rhythm
from ideas.stops import Stop

__all__ = [
    "AgendaItem",
    "Area",
    "Ballot",
    "Decision",
    "Idea",
    "ReviewSession",
    "Rhythm",
    "Stop",
    "Subscription",
    "Vote",
]
