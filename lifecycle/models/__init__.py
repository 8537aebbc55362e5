"""Shared ground: people and products, events, messages, leased work."""

from lifecycle.models.events import Event, EventNote
from lifecycle.models.messages import Comment, Notification, Preference
from lifecycle.models.people import Company, Membership, Product, Role, Token, User
from lifecycle.models.work import Heartbeat, Leased, Logged, LogLine, Work

__all__ = [
    "Comment",
    "Company",
    "Event",
    "EventNote",
    "Heartbeat",
    "Leased",
    "LogLine",
    "Logged",
    "Membership",
    "Notification",
    "Preference",
    "Product",
    "Role",
    "Token",
    "User",
    "Work",
]
