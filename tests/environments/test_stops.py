"""The emergency stop as a fact: one at a time, with a reason, lifted by name."""

import pytest
from django.core.exceptions import ValidationError

from environments import stops
from environments.models import EmergencyStop
from lifecycle.models import Event


def test_it_is_in_force_until_it_is_lifted(cast):
    stop = stops.pull(cast.product, by=cast.ops, reason="Payments are doubled")
    assert stops.in_force(cast.product) == stop
    stops.lift(stop, by=cast.lena, reason="Found it")
    stops.lift(stop, by=cast.max)
    assert stops.in_force(cast.product) is None
    assert EmergencyStop.objects.get().lifted_by == cast.lena
    verbs = Event.objects.filter(subject_kind="emergencystop").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["emergencystop.pulled", "emergencystop.lifted"]


def test_pulling_twice_is_one_stop(cast):
    stops.pull(cast.product, by=cast.ops, reason="Payments are doubled")
    again = stops.pull(cast.product, by=cast.max, reason="Me too")
    assert (again.pulled_by, EmergencyStop.objects.count()) == (cast.ops, 1)


def test_it_needs_a_reason(cast):
    with pytest.raises(ValidationError):
        stops.pull(cast.product, by=cast.ops, reason="  ")
    assert not EmergencyStop.objects.exists()
