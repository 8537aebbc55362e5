"""How what is deployed somewhere comes there, and its set times in words: in the product's zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from environments import places
from environments.forms import PlaceForm
from environments.models import Environment
from environments.pages.words import zone_of
from lifecycle import dates


@dataclass(frozen=True)
class Times:
    """`last` is when it was last tried, with the reason in `note` if nothing came of it; `asks_again` each minute."""

    next: str
    last: str
    note: str
    asks_again: bool


def times(environment: Environment, *, now: datetime | None = None) -> Times | None:
    """When it is next and what came of the last time; None unless it changes at set times."""
    if environment.next_promotion_at is None:
        return None
    last = environment.last_promotion_at
    return Times(
        next=soon(environment, environment.next_promotion_at, now=now),
        last=moment(environment, last) if last else "",
        note=environment.last_promotion_note,
        asks_again=environment.promotion_again_at is not None,
    )


def soon(environment: Environment, at: datetime, *, now: datetime | None = None) -> str:
    """ "Friday, 09:00", with the date where that day of next week is meant, with the zone unless it is one's own."""
    if at - (now or timezone.now()) >= timedelta(days=6):
        return moment(environment, at)
    with timezone.override(zone_of(environment.product)):
        words = f"{formats.date_format(timezone.localtime(at), 'l')}, {dates.clock(at)}"
    return words + _zone(environment, at)


def moment(environment: Environment, at: datetime) -> str:
    """ "Friday, 27 November, 09:00", with the zone unless it is the reader's own."""
    with timezone.override(zone_of(environment.product)):
        words = f"{dates.weekday(timezone.localtime(at))}, {dates.clock(at)}"
    return words + _zone(environment, at)


def _zone(environment: Environment, at: datetime) -> str:
    """Nothing where the reader's clock says the same."""
    zone = zone_of(environment.product)
    return "" if timezone.localtime(at, zone).utcoffset() == timezone.localtime(at).utcoffset() else f" ({zone.key})"


def how(environment: Environment) -> str:
    """The rule in a sentence."""
    if environment.is_scheduled:
        return _("It changes at set times.")
    if environment.promotion == Environment.Promotion.AUTOMATIC:
        return _("It follows by itself as soon as the environment before it has verified something.")
    if places.takes_compositions(environment) and not places.why_by_hand(environment):
        return _("It changes when somebody presses Promote.")
    return places.why_by_hand(environment) or _("It takes what the environment before it runs, by hand.")


def form(environment: Environment, data: Any = None) -> PlaceForm:
    """The form of the place, which offers only the rules that it may have."""
    now = {name: getattr(environment, name) for name in PlaceForm.base_fields}
    made = PlaceForm(data, initial=now, auto_id="place_%s")
    made.fields["promotion"].widget.choices = [(rule.value, rule.label) for rule in places.rules(environment)]
    zone = zone_of(environment.product).key
    made.fields["promotion_time"].help_text = _("Of %(zone)s, the product's time zone.") % {"zone": zone}
    return made
