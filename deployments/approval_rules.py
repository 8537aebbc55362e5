"""Whose word counts for a release, and how many are needed."""

from collections.abc import Iterable, Mapping
from itertools import combinations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments.models import ApprovalRule, BreakGlass
from deployments.separation import Electorate, Voter, electorate
from environments.models import Environment
from lifecycle.models import Product, Role, User
from releases.models import Approval, Candidate, Release

PRESETS: dict[str, dict[str, int]] = {
    Product.Preset.SOLO: {Role.MANAGER: 1},
    Product.Preset.SMALL: {Role.MANAGER: 1},
    Product.Preset.STRICT: {Role.MANAGER: 2},
}
"""Preset → how many approvals of each role, where the product has no rows of its own. Who counts: separation.py."""
ASKABLE = (Role.MANAGER, Role.PRODUCT_OWNER, Role.TEAM_LEAD, Role.TESTER, Role.DEVOPS)
"""The roles that a rule may ask."""


def rule_of(product: Product) -> dict[str, int]:
    """Role → how many of it must say yes."""
    own = {row.role: row.minimum for row in ApprovalRule.objects.filter(product=product).order_by("id")}
    return own or dict(PRESETS[product.preset])


def given(release: Release, candidate: Candidate, environment: Environment) -> list[Approval]:
    """The words on this digest and this configuration of production that nobody has taken back."""
    words = release.approvals.filter(digest=candidate.digest, config_version=environment.config_version)
    here = words.filter(withdrawn_at=None, environment__in=[environment]) | words.filter(
        withdrawn_at=None, environment=None
    )
    return list(here.select_related("by", "for_person").order_by("at", "id"))


def is_about(word: Approval | BreakGlass, candidate: Candidate, environment: Environment) -> bool:
    """Whether it was said of this digest and this configuration of this environment."""
    same = (word.digest, word.config_version) == (candidate.digest, environment.config_version)
    return same and word.environment_id in (None, environment.pk)


def holding(words: Iterable[Approval], people: Electorate) -> list[Approval]:
    """Those whose word still counts: active, in the role, and in strict products without a hand in it."""
    return [
        word for word in words if not people.why_not(word.by_id, word.role, for_person=word.for_person_id, on=word.at)
    ]


def counted(release: Release, candidate: Candidate, environment: Environment) -> list[Approval]:
    """The words that hold as things are now."""
    words = given(release, candidate, environment)
    return holding(words, electorate(release)) if words else []


def still_needed(rule: Mapping[str, int], words: Iterable[Approval]) -> dict[str, int]:
    """Role → how many approvals are missing beside these words, which hold. One person counts once."""
    left, spoken = dict(rule), set[int]()
    for word in words:
        voice = word.for_person_id or word.by_id
        if word.outcome == Approval.Outcome.YES and voice not in spoken and left.get(word.role, 0) > 0:
            left[word.role] -= 1
            spoken |= {voice, word.by_id}
    return {role: number for role, number in left.items() if number > 0}


def spoken(words: Iterable[Approval]) -> set[int]:
    """Everybody who has said something, or for whom a deputy has."""
    return {pk for word in words for pk in (word.by_id, word.for_person_id) if pk is not None}


def able(people: Electorate, needed: Mapping[str, int], words: Iterable[Approval]) -> list[User]:
    """Who could give a word that is missing now; deputies only for those who have not spoken."""
    said = spoken(words)
    found = [voter for pk, voter in people.voters.items() if pk not in said]
    return [voter.user for voter in found if _has_a_say(people, voter, needed, said)]


def _has_a_say(people: Electorate, voter: Voter, needed: Mapping[str, int], said: set[int]) -> bool:
    capacity = people.capacity(voter.user.pk, needed, said)
    return capacity is not None and (capacity[1] is not None or capacity[0] in voter.roles)


def unsatisfiable(rule: Mapping[str, int], people: Mapping[int, Voter], shut_out: Iterable[int] = ()) -> str:
    """Why these people can never fulfil the rule, one person counting once; "" if they can (Hall, 1935)."""
    barred = set(shut_out)
    for size in range(1, len(rule) + 1):
        for roles in combinations(rule, size):
            have = sum(bool(voter.roles & set(roles)) for pk, voter in people.items() if pk not in barred)
            need = sum(rule[role] for role in roles)
            if have < need:
                return _too_few(roles, need, have)
    return ""


def _too_few(roles: Iterable[str], need: int, have: int) -> str:
    facts = {"roles": ", ".join(str(Role(role).label) for role in roles), "need": need, "have": have}
    return _("Needed: %(need)d different people (%(roles)s); who could say yes: %(have)d.") % facts


def glass(release: Release, candidate: Candidate, environment: Environment) -> BreakGlass | None:
    """The glass that was broken for this digest and this configuration, if all who must have done so."""
    rows = release.break_glasses.filter(digest=candidate.digest, config_version=environment.config_version)
    found = rows.filter(environment=environment).select_related("first_by", "second_by", "release__product").first()
    return found if found is not None and is_broken(found, release.product) else None


def is_broken(found: BreakGlass, product: Product) -> bool:
    """Whether it takes effect: with one person, in strict products with two, who are still active."""
    both = [found.first_by] + ([found.second_by] if found.second_by else [])
    enough = len(both) == 2 or product.preset != Product.Preset.STRICT
    return enough and all(person.is_active for person in both)


def is_approved(release: Release, environment: Environment) -> bool:
    """Whether management's word on what the release is now, and on this configuration, is complete."""
    if release.candidate is None:
        return False
    words = counted(release, release.candidate, environment)
    refused = any(word.outcome == Approval.Outcome.NO for word in words)
    if not refused and not still_needed(rule_of(release.product), words):
        return True
    return glass(release, release.candidate, environment) is not None


def summary(words: list[Approval], needed: Mapping[str, int]) -> str:
    """Who said what, and how many words are missing."""
    said = [_said(word) for word in words]
    if needed:
        count = sum(needed.values())
        said.append(
            ngettext("%(count)d approval is missing", "%(count)d approvals are missing", count) % {"count": count}
        )
    return "; ".join(said)


def _said(word: Approval) -> str:
    text = f"{word.by}: {word.get_outcome_display()}"
    if word.for_person_id is not None:
        text = _("%(said)s (for %(who)s)") % {"said": text, "who": word.for_person}
    return _("%(said)s (own work)") % {"said": text} if word.is_own_work else text
