"""Dates in words."""

from datetime import date

from django.utils.translation import override

from lifecycle.dates import weekday

FRIDAY = date(2026, 11, 27)


def test_a_weekday_is_written_as_within_a_sentence_of_its_language() -> None:
    with override("en"):
        assert weekday(FRIDAY) == "Friday, November 27"
    with override("ru"):
        assert weekday(FRIDAY) == "пятница, 27 ноября"
