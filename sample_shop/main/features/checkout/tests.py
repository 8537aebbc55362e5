import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client, TestCase, override_settings

from features.catalogue.loading import load_catalogue
from features.catalogue.models import Product
from features.checkout.models import Order
from features.checkout.signals import order_placed

CLEO = {"name": "Cleo", "email": "cleo@example.test", "address": "2 Quay Street"}
KEY = "0b0b7c9e-5c0e-4b7e-9a53-2f4d1c6e8a11"


class CheckoutTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def setUp(self) -> None:
        self.client.post("/cart/put/stoneware-mug/", {"quantity": 2})

    def test_an_order_is_written_and_taken_off_the_shelf(self) -> None:
        page = self.client.post("/checkout/", CLEO, follow=True)
        self.assertContains(page, "Thank you, Cleo")
        order = Order.objects.get()
        self.assertEqual((order.total_cents, order.lines.get().quantity), (3780, 2))
        self.assertEqual(Product.objects.get(slug="stoneware-mug").stock, 78)
        self.assertContains(self.client.get("/cart/"), "Your basket is empty")

    def test_bad_answers_are_shown_beside_their_fields(self) -> None:
        page = self.client.post("/checkout/", {**CLEO, "email": "cleo", "name": ""})
        self.assertContains(page, "Enter a valid email address.", status_code=422)
        self.assertContains(page, "This field is required.", status_code=422)
        self.assertFalse(Order.objects.exists())

    def test_a_shortage_takes_nothing(self) -> None:
        self.client.post("/cart/put/brass-compass/", {"quantity": 5})
        page = self.client.post("/checkout/", CLEO)
        self.assertContains(page, "only 4 of “Brass compass” left", status_code=409)
        self.assertEqual(Product.objects.get(slug="stoneware-mug").stock, 80)

    def test_sending_the_same_form_twice_gives_one_order(self) -> None:
        self.client.post("/checkout/", {**CLEO, "key": KEY})
        self.client.post("/cart/put/stoneware-mug/", {"quantity": 2})
        self.client.post("/checkout/", {**CLEO, "key": KEY})
        self.assertEqual(Order.objects.count(), 1)

    def test_an_empty_basket_goes_back_to_the_basket(self) -> None:
        self.assertRedirects(Client().post("/checkout/", CLEO), "/cart/")

    def test_thanks_are_for_the_buyer_only(self) -> None:
        self.client.post("/checkout/", CLEO)
        self.assertEqual(Client().get("/checkout/thanks/").status_code, 404)

    def test_a_feature_that_fails_leaves_no_half_order(self) -> None:
        with self.failing_feature():
            page = self.client.post("/checkout/", CLEO)
        self.assertContains(page, "Something broke on our side", status_code=500)
        self.assertFalse(Order.objects.exists())
        self.assertEqual(Product.objects.get(slug="stoneware-mug").stock, 80)

    def test_started_and_failed_checkouts_are_counted(self) -> None:
        self.client.post("/checkout/", CLEO)
        started, failed = self.counts()
        self.client.post("/cart/add/stoneware-mug/")
        with self.failing_feature():
            self.client.post("/checkout/", CLEO)
        self.assertEqual(self.counts(), (started + 1, failed + 1))

    def counts(self) -> tuple[int, int]:
        text = self.client.get("/metrics").content.decode()
        found = dict(re.findall(r"^shop_checkouts_(\w+)_total (\d+)$", text, re.MULTILINE))
        return int(found["started"]), int(found["failed"])

    @contextmanager
    def failing_feature(self) -> Iterator[None]:
        """While inside, a feature fails on every order, and the client sees what a customer would."""

        def fail(**sent: object) -> None:
            raise ZeroDivisionError

        self.client.raise_request_exception = False
        order_placed.connect(fail)
        try:
            with self.assertLogs("django.request"):
                yield
        finally:
            order_placed.disconnect(fail)

    def test_forms_of_other_sites_are_refused(self) -> None:
        page = Client(enforce_csrf_checks=True).post("/checkout/", CLEO)
        self.assertContains(page, "That did not work", status_code=403)


@override_settings(IS_PRODUCTION=False)
class TestDataTests(TestCase):
    def test_standard_fills_the_shop_and_may_be_repeated(self) -> None:
        for _ in range(2):
            call_command("restoretestdata", "standard", verbosity=0)
        self.assertEqual(Order.objects.count(), 3)

    def test_sold_out_empties_the_shelves(self) -> None:
        call_command("restoretestdata", "sold-out", verbosity=0)
        self.assertFalse(Product.objects.filter(stock__gt=0).exists())

    def test_unknown_sets_and_production_are_refused(self) -> None:
        load_catalogue()
        with self.assertRaises(CommandError):
            call_command("restoretestdata", "nothing")
        with override_settings(IS_PRODUCTION=True), self.assertRaises(CommandError):
            call_command("restoretestdata", "standard")
