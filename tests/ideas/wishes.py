"""Ideas for tests, shared through the services."""

from typing import Any

from ideas import boards, services
from ideas.models import AgendaItem, Area, Idea
from lifecycle.models import User
from tests.cast import Cast


def share(cast: Cast, title: str = "Gift wrapping with a note", *, by: User | None = None, **values: Any) -> Idea:
    """An idea of Cleo's, unless somebody else shares it."""
    return services.submit(product=cast.product, author=by or cast.cleo, title=title, **values)


def triaged(cast: Cast, title: str = "Gift wrapping with a note", **values: Any) -> AgendaItem:
    """An idea that Petra accepted for the review: its agenda item."""
    idea = share(cast, title, **values)
    area, _made = Area.objects.get_or_create(product=cast.product, name="Checkout")
    return services.triage(idea, by=cast.petra, kind="feature", area=area, urgency=3, importance=4, complexity=2)


def on_stage(cast: Cast, *titles: str) -> AgendaItem:
    """An open review whose first idea is being voted on."""
    items = [triaged(cast, title) for title in titles or ("Gift wrapping with a note",)]
    boards.open_session(items[0].session, by=cast.petra)
    items[0].refresh_from_db()
    return items[0]


def everybody_votes(cast: Cast, item: AgendaItem, **complexity: int) -> None:
    """Lena, Petra and Ops say yes; `complexity`, which counts from Lena only, may differ by name."""
    for user in (cast.lena, cast.petra, cast.ops):
        size = complexity.get(user.name.lower(), 2)
        boards.cast(item, by=user, choice="yes", urgency=3, importance=4, complexity=size)


def decided(
    cast: Cast, *titles: str, outcome: str = "queue", reason: str = "Asked every day.", **how: Any
) -> AgendaItem:
    """An open review whose first idea is decided."""
    item = on_stage(cast, *titles)
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.decide(item, by=cast.petra, outcome=outcome, reason=reason, **how)
    return item


def fresh(thing: Any) -> Any:
    """The row as the database has it now."""
    return type(thing).objects.get(pk=thing.pk)
