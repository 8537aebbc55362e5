"""Why an idea stands where it stands in the queue: a move by hand, the board's decision, else its figures."""

from typing import Any, NamedTuple

from django.db import models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas.models import Ballot, Decision, Idea
from ideas.queries import IdeaQuerySet
from ideas.queueing import MOVED

# The last decision with its ballots and the last move by hand, as one value of the row: no further statement.
FACTS = """(SELECT jsonb_build_object(
    'decision', (
        SELECT jsonb_build_object('reason', d.reason, 'outcome', d.outcome, 'at', extract(epoch FROM d.at),
            'yes', (SELECT count(*) FROM ideas_ballot b WHERE b.item_id = a.id AND b.round = a.round AND b.choice = %s),
            'all', (SELECT count(*) FROM ideas_ballot b WHERE b.item_id = a.id AND b.round = a.round))
        FROM ideas_decision d JOIN ideas_agendaitem a ON a.id = d.item_id
        WHERE a.idea_id = ideas_idea.id AND d.undone_at IS NULL ORDER BY d.at DESC, d.id DESC LIMIT 1
    ),
    'move', (
        SELECT jsonb_build_object('data', e.data, 'at', extract(epoch FROM e.at), 'words', n.text,
            'who', coalesce(nullif(u.name, ''), split_part(u.email, '@', 1), e.machine))
        FROM lifecycle_event e
        LEFT JOIN lifecycle_user u ON u.id = e.actor_id LEFT JOIN lifecycle_eventnote n ON n.event_id = e.id
        WHERE e.subject_kind = 'idea' AND e.subject_id = ideas_idea.id AND e.verb = %s ORDER BY e.id DESC LIMIT 1
    )
))"""


class Why(NamedTuple):
    """One reason; `kind` is hand, board, figures or line."""

    kind: str
    text: str


def with_reasons(ideas: IdeaQuerySet) -> IdeaQuerySet:
    """The ideas with `standing`, which `reasons` reads."""
    facts = RawSQL(FACTS, [Ballot.Choice.YES, MOVED], output_field=models.JSONField())
    return ideas.annotate(standing=facts)


def reasons(idea: Idea) -> list[Why]:
    """Why it stands here, the strongest first. A decision after the last move by hand puts it in the board's order."""
    move, decision = idea.standing["move"], idea.standing["decision"]
    found = []
    if move and not (decision and decision["at"] > move["at"]):
        found.append(Why("hand", by_hand(move)))
    if decision:
        found.append(Why("board", by_the_board(decision)))
    return found or [Why("figures", by_figures(idea))]


def by_hand(move: dict[str, Any]) -> str:
    """ "Moved up 4 by Petra: worth it only before 20 December"."""
    facts = {"who": move["who"], "n": move["data"].get("by_places", 1)}
    if move["data"]["up"]:
        words = ngettext("Moved up by %(who)s", "Moved up %(n)s by %(who)s", facts["n"]) % facts
    else:
        words = ngettext("Moved down by %(who)s", "Moved down %(n)s by %(who)s", facts["n"]) % facts
    return ": ".join(part for part in (words, move["words"]) if part)


def by_the_board(decision: dict[str, Any]) -> str:
    """ "3 of 3 on the board: asked every day"."""
    if not decision["all"]:
        words = str(Decision.Outcome(decision["outcome"]).label)
    else:
        words = _("%(yes)s of %(all)s on the board") % decision
    return f"{words}: {decision['reason']}"


def by_figures(idea: Idea) -> str:
    """Votes and what triage thought of it."""
    votes = ngettext("%(n)s vote", "%(n)s votes", idea.votes) % {"n": idea.votes}
    if idea.kind == Idea.Kind.BUG:
        return _("A fault, %(votes)s") % {"votes": votes}
    if idea.urgency is None:
        return votes
    return _("Urgency %(urgency)s, importance %(importance)s, %(votes)s") % {
        "urgency": idea.urgency,
        "importance": idea.importance,
        "votes": votes,
    }
