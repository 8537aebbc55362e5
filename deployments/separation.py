"""Whose word may count for a release as things are now: asked when somebody speaks, and again by every gate and claim.

In strict products nobody counts who has a hand in the release, or who came to speak through somebody who has.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import F, FilteredRelation, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments.models import Deputy
from lifecycle import dates, members
from lifecycle.models import Event, Product, User
from lifecycle.roles import TEAM
from releases import involvement
from releases.involvement import Involved
from releases.models import CandidateChange, Release


@dataclass(frozen=True)
class Voter:
    """A member of the team, with the roles they have."""

    user: User
    roles: frozenset[str]


@dataclass(frozen=True)
class Electorate:
    """Who may speak for a release. What the answers need is read once, when the first one asks."""

    release: Release
    at: datetime
    rows: list[CandidateChange] | None = None

    def knowing(self, **facts: object) -> "Electorate":
        """The same with facts that somebody has read already, by the names of the properties below."""
        self.__dict__.update(facts)
        return self

    @property
    def is_strict(self) -> bool:
        return self.release.product.preset == Product.Preset.STRICT

    @cached_property
    def involved(self) -> Involved:
        return involvement.in_release(self.release, self.rows)

    @cached_property
    def voters(self) -> dict[int, Voter]:
        """Everybody on the team who is active, and administrators, by name."""
        return voters_of(self.release.product)

    @cached_property
    def deputies(self) -> list[Deputy]:
        return list(Deputy.objects.filter(product=self.release.product_id).order_by("id"))

    @cached_property
    def given(self) -> list[Event]:
        """Who gave which roles since the release was frozen first."""
        rows = Event.objects.filter(product=self.release.product_id, verb__in=[members.GIVEN, members.CREATED])
        return list(rows.filter(at__gte=self.frozen_at).order_by("id"))

    @cached_property
    def frozen_at(self) -> datetime:
        """When it was frozen first: what is given later is looked at."""
        froze = Event.objects.filter(subject_kind="release", subject_id=self.release.pk, verb=involvement.FROZEN)
        first = froze.order_by("id").values_list("at", flat=True).first()
        return first or self.release.frozen_at or self.release.created_at

    def may_test(self, person: int) -> bool:
        """Whether this person's verdict and sign-off count."""
        return not self.is_strict or person not in self.involved

    def why_not(self, person: int, role: str, *, for_person: int | None = None, on: datetime | None = None) -> str:
        """Why this word in this role does not count; "" if it does. `on`: when it was said (None: now)."""
        if person not in self.voters:
            return _("not active in this team")
        holder = for_person or person
        if for_person and (holder not in self.voters or not self.stands_in(person, holder, role, on or self.at)):
            return _("not the deputy")
        if not self._holds(holder, role):
            return _("does not have the role")
        return self._not_an_outsider({person, holder}, role) if self.is_strict else ""

    def _holds(self, person: int, role: str) -> bool:
        voter = self.voters[person]
        return role in voter.roles or (voter.user.is_admin and not self.is_strict)

    def _not_an_outsider(self, people: Iterable[int], role: str) -> str:
        if any(person in self.involved for person in people):
            return _("built or planned a part of it")
        if any(self._came_through_insider(person, role) for person in people):
            return _("has the role from somebody who built or planned a part of it")
        return ""

    def _came_through_insider(self, person: int, role: str) -> bool:
        """Whether, since the freeze, they were made, or given this role, by somebody involved or by nobody known."""
        since = [event for event in self.given if event.data.get("person") == person]
        told = [event for event in since if role in event.data.get("added", []) or event.verb == members.CREATED]
        if any(event.actor_id is None or event.actor_id in self.involved for event in told):
            return True
        return self.voters[person].user.date_joined >= self.frozen_at and not told

    def stands_in(self, person: int, holder: int, role: str, on: datetime) -> bool:
        """Whether `person` is the deputy of `holder` on that day."""
        day = timezone.localtime(on, dates.zone(self.release.product.time_zone)).date()
        return any(
            row.starts_on <= day <= row.ends_on and not self._is_insiders(row)
            for row in self.deputies
            if (row.deputy_id, row.person_id, row.role) == (person, holder, role)
        )

    def _is_insiders(self, row: Deputy) -> bool:
        """A deputy whom somebody involved chose after the freeze."""
        return self.is_strict and row.created_at >= self.frozen_at and row.created_by_id in self.involved

    def stand_ins(self, holder: int, role: str) -> list[User]:
        """The deputies who may speak for this person now."""
        able = [row.deputy_id for row in self.deputies if row.person_id == holder and row.role == role]
        return [self.voters[pk].user for pk in able if not self.why_not(pk, role, for_person=holder)]

    def capacity(self, person: int, roles: Iterable[str], taken: Iterable[int]) -> tuple[str, int | None] | None:
        """As what this person may speak: (role, whose deputy), in the order of `roles`; None: not at all.

        `taken` are people who have spoken already, or were spoken for.
        """
        for role in roles:
            if not self.why_not(person, role):
                return role, None
        for role in roles:
            for row in self.deputies:
                free = row.deputy_id == person and row.role == role and row.person_id not in taken
                if free and not self.why_not(person, role, for_person=row.person_id):
                    return role, row.person_id
        return None


def voters_of(product: Product) -> dict[int, Voter]:
    """Everybody on the team of a product who is active, and administrators, by name."""
    here = FilteredRelation("memberships", condition=Q(memberships__product=product))
    rows = User.objects.filter(is_active=True).annotate(here=here, roles=F("here__roles"))
    found = rows.filter(Q(here__roles__overlap=list(TEAM)) | Q(is_admin=True)).order_by("name", "id")
    return {user.pk: Voter(user, frozenset(user.roles or ())) for user in found}


def electorate(
    release: Release, *, rows: list[CandidateChange] | None = None, at: datetime | None = None
) -> Electorate:
    return Electorate(release, at or timezone.now(), rows)
