"""Point 2: the review. Team lead, product owner and DevOps vote in secret; then they decide, with a reason.

One name per use-case, each written in the module of its topic.
"""

from ideas.agenda import freeze, next_session, skip, thaw
from ideas.balloting import cast, remind, reveal, reveal_all, vote_again
from ideas.deciding import decide, decide_together, undo
from ideas.meeting import add_minute, call, close_session, join, leave, open_session, take_seat
from ideas.queueing import move_in_queue

__all__ = [
    "add_minute",
    "call",
    "cast",
    "close_session",
    "decide",
    "decide_together",
    "freeze",
    "join",
    "leave",
    "move_in_queue",
    "next_session",
    "open_session",
    "remind",
    "reveal",
    "reveal_all",
    "skip",
    "take_seat",
    "thaw",
    "undo",
    "vote_again",
]
