"""Sign-in rules: customers by a code sent to their e-mail, the team by password too."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.utils.translation import get_language

from lifecycle.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Anyone may become a customer; the team is invited (a Membership row makes the difference)."""

    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:
        user.language = (get_language() or "en")[:2]
        return super().save_user(request, user, form, commit)
