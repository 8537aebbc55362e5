"""What "Find" answers about releases and changes: version, key, branch, commit, words."""

import re

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from lifecycle.inbox import Hit
from lifecycle.roles import Actor
from releases.loading import releases_for
from releases.models import Change

LIMIT = 5
KEY = re.compile(r"c-?(\d+)", re.IGNORECASE)
COMMIT = re.compile(r"[0-9a-f]{7,40}")


def find(actor: Actor, words: str) -> list[Hit]:
    """Releases by version or goal for whoever may see them; changes for the team only."""
    hits = [
        Hit(_("Release %(version)s") % {"version": release}, _("Release"), url_of(release.version), "map")
        for release in releases_for(actor)
        .filter(Q(version__istartswith=words) | Q(goal__icontains=words))
        .order_by("-id")[:LIMIT]
    ]
    return hits + (changes(actor, words) if actor.is_team else [])


def changes(actor: Actor, words: str) -> list[Hit]:
    rows = Change.objects.filter(meaning(words), product=actor.product).distinct().order_by("-id")[:LIMIT]
    return [Hit(str(row), _("Change"), reverse("releases:change", args=[row.number]), "git-branch") for row in rows]


def meaning(words: str) -> Q:
    """A key (C-12), the beginning of a commit's id, or a part of the title or of the branch's name."""
    found = Q(title__icontains=words) | Q(branch__icontains=words)
    if key := KEY.fullmatch(words):
        found |= Q(number=int(key[1][:9]))
    if COMMIT.fullmatch(words.lower()):
        found |= Q(revisions__tip__startswith=words.lower())
    return found


def url_of(version: str) -> str:
    return reverse("releases:detail", args=[version])
