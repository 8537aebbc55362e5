"""Who may do what: the one table, used by views, the API, templates and tests.

A view, page or route names its verb with `allow("verb")`; a route without one is refused (deny by default).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from lifecycle.models import Product, Role, User

View = TypeVar("View", bound=Callable[..., Any])

C, DEV, LEAD, PO, QA, MAN, OPS = (
    Role.CUSTOMER,
    Role.DEVELOPER,
    Role.TEAM_LEAD,
    Role.PRODUCT_OWNER,
    Role.TESTER,
    Role.MANAGER,
    Role.DEVOPS,
)
TEAM = frozenset({DEV, LEAD, PO, QA, MAN, OPS})
ANYBODY: frozenset[str] = frozenset({"anybody"})
SIGNED_IN: frozenset[str] = frozenset({"signed in"})
DEMO: frozenset[str] = frozenset({"demo"})

VERBS: dict[str, frozenset[str]] = {
    # everybody
    "see_portal": ANYBODY,
    "sign_in": ANYBODY,
    "see_health": ANYBODY,
    "call_back": ANYBODY,
    "see_preview": ANYBODY,  # the signed link is the key (releases/invitations.py)
    "read_calendar_feed": ANYBODY,  # so is the secret address (lifecycle/tokens.py)
    "switch_person": DEMO,
    # whoever is signed in
    "share_idea": SIGNED_IN,
    "vote": SIGNED_IN,
    "follow": SIGNED_IN,
    "comment": SIGNED_IN,
    "answer_survey": SIGNED_IN,
    "see_own_account": SIGNED_IN,
    "find": SIGNED_IN,
    # the team
    "see_team_pages": TEAM,
    "see_inbox": SIGNED_IN,
    "triage": frozenset({PO, LEAD}),
    "merge_ideas": frozenset({PO, LEAD}),
    "run_review": frozenset({PO, LEAD}),
    "set_rhythm": frozenset({PO, LEAD}),
    "attend_review": TEAM,
    "cast_ballot": frozenset({LEAD, PO, OPS}),
    "decide": frozenset({PO, LEAD}),
    "order_queue": frozenset({PO, LEAD}),
    "plan_release": frozenset({PO, LEAD}),
    "assign_change": frozenset({PO, LEAD, DEV}),
    "develop": frozenset({DEV, LEAD}),
    "report_check": frozenset({DEV, LEAD, OPS}),
    "promote": frozenset({LEAD, QA, OPS, DEV}),
    "give_verdict": frozenset({QA}),
    "edit_checklist": frozenset({QA, PO, LEAD}),
    "freeze_release": frozenset({PO, LEAD}),
    "edit_notes": frozenset({PO, LEAD}),
    "eject_change": frozenset({PO, LEAD, QA}),
    "propose_hotfix": frozenset({PO, LEAD, OPS}),
    "undo_change": frozenset({PO, LEAD, MAN, OPS}),
    "record_demo": frozenset({PO, LEAD, MAN}),
    "sign_off_managers": frozenset({MAN}),
    "sign_off_customers": frozenset({PO}),
    "approve_release": TEAM,  # whom the product asks, and their deputies, is its own rule
    "break_glass": frozenset({MAN, OPS, LEAD}),
    "ship_release": frozenset({MAN, OPS}),
    "roll_back": frozenset({MAN, OPS, LEAD}),
    "abort_deployment": frozenset({OPS, LEAD, MAN}),
    "deploy": frozenset({OPS, LEAD}),
    "take_shift": frozenset({OPS, LEAD, DEV}),
    "settle_watch": frozenset({OPS, LEAD, MAN}),
    "ask_feedback": frozenset({PO}),
    "configure": frozenset({OPS}),
    "stop_everything": frozenset({OPS, LEAD, MAN}),
    "override_freeze": frozenset({MAN, OPS}),
    "see_audit": frozenset({MAN, OPS, LEAD, PO}),
}


@dataclass(frozen=True)
class Actor:
    """A person (or nobody) in one product, with the roles they have there; why the product is stopped, if it is."""

    user: User | None
    product: Product
    roles: frozenset[str] = field(default_factory=frozenset)
    has_unread: bool = False
    stop_reason: str = ""

    @property
    def is_team(self) -> bool:
        return bool(self.roles & TEAM)

    def may(self, verb: str) -> bool:
        """Whether this person may do `verb`; KeyError for a verb the table does not know."""
        allowed = VERBS[verb]
        if allowed is ANYBODY or allowed is DEMO:
            return True
        if self.user is None:
            return False
        return allowed is SIGNED_IN or self.user.is_admin or bool(allowed & self.roles)

    def require(self, verb: str) -> None:
        """Raise PermissionDenied, naming who may, unless this person may do `verb`."""
        if not self.may(verb):
            raise PermissionDenied(who_may(verb))


class May(Mapping[str, bool]):
    """`{{ may.promote }}` in templates."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def __getitem__(self, verb: str) -> bool:
        return self.actor.may(verb)

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


def who_may(verb: str) -> str:
    """A sentence naming the roles that may do `verb`."""
    names = [str(Role(role).label) for role in Role.values if role in VERBS[verb]]
    if not names:
        return _("Sign in to do this.")
    return _("This needs one of these roles: %(roles)s.") % {"roles": ", ".join(names)}


def actor_for(user: Any, product: Product) -> Actor:
    """The actor for `user` in `product`; one query for the roles, none for a visitor who is not signed in."""
    if user is None or not user.is_authenticated:
        return Actor(None, product)
    membership = user.memberships.filter(product=product).first()
    return Actor(user, product, frozenset(membership.roles if membership else [Role.CUSTOMER]))


def people_who_may(verb: str, product: Product) -> list[User]:
    """The active members of `product` with a role that may do `verb`, by name."""
    roles = [role for role in VERBS[verb] if role in Role.values]
    members = User.objects.filter(is_active=True, memberships__product=product, memberships__roles__overlap=roles)
    return list(members.distinct().order_by("name", "id"))


def allow(verb: str) -> Callable[[View], View]:
    """Mark a view with the verb it needs; the Access middleware refuses views that have none."""
    if verb not in VERBS:
        raise KeyError(verb)

    def mark(view: View) -> View:
        view.verb = verb  # type: ignore[attr-defined]
        return view

    return mark
