from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from features.catalogue.loading import load_catalogue
from features.checkout.models import Order
from features.deliveryslots.models import DeliverySlot, Window
from features.deliveryslots.services import CONFIRMED_AFTER, busy_couriers

CLEO = {"name": "Cleo", "email": "cleo@example.test", "address": "2 Quay Street"}


class DeliverySlotTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def order(self, **choice: str) -> str:
        self.client.post("/cart/add/wool-throw/")
        return self.client.post("/checkout/", {**CLEO, **choice}, follow=True).content.decode()

    def test_the_checkout_offers_three_windows(self) -> None:
        self.client.post("/cart/add/wool-throw/")
        page = self.client.get("/checkout/")
        for window in Window.values:
            self.assertContains(page, f'value="{window}"')

    def test_the_chosen_window_is_kept(self) -> None:
        self.assertIn("The courier comes in the evening", self.order(delivery_window="evening"))

    def test_an_unknown_window_becomes_the_morning(self) -> None:
        self.assertIn("The courier comes in the morning", self.order(delivery_window="night"))

    def test_a_courier_is_busy_until_the_slot_is_confirmed(self) -> None:
        self.order()
        self.assertEqual(busy_couriers(), 1)
        DeliverySlot.objects.update(reserved_at=timezone.now() - CONFIRMED_AFTER - timedelta(seconds=1))
        self.assertEqual(busy_couriers(), 0)

    def test_orders_from_before_have_no_slot(self) -> None:
        self.order()
        DeliverySlot.objects.all().delete()
        self.assertTrue(Order.objects.exists())
        self.assertNotContains(self.client.get("/checkout/thanks/"), "The courier comes")
