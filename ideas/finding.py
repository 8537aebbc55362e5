"""What a word or a number finds among the ideas."""

from django.urls import reverse
from django.utils.translation import gettext as _

from ideas import search
from ideas.models import Idea
from lifecycle.inbox import Hit
from lifecycle.roles import Actor

MOST = 6


def find(actor: Actor, words: str) -> list[Hit]:
    """The idea of this number first, then those with these words (also misspelt), as far as `actor` may see them."""
    exact = list(Idea.objects.visible_to(actor).primary().matching(words).popular()[:MOST])
    known = {idea.pk for idea in exact}
    close = [idea for idea in search.similar(actor, words, limit=MOST) if idea.pk not in known]
    return [hit(idea) for idea in [*exact, *close][:MOST]]


def hit(idea: Idea) -> Hit:
    return Hit(f"{idea.number} {idea.title}", _("Idea"), reverse("ideas:detail", args=[idea.number]), "lightbulb")
