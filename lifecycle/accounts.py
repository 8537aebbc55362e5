"""Sign-in rules: customers by a code sent to their e-mail, the team by password too."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lifecycle.logs import logger
from lifecycle.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Anyone may become a customer; the team is invited (a Membership row makes the difference)."""

    def save_user(self, request: Any, user: User, form: Any, commit: bool = True) -> User:
        user.language = (get_language() or "en")[:2]
        return super().save_user(request, user, form, commit)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a code or a notice. A mail server that is away is said on the page, and never fails the request."""
        try:
            login_url = self.request.build_absolute_uri(reverse("account_login"))
            super().send_mail(template_prefix, email, {"login_url": login_url, **context})
        except OSError as error:
            logger.warning("mail %s: %s", template_prefix, error)
            messages.error(self.request, _("The mail could not be sent. Try again in a minute."))
