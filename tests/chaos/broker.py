"""Wishes whose effects can be counted, for the tests that take the broker away."""

from lifecycle import jobs
from lifecycle.models import Work
from tests.chaos import work
from tests.chaos.product import ChaosProduct

CONSUMES_SECONDS = 60


def wish(product: ChaosProduct, key: str) -> None:
    """Ask for one effect of this key; it is counted in the ledger."""
    work.register()
    jobs.enqueue(work.KIND, product.product, product=product.product, key=key)


def nothing_is_left() -> bool:
    return not Work.objects.filter(kind=work.KIND, status__in=[Work.Status.QUEUED, *Work.ACTIVE]).exists()


def not_explained(prefix: str) -> list[str]:
    """The keys of work that never had its effect, or had it more often than it was claimed.

    Where the database dies between an effect and the word that it is done, the work is claimed and done again: that is
    what handlers promise to stand (lifecycle/jobs.py).
    """
    ran = work.runs()
    rows = Work.objects.filter(kind=work.KIND, key__startswith=prefix).values_list("key", "attempt")
    return [key for key, attempt in rows if not 1 <= ran.count(key) <= attempt]


def not_once(prefix: str) -> list[str]:
    """The keys of finished work whose effect did not happen exactly once."""
    keys = Work.objects.filter(kind=work.KIND, key__startswith=prefix).values_list("key", flat=True)
    ran = work.runs()
    return [key for key in keys if ran.count(key) != 1]
