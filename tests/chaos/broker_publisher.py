"""Web processes that die between COMMIT and the message: python -m tests.chaos.broker_publisher PRODUCT COUNT

Each is a process of its own with a connection of its own; it prints how many of them were killed on the spot.
"""

import os
import signal
import sys

import django


def main(slug: str, count: int) -> None:
    django.setup()
    from django.db import connections

    from lifecycle.models import Product
    from tests.chaos import work

    work.register()
    product = Product.objects.get(slug=slug)
    connections.close_all()
    print(sum(died(product, number) for number in range(count)))


def died(product: object, number: int) -> bool:
    child = os.fork()
    if child == 0:
        try:
            commit_and_die(product, f"unrung:{number}")
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def commit_and_die(product: object, key: str) -> None:
    """The transaction is committed, and the first thing after it is the end."""
    from django.db import transaction

    from lifecycle import jobs
    from tests.chaos import work

    jobs.doorbell.publish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    with transaction.atomic():
        jobs.enqueue(work.KIND, product, product=product, key=key)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
