"""Three beats at once, as after a restart that went wrong: nothing is done twice, nothing is missed.

Guards: what is claimed is claimed once (test_duplicates.py); a letter is taken before it is sent (`mail`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lifecycle import notifications
from lifecycle.embedded import services
from lifecycle.models import Notification
from tests.chaos.broker import not_once, nothing_is_left, wish
from tests.chaos.observing import without
from tests.chaos.processes import Process
from tests.chaos.product import ChaosProduct
from tests.chaos.results import Results
from tests.chaos.sizes import rounds
from tests.chaos.stack import Stack, eventually


def mails_of(stack: Stack, key: str) -> int:
    """How many letters of this key were really sent; those of one second may share a file."""
    return sum(file.read_text().count(f"/{key}/") for file in (stack.var / "mail").glob("*.log"))


def tell_many(product: ChaosProduct, name: str, count: int) -> None:
    for number in range(count):
        notifications.tell(
            [product.cast.ops],
            "idea.declined",
            url=f"/{name}/",
            key=f"{name}:{number}",
            product=product.product,
            title="Gift wrapping",
            reason="It is only a test.",
        )


def letters_queued(name: str) -> int:
    queued = Notification.objects.filter(status=Notification.Status.QUEUED, key__startswith=f"{name}:")
    return queued.count()


@contextmanager
def three_beats(stack: Stack) -> Iterator[None]:
    more = [
        Process(services.beat(stack.environment(), schedule=str(stack.var / f"beat{n}")), stack.logs) for n in (2, 3)
    ]
    for beat in more:
        beat.start()
    try:
        yield
    finally:
        for beat in more:
            beat.kill()


def send_with_three_beats(stack: Stack, product: ChaosProduct, name: str, count: int) -> tuple[int, list[str]]:
    """Letters that were sent, and jobs that were not done exactly once."""
    with three_beats(stack):
        for number in range(count):
            wish(product, f"{name}:{number}")
        tell_many(product, name, count)
        eventually(lambda: letters_queued(name) == 0, "all letters", seconds=60)
        eventually(nothing_is_left, "all work", seconds=60)
        time.sleep(2)
    return mails_of(stack, name), not_once(name)


def test_three_beats_do_nothing_twice(stack: Stack, product: ChaosProduct, results: Results) -> None:
    count = rounds(300, smoke=60)
    letters, wrong = send_with_three_beats(stack, product, "beats", count)
    results.add(
        "three beats at once",
        asked=f"{count} letters and {count} jobs: nothing twice, nothing missed",
        measured=f"{letters} letters, not once {len(wrong)}",
        ok=letters == count and not wrong,
    )
    assert letters == count and wrong == []


def test_when_letters_are_not_taken_before_they_are_sent_some_go_twice(stack: Stack, product: ChaosProduct) -> None:
    with without(stack, "mail"):
        letters, _wrong = send_with_three_beats(stack, product, "untaken", 100)
    assert letters > 100
