"""Template tags of the interface: `{% load ui %}`.

Tags that stand in the rows of a list return cached strings; none of them renders another template.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import lucide
from django import template
from django.templatetags.static import static
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from lifecycle.chips import Chip
from lifecycle.models import Role
from lifecycle.templatetags import svg

register = template.Library()

STOPS = ("idea", "review", "planned", "development", "staging", "demo", "production", "feedback")
HUES = 12
KEY = re.compile(r"\bC-\d+\b")
LONG_WORD = re.compile(r"\S{25,}")
INSIDE_NAMES = re.compile(r"(?<=\w[_./])(?=\w)")


@register.simple_tag
@lru_cache(maxsize=64)
def css(*families: str) -> SafeString:
    """Link the stylesheets of screen families, for `{% block css %}`: `{% css "watch" "insights" %}`."""
    urls = ((static(f"css/{family}.css"),) for family in families)
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', urls)


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: int = 16, css_class: str = "") -> SafeString:
    """A decorative inline icon. Literal lucide names only, never a user's text; an unknown name raises."""
    attributes = {"aria-hidden": "true", "focusable": "false"}
    if css_class:
        attributes["class"] = css_class
    return mark_safe(lucide._render_icon(name, size, **attributes))


@lru_cache(maxsize=2048)
def _chip(state: str, label: str, icon_name: str) -> SafeString:
    picture = icon(icon_name, 14) if icon_name else ""
    return format_html('<span class="chip" data-s="{}">{}{}</span>', state, picture, label)


@register.simple_tag
def chip(what: Chip | str, label: object = "", icon_name: str = "") -> SafeString:
    """`{% chip idea.chip %}`, or `{% chip "warn" _("Waits") "clock" %}`."""
    if isinstance(what, Chip):
        return _chip(what.state, str(what.label), what.icon)
    return _chip(str(what), str(label), icon_name)


def initials(name: str) -> str:
    """Up to two capital letters: "Tess Tester" gives TT, "ops" gives OP."""
    words = name.replace("-", " ").replace(".", " ").split()
    letters = words[0][0] + words[-1][0] if len(words) > 1 else name[:2]
    return letters.upper()


@lru_cache(maxsize=2048)
def _avatar(pk: int, name: str, size: str) -> SafeString:
    return format_html(
        '<span class="av {} h{}" role="img" aria-label="{}">{}</span>', size, pk % HUES, name, initials(name)
    )


@register.simple_tag
def avatar(user: Any, size: str = "") -> SafeString:
    """A person's initials on a hue of their own; "sm" is the small one. Nobody (a machine) has a robot."""
    if user is None or user.pk is None:
        return format_html(
            '<span class="av machine {}" role="img" aria-label="{}">{}</span>',
            size,
            _("Lifecycle"),
            icon("bot"),
        )
    return _avatar(user.pk, str(user), size)


@register.simple_tag
def role_names(actor: Any) -> str:
    """The roles of an actor in words: "Tester, Developer"."""
    return role_words(actor.roles)


@register.simple_tag
def role_words(roles: Iterable[str]) -> str:
    """Role codes in words: "Tester, Developer"."""
    return ", ".join(str(role.label) for role in Role if role.value in roles)


@lru_cache(maxsize=64)
def _miniline(index: int, language: str) -> SafeString:
    marks = "".join(f'<i class="{"done" if n < index else "now" if n == index else ""}"></i>' for n in range(8))
    label = _("Stop %(stop)s of 8") % {"stop": index + 1}
    return format_html(
        '<span class="miniline" role="img" aria-label="{}">{}</span>',
        label,
        mark_safe(marks),
    )


@register.simple_tag
def miniline(stop: int | str) -> SafeString:
    """The eight stops in small; `stop` is the code of one of STOPS or its index from 0."""
    index = STOPS.index(str(stop)) if str(stop) in STOPS else int(stop)
    return _miniline(index, get_language() or "")


@register.simple_tag
def journey(stops: Iterable[Any]) -> SafeString:
    """The eight stops in full: objects with `label`, `note`, `state` (done, now, todo) and `kind` (of STOPS)."""
    rows = (
        (
            stop.state,
            stop.kind,
            mark_safe(' aria-current="step"' if stop.state == "now" else ""),
            stop.label,
            stop.note,
        )
        for stop in stops
    )
    return format_html("<ol>{}</ol>", format_html_join("", '<li class="{} k-{}"{}><b>{}</b>{}</li>', rows))


@register.simple_tag
@lru_cache(maxsize=8)
def envline(environments: int) -> SafeString:
    """How many of the three environments have it: 1 development, 2 staging, 3 production."""
    return mark_safe(f'<span class="envline s{int(environments)}" aria-hidden="true"><i></i><i></i><i></i></span>')


@register.simple_tag
def clock(cells: Sequence[str]) -> SafeString:
    """The 24 hours: one code per hour, g quiet, w warning, b limit crossed, anything else to come."""
    marks = "".join(f'<i class="{cell}"></i>' if cell in "gwb" else "<i></i>" for cell in cells)
    return format_html(
        '<div class="clock" role="img" aria-label="{}">{}</div>',
        hours_in_words(cells),
        mark_safe(marks),
    )


def hours_in_words(cells: Sequence[str]) -> str:
    """What the clock shows, for people who do not see it."""
    count = Counter(cell if cell in ("g", "w", "b") else "-" for cell in cells)
    return ", ".join(
        [
            ngettext("%(n)s hour quiet", "%(n)s hours quiet", count["g"]) % {"n": count["g"]},
            _("%(n)s with a warning") % {"n": count["w"]},
            _("%(n)s with a limit crossed") % {"n": count["b"]},
            _("%(n)s to come") % {"n": count["-"]},
        ]
    )


@register.simple_tag
def spark(values: Sequence[float], warn: float | None = None) -> SafeString:
    """A small area chart; `warn` draws the limit as a dashed line."""
    return svg.spark(values, warn)


@register.simple_tag
def bar(total: float, *pairs: float | str) -> SafeString:
    """`{% bar 100 41 "f-prod" 12 "f-stg" %}`; the rest of the total stays sunk."""
    return svg.bar(total, pairs)


@register.simple_tag
def flow(done: float, total: float = 100) -> SafeString:
    """How many customers are served by the new release, as a green part of a bar; say it in words beside it."""
    return svg.bar(total, (done, "f-prod"), "flow")


@register.simple_tag
def leadline(stages: Sequence[dict[str, float | str]]) -> SafeString:
    """Lead time to scale: dictionaries with `role` (grey, review, info, dev, stg, teal), `wait` and `work`."""
    return svg.leadline(stages)


@register.simple_tag
def columns(trend: Sequence[tuple[str, Sequence[float]]], roles: str = "grey review info dev stg teal") -> SafeString:
    """Stacked columns, one per release: pairs of name and values in the order of `roles`."""
    return svg.columns(trend, roles.split())


@register.simple_tag
def prog(done: int, total: int, label: str) -> SafeString:
    """A progress bar; `label` says the same in words for screen readers."""
    return format_html(
        '<div class="prog" role="progressbar" aria-valuenow="{}" aria-valuemin="0" aria-valuemax="100"'
        ' aria-label="{}"><i class="{}"></i></div>',
        round(100 * done / total) if total else 0,
        label,
        share(done, total),
    )


@register.filter
def breakable(text: object) -> SafeString:
    """The text with places to break a line inside its long names and paths (after `_`, `.`, `/`), none inside a key."""
    opened = LONG_WORD.sub(lambda word: INSIDE_NAMES.sub("<wbr>", word[0]), escape(text))
    return mark_safe(KEY.sub(r'<span class="nobr">\g<0></span>', opened))


@register.filter
def share(part: float, whole: float) -> str:
    """The width class of `part` in `whole`, to the nearest 5 %: 3 of 5 gives w60; nothing gives w0."""
    percent = 100 * part / whole if whole else 0
    return f"w{min(100, max(0, round(percent / 5) * 5))}"


@register.simple_tag(takes_context=True)
def vote(context: template.Context, number: int, title: str, votes: int, voted: bool, url: str) -> SafeString:
    """The vote button of one idea: a plain form that htmx replaces; the stable id keeps the focus."""
    label = ngettext("Vote for “%(title)s”, %(votes)s vote", "Vote for “%(title)s”, %(votes)s votes", votes)
    return format_html(
        '<form class="vote" method="post" action="{0}" hx-post="{0}" hx-swap="outerHTML">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{1}">'
        '<button id="vote-{2}" aria-pressed="{3}" aria-label="{4}">{5}<b>{6}</b></button></form>',
        url,
        context.get("csrf_token", ""),
        number,
        "true" if voted else "false",
        label % {"title": title, "votes": votes},
        icon("chevron-up", 18),
        votes,
    )
