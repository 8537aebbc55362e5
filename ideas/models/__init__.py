"""Intake, votes, merging and the review board."""

from ideas.models.intake import Area, Idea, Subscription, Vote
from ideas.models.review import AgendaItem, Attendance, Ballot, Decision, ReviewSession, Seat
from ideas.models.rhythm import Rhythm
from ideas.stops import Stop

__all__ = [
    "AgendaItem",
    "Area",
    "Attendance",
    "Ballot",
    "Decision",
    "Idea",
    "ReviewSession",
    "Rhythm",
    "Seat",
    "Stop",
    "Subscription",
    "Vote",
]
