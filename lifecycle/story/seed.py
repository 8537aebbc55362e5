"""The first half of the story: product, people, wishes and what triage and earlier reviews made of them."""

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from environments.models import Environment
from ideas import boards
from ideas import services as ideas
from ideas.models import AgendaItem, Area, Idea
from lifecycle.models import Product, User
from lifecycle.story import people
from lifecycle.story.wishes import WISHES, Wish
from sample_shop import build

CROWD = 80
TRIAGED_DAYS_AGO = 7
ENVIRONMENTS = (
    ("dev", "Development", Environment.Kind.DEV),
    ("staging", "Staging", Environment.Kind.STAGING),
    ("production", "Production", Environment.Kind.PRODUCTION),
)
DEMO_WATCH_MINUTES = 5
DEMO_SAMPLE_SECONDS = 3


def upstream() -> Path:
    """The shop's bare repository, which one can clone, commit to and push to."""
    return settings.VAR / "upstream" / "shop.git"


@transaction.atomic
def seed(*, at: datetime | None = None) -> Product:
    """Fill an empty database; everything or nothing."""
    now = at or timezone.now()
    product = Product.objects.create(
        name="Northwind shop",
        slug="shop",
        is_default=True,
        watch_minutes=DEMO_WATCH_MINUTES,
        sample_seconds=DEMO_SAMPLE_SECONDS,
    )
    cast = people.assemble(product)
    share_wishes(product, cast, now)
    create_environments(product)
    if not upstream().exists():
        upstream().parent.mkdir(parents=True, exist_ok=True)
        build.build(upstream())
    return product


def create_environments(product: Product) -> None:
    """Dev, staging and production on this machine, served by the keeper at the launcher's ports."""
    for position, (slug, name, kind) in enumerate(ENVIRONMENTS):
        port = settings.SHOP_PORTS[slug]
        Environment.objects.create(
            product=product,
            slug=slug,
            name=name,
            kind=kind,
            position=position,
            driver="process",
            driver_settings={"port": port},
            url=f"http://127.0.0.1:{port}",
            sends_mail=kind == Environment.Kind.PRODUCTION,
            takes_payments=kind == Environment.Kind.PRODUCTION,
        )


def share_wishes(product: Product, cast: dict[str, User], now: datetime) -> None:
    """Submit every wish, let the crowd vote, then triage, decide and merge as its fate says."""
    crowd, dice, found = people.crowd(product, CROWD), Random(26), {}
    for wish in sorted(WISHES, key=lambda wish: -wish.days_ago):
        found[wish.key] = share(product, cast, wish, now - timedelta(days=wish.days_ago))
        for voter in dice.sample(crowd, wish.votes):
            ideas.vote(found[wish.key], by=voter, at=now - timedelta(days=dice.uniform(0, wish.days_ago)))
    accepted = [wish for wish in WISHES if wish.fate == "accepted"]
    for wish in accepted:
        triage(found[wish.key], wish, cast["petra"], now - timedelta(days=TRIAGED_DAYS_AGO))
    review_earlier(product, cast, accepted, now)
    for wish in WISHES:
        if wish not in accepted:
            decide(found[wish.key], wish, cast, found, now)


def share(product: Product, cast: dict[str, User], wish: Wish, at: datetime) -> Idea:
    source = {"dev": Idea.Source.DEVELOPER, "max": Idea.Source.MANAGEMENT}.get(wish.by, Idea.Source.CUSTOMER)
    idea = ideas.submit(
        product=product, author=cast[wish.by], title=wish.title, body=wish.body, kind=wish.kind, source=source, at=at
    )
    Idea.objects.filter(pk=idea.pk).update(language=wish.language)
    return idea


def decide(idea: Idea, wish: Wish, cast: dict[str, User], found: dict[str, Idea], now: datetime) -> None:
    """What triage made of one wish."""
    petra = cast["petra"]
    idea.refresh_from_db()
    if wish.fate == "declined":
        ideas.decline(idea, by=petra, reason=wish.reason)
    elif wish.fate == "answered":
        ideas.answer(idea, by=petra, text=wish.reason)
    elif wish.fate == "merged":
        ideas.merge(idea, into=found[wish.same_as], by=petra)
    elif wish.scales:
        triage(idea, wish, petra, now - timedelta(days=1))


def triage(idea: Idea, wish: Wish, petra: User, at: datetime) -> None:
    idea.refresh_from_db()
    area, _created = Area.objects.get_or_create(product=idea.product, name=wish.area)
    urgency, importance, complexity = wish.scales or (3, 3, 3)
    ideas.triage(
        idea,
        by=petra,
        kind=wish.kind,
        area=area,
        urgency=urgency,
        importance=importance,
        complexity=complexity,
        at=at,
    )


def review_earlier(product: Product, cast: dict[str, User], accepted: list[Wish], now: datetime) -> None:
    """The last review, within the last seven days: room for every wish, each decided by every ballot, with a reason.

    So the one that follows is still to come, whatever day the demo is started on.
    """
    points = {wish.title: wish.points for wish in accepted}
    session = boards.next_session(product, at=now - timedelta(days=TRIAGED_DAYS_AGO))
    at = session.starts_at
    boards.open_session(session, by=cast["petra"], at=at)
    session.capacity = sum(points.values())
    session.save(update_fields=["capacity"])
    for item in session.items.select_related("idea").all():
        review(item, cast, points[item.idea.title], at)
    boards.close_session(session, by=cast["petra"], at=min(at + timedelta(hours=1), now))


def review(item: AgendaItem, cast: dict[str, User], points: int, at: datetime) -> None:
    for key in ("lena", "petra", "ops"):
        item.refresh_from_db()
        boards.cast(item, by=cast[key], choice="yes", urgency=3, importance=4, complexity=2, at=at)
    item.refresh_from_db()
    boards.reveal(item, by=cast["petra"], at=at)
    reason = "Many people ask for it and it fits."
    boards.decide(item, by=cast["petra"], outcome="queue", reason=reason, points=points, at=at)
