from django.test import TestCase

from features.catalogue.loading import load_catalogue
from features.giftwrap.models import LONGEST_CARD, GiftWrap

CLEO = {"name": "Cleo", "email": "cleo@example.test", "address": "2 Quay Street"}


class GiftWrapTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def order(self, **wish: str) -> str:
        self.client.post("/cart/add/wool-throw/")
        return self.client.post("/checkout/", {**CLEO, **wish}, follow=True).content.decode()

    def test_the_checkout_offers_it(self) -> None:
        self.client.post("/cart/add/wool-throw/")
        self.assertContains(self.client.get("/checkout/"), "Wrap it as a present")

    def test_a_wish_is_kept_with_the_order(self) -> None:
        self.assertIn("with a card: “For Carl &amp; you”", self.order(gift_wrap="yes", gift_card="For Carl & you"))

    def test_without_the_tick_nothing_is_wrapped(self) -> None:
        self.assertNotIn("Wrapped as a present", self.order(gift_card="Never mind"))
        self.assertFalse(GiftWrap.objects.exists())

    def test_a_long_card_is_cut(self) -> None:
        self.order(gift_wrap="yes", gift_card="x" * 500)
        self.assertEqual(len(GiftWrap.objects.get().card), LONGEST_CARD)
