"""What repository.html shows, prepared in Python."""

from typing import Any

from django.utils.translation import gettext as _

from environments.models import Branch, Repository
from lifecycle.dates import ago

BRANCHES_SHOWN = 50


def repository(found: Repository | None) -> dict[str, Any]:
    """What repository.html shows; `found` is None before one is connected."""
    if found is None:
        return {"repository": None, "headline": _("No repository is connected yet"), "branches": []}
    return {
        "repository": found,
        "headline": headline(found),
        "fetched": ago(found.fetched_at) if found.fetched_at else "",
        "branches": [(branch, ago(branch.moved_at)) for branch in branches(found)],
    }


def headline(found: Repository) -> str:
    if found.fetch_error:
        return _("The repository cannot be read")
    return _("The repository is read every two seconds") if found.fetched_at else _("A worker is fetching it")


def branches(found: Repository) -> list[Branch]:
    return list(found.branches.order_by("-moved_at", "name")[:BRANCHES_SHOWN])


def as_initial(found: Repository | None) -> dict[str, str]:
    return {"upstream": found.upstream, "main_branch": found.main_branch} if found else {}
