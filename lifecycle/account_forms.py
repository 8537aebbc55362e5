"""The forms of signing in that differ from the library's."""

from typing import Any

from allauth.account.fields import PasswordField
from allauth.account.forms import LoginForm, RequestLoginCodeForm
from allauth.account.models import EmailAddress
from django.utils.translation import gettext_lazy as _


class PasswordSignInForm(LoginForm):
    """E-mail and password. The library leaves the password out where new accounts need none; the team may have one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"] = PasswordField(label=_("Password"), autocomplete="current-password")


class SendCodeForm(RequestLoginCodeForm):
    """Whom to send a code. Somebody invited has no address row yet, so that the code could not confirm it."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        if self._user:
            EmailAddress.objects.get_or_create(user=self._user, email=self._user.email, defaults={"primary": True})
        return email
