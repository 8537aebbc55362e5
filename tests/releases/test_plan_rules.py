"""What a product's plans show to customers."""

import pytest
from django.core.exceptions import ValidationError

from lifecycle.models import Event, Product
from releases import rules
from releases.models import PlanRules
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_product_that_said_nothing_shows_dates_from_publishing(cast: Cast) -> None:
    found = rules.of(cast.product)
    assert (found.dates_shown, found.shows_states, found.update_words) == ("published", True, "")


def test_a_change_is_kept_and_recorded_once(cast: Cast) -> None:
    for _again in range(2):
        rules.change(cast.product, by=cast.petra, dates_shown="never", update_words="Orders stay.")
    found = rules.of(Product.objects.get(pk=cast.product.pk))
    assert (found.dates_shown, found.shows_states, found.update_words) == ("never", True, "Orders stay.")
    event = Event.objects.get(verb="plan_rules.changed")
    assert (event.actor, event.data["fields"]) == (cast.petra, ["dates_shown", "update_words"])


def test_an_unknown_choice_is_refused(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="sometimes"):
        rules.change(cast.product, by=cast.petra, dates_shown="sometimes")
    assert not PlanRules.objects.filter(dates_shown="sometimes").exists()
