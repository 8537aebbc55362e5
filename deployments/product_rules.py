"""How a product approves its releases: preset, numbers, deputies. A rule that nobody can satisfy is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments import approval_rules, approvals, chat
from deployments.approval_rules import ASKABLE, PRESETS
from deployments.models import ApprovalRule, Deputy
from deployments.separation import electorate, voters_of
from lifecycle import dates, events
from lifecycle.models import Product, Role, User
from lifecycle.transitions import NotAllowed
from releases.models import Release

MOST = 9


@dataclass(frozen=True)
class Able:
    """Who can say yes to a release now; `release` None: to any that comes."""

    release: Release | None
    people: list[User]
    why_nobody: str


@transaction.atomic
def set_rules(
    product: Product,
    *,
    preset: str,
    rule: Mapping[str, int],
    customers_demo_required: bool,
    remind_after_hours: int,
    chat_webhook: str,
    by: User,
    at: datetime | None = None,
) -> None:
    """Keep how this product approves. An empty `rule` is the preset's own numbers.

    ValidationError for numbers or people that cannot be, naming the reason; NotAllowed in a strict product for somebody
    with a hand in the frozen release: whoever built it does not loosen the rule it is decided by.
    """
    product = Product.objects.select_for_update(of=("self",), no_key=True).get(pk=product.pk)
    require_possible(rule)
    chat.require_possible(chat_webhook)
    _require_outsider(product, by)
    own = {role: number for role, number in rule.items() if number}
    _require_satisfiable(product, preset, own or PRESETS[preset])
    before = facts_of(product)
    product.preset, product.customers_demo_required = preset, customers_demo_required
    product.remind_after_hours, product.chat_webhook = remind_after_hours, chat_webhook
    product.save(update_fields=["preset", "customers_demo_required", "remind_after_hours", "chat_webhook"])
    ApprovalRule.objects.filter(product=product).delete()
    ApprovalRule.objects.bulk_create(
        ApprovalRule(product=product, role=role, minimum=number) for role, number in own.items()
    )
    events.record("product.rules_set", product, by=by, product=product, at=at, before=before, after=facts_of(product))


def facts_of(product: Product) -> dict[str, Any]:
    """What the record keeps; the chat's address is a key to it and stays out."""
    return {
        "preset": product.preset,
        "rule": approval_rules.rule_of(product),
        "customers_demo_required": product.customers_demo_required,
        "remind_after_hours": product.remind_after_hours,
    }


def require_possible(rule: Mapping[str, int]) -> None:
    if wrong := [role for role in rule if role not in ASKABLE]:
        raise ValidationError({"rule": _("“%(role)s” is not asked for approvals.") % {"role": wrong[0]}})
    if any(not 0 <= number <= MOST for number in rule.values()):
        raise ValidationError({"rule": _("Choose between 0 and %(most)d.") % {"most": MOST}})


def _require_outsider(product: Product, by: User) -> None:
    if product.preset != Product.Preset.STRICT:
        return
    for release in frozen(product):
        if by in electorate(release).involved:
            facts = {"release": release}
            text = _("You have a hand in release %(release)s, which these rules decide: somebody else sets them.")
            raise NotAllowed(text % facts)


def _require_satisfiable(product: Product, preset: str, rule: Mapping[str, int]) -> None:
    """In strict products also for the release that is frozen, whose builders do not count."""
    people = voters_of(product)
    why = approval_rules.unsatisfiable(rule, people)
    if not why and preset == Product.Preset.STRICT:
        for release in frozen(product):
            if why := approval_rules.unsatisfiable(rule, people, electorate(release).involved.people):
                why = _("For release %(release)s: %(why)s") % {"release": release, "why": why}
                break
    if why:
        raise ValidationError({"rule": _("Nobody can satisfy this. %(why)s") % {"why": why}})


def frozen(product: Product) -> list[Release]:
    rows = Release.objects.filter(product=product, status=Release.Status.FROZEN)
    return list(rows.select_related("product", "candidate").order_by("pk"))


def who_can(product: Product) -> list[Able]:
    """Who can say yes now: per frozen release, else to whatever comes."""
    rule, people = approval_rules.rule_of(product), voters_of(product)
    if waiting := frozen(product):
        return [able_for(release) for release in waiting]
    holders = [voter.user for voter in people.values() if voter.roles & set(rule)]
    return [Able(None, holders, approval_rules.unsatisfiable(rule, people))]


def able_for(release: Release) -> Able:
    people = electorate(release)
    shut_out = people.involved.people if people.is_strict else ()
    why = approval_rules.unsatisfiable(approval_rules.rule_of(release.product), people.voters, shut_out)
    return Able(release, approvals.who_can_approve(release), why)


@transaction.atomic
def choose_deputy(
    product: Product,
    *,
    person: User,
    deputy: User,
    role: str,
    starts_on: date,
    ends_on: date,
    by: User,
    at: datetime | None = None,
) -> Deputy:
    """`deputy` speaks for `person` in this role on these days. ValidationError, naming the field, if that cannot be."""
    now = at or timezone.now()
    people = voters_of(product)
    _require_pair(people, person, deputy, role)
    if ends_on < starts_on:
        raise ValidationError({"ends_on": _("It must not be before the first day.")})
    if ends_on < timezone.localtime(now, dates.zone(product.time_zone)).date():
        raise ValidationError({"ends_on": _("This day has passed.")})
    days = {"starts_on": starts_on, "ends_on": ends_on, "created_by": by, "created_at": now}
    made = Deputy.objects.create(product=product, person=person, deputy=deputy, role=role, **days)
    facts: dict[str, Any] = {"person": person.pk, "deputy": deputy.pk, "role": role}
    events.record("product.deputy_chosen", product, by=by, product=product, at=at, **facts)
    return made


def _require_pair(people: Mapping[int, Any], person: User, deputy: User, role: str) -> None:
    if role not in ASKABLE:
        raise ValidationError({"role": _("This role is not asked for approvals.")})
    if person.pk not in people or role not in people[person.pk].roles:
        raise ValidationError({"person": _("%(who)s does not have this role.") % {"who": person}})
    if deputy.pk not in people:
        raise ValidationError({"deputy": _("%(who)s is not on the team.") % {"who": deputy}})
    if deputy == person:
        raise ValidationError({"deputy": _("Choose somebody else.")})


@transaction.atomic
def remove_deputy(deputy: Deputy, *, by: User, at: datetime | None = None) -> None:
    """What the deputy has said does not count any more either."""
    facts: dict[str, Any] = {"person": deputy.person_id, "deputy": deputy.deputy_id, "role": deputy.role}
    events.record("product.deputy_removed", deputy.product, by=by, product=deputy.product, at=at, **facts)
    deputy.delete()


def deputies(product: Product, *, at: datetime | None = None) -> list[Deputy]:
    """Those of today and later, the earliest first."""
    today = timezone.localtime(at or timezone.now(), dates.zone(product.time_zone)).date()
    rows = Deputy.objects.filter(product=product, ends_on__gte=today).select_related("person", "deputy", "product")
    return list(rows.order_by("starts_on", "id"))


def role_label(role: str) -> str:
    return str(Role(role).label)
