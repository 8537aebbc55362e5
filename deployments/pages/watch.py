"""The page of a watch: the verdict, the clock, the measures, what was found, and what a person can say."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import chips, duty, running, words
from deployments.evidence import CELLS, Span, nothing
from deployments.models import Finding, Watch
from deployments.pages.log import number
from deployments.pages.measures import costs, measures
from deployments.pages.rollback import confirmation
from lifecycle import dates
from lifecycle.models import Product
from lifecycle.roles import Actor

S = Watch.Status
CLOCK_CELLS, LABELS = 24, 5
PAGE = 25
MARKS = {"": "g", "warn": "w", "act": "b"}
UNSETTLED = (S.INCONCLUSIVE, S.BLIND)


def detail(watch: Watch, actor: Actor, *, at: datetime | None = None) -> dict[str, Any]:
    """Everything on the page."""
    found = findings(watch)
    codes = clock(watch)
    return {
        "watch": watch,
        "version": words.version(watch),
        "crumb": crumb(watch),
        "headline": headline(watch, found, at or timezone.now()),
        "chip": chips.WATCH[watch.status],
        "cells": codes,
        "clock_words": clock_words(codes),
        "labels": labels(watch),
        "measures": measures(watch),
        "findings": found,
        "costs": costs(watch),
        "power": words.power(watch),
        "duty": duty.of_watch(watch, at=at),
        "note": watch.closed_note,
        "rollback": way_back(watch, actor),
        "is_acute": any(one["tier"] == Finding.Tier.ACT for one in found),
        "may_settle": watch.status in UNSETTLED and actor.may("settle_watch"),
        "live": watch.status == S.OPEN,
    }


def findings(watch: Watch) -> list[dict[str, Any]]:
    """What was noticed, the worst first."""
    rows = sorted(watch.findings.all(), key=lambda one: (one.tier != Finding.Tier.ACT, one.first_at))
    return [
        {
            "pk": one.pk,
            "chip": chips.TIER[one.tier],
            "kind": one.get_kind_display(),
            "sentence": words.sentence(one),
            "tier": one.tier,
            "seen": _("first seen %(first)s, last %(last)s")
            % {"first": dates.clock(one.first_at), "last": dates.clock(one.last_at)},
        }
        for one in rows
    ]


def crumb(watch: Watch) -> str:
    facts = {"version": words.version(watch), "day": dates.day(watch.opened_at), "time": dates.clock(watch.opened_at)}
    return _("Release %(version)s, live since %(day)s, %(time)s") % facts


def headline(watch: Watch, found: list[dict[str, Any]], at: datetime) -> str:
    """The verdict."""
    acute = [one for one in found if one["tier"] == Finding.Tier.ACT]
    if watch.status == S.OPEN:
        return _("%(progress)s: %(verdict)s") % {"progress": progress(watch, at), "verdict": verdict(found, acute)}
    if watch.status == S.INCONCLUSIVE:
        return acute[0]["sentence"] if acute else _("Too few people came by to tell")
    endings = {
        S.WELL: closed_well(watch, found),
        S.BAD: _("%(version)s was taken back") % {"version": words.version(watch)},
        S.BLIND: _("Production could not be read for most of the time"),
        S.SUPERSEDED: _("A newer release took over; its watch goes on"),
    }
    return endings[S(watch.status)]


def closed_well(watch: Watch, found: list[dict[str, Any]]) -> str:
    if watch.closed_note:
        return _("Closed well on a person's word")
    return _("Closed well: %(verdict)s") % {"verdict": verdict(found, [])}


def progress(watch: Watch, at: datetime) -> str:
    """ "Hour 19 of 24", or in minutes below three hours."""
    span = Span(watch.opened_at, watch.closes_at)
    unit = 3600 if span.seconds > 3 * 3600 else 60
    count = round(span.seconds / unit)
    facts = {"n": min(count, int(max(0, span.passed(at)) // unit) + 1), "all": count}
    return (_("Hour %(n)s of %(all)s") if unit == 3600 else _("Minute %(n)s of %(all)s")) % facts


def verdict(found: list[dict[str, Any]], acute: list[dict[str, Any]]) -> str:
    if acute:
        return ngettext("%(n)d fault", "%(n)d faults", len(acute)) % {"n": len(acute)}
    if found:
        return ngettext("%(n)d warning", "%(n)d warnings", len(found)) % {"n": len(found)}
    return _("nothing out of the ordinary")


def clock(watch: Watch) -> list[str]:
    """24 codes: g quiet, w warning, b act, "" to come or not seen; each is two of the evidence's cells."""
    seen = (watch.evidence or nothing())["cells"]
    width = CELLS // CLOCK_CELLS
    codes = []
    for n in range(CLOCK_CELLS):
        marks = [MARKS[seen[str(m)]["mark"]] for m in range(width * n, width * (n + 1)) if str(m) in seen]
        codes.append(next((code for code in "bwg" if code in marks), ""))
    return codes


def clock_words(codes: list[str]) -> str:
    """What the clock shows, for people who do not see it."""
    counts = {"quiet": codes.count("g"), "warn": codes.count("w"), "act": codes.count("b"), "rest": codes.count("")}
    return _("Of 24 parts %(quiet)s quiet, %(warn)s with a warning, %(act)s with a fault, %(rest)s to come") % counts


def labels(watch: Watch) -> list[str]:
    """Times below the clock, from the opening to the end."""
    step = (watch.closes_at - watch.opened_at) / (LABELS - 1)
    return [dates.clock(watch.opened_at + n * step) for n in range(LABELS)]


def way_back(watch: Watch, actor: Actor) -> dict[str, Any] | None:
    """The question before a rollback, while what is watched is what runs."""
    environment = watch.deployment.environment
    current = running.current(environment)
    if not actor.may("roll_back") or current is None or current.pk != watch.deployment_id:
        return None
    asked = confirmation(environment)
    return asked if asked["target"] else None


def watches(product: Product, *, before: str = "") -> dict[str, Any]:
    """A page of all watches, the newest first (an open one is among the newest)."""
    rows = Watch.objects.filter(product=product).select_related("release", "deployment__candidate")
    last = number(before)
    rows = rows.prefetch_related("findings").order_by("-id")
    found = list((rows.filter(pk__lt=last) if last else rows)[: PAGE + 1])
    more = f"{reverse('deployments:watches')}?before={found[PAGE - 1].pk}" if len(found) > PAGE else ""
    listed = [row(watch) for watch in found[:PAGE]]
    return {"rows": listed, "more": more, "headline": summary(found)}


def summary(found: list[Watch]) -> str:
    """The verdict over all."""
    unsettled = sum(watch.status in UNSETTLED for watch in found)
    if unsettled:
        return ngettext("%(n)d watch needs a person", "%(n)d watches need a person", unsettled) % {"n": unsettled}
    if any(watch.status == S.OPEN for watch in found):
        return _("A release is being watched")
    return _("Nothing is being watched")


def row(watch: Watch) -> dict[str, Any]:
    found = findings(watch)
    return {
        "url": reverse("deployments:watch", args=[watch.pk]),
        "version": words.version(watch),
        "chip": chips.WATCH[watch.status],
        "words": found[0]["sentence"] if found else verdict(found, []),
        "when": f"{dates.day(watch.opened_at)}, {dates.clock(watch.opened_at)}",
        "length": length(watch.closes_at - watch.opened_at),
    }


def length(passed: timedelta) -> str:
    minutes = round(passed.total_seconds() / 60)
    if minutes >= 180:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
