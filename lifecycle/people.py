"""Finding people and changing what belongs to one of them."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from lifecycle.inbox import Hit
from lifecycle.models import User
from lifecycle.roles import Actor


def find(actor: Actor, words: str) -> list[Hit]:
    """Members of the product whose name or e-mail contains the words; only the team may look people up."""
    if not actor.is_team or not words:
        return []
    members = User.objects.filter(memberships__product=actor.product, is_active=True)
    found = members.filter(Q(name__icontains=words) | Q(email__icontains=words)).order_by("name")[:5]
    return [Hit(str(user), _("Person"), f"{reverse('person', args=[user.pk])}", "user") for user in found]


def set_language(user: User, code: str) -> None:
    """Keep the person's language."""
    User.objects.filter(pk=user.pk).update(language=code)
