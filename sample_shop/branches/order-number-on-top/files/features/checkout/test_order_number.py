from django.test import TestCase

from features.catalogue.loading import load_catalogue
from features.checkout.models import Order

CLEO = {"name": "Cleo", "email": "cleo@example.test", "address": "2 Quay Street"}


class OrderNumberTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def test_the_number_stands_above_the_list(self) -> None:
        self.client.post("/cart/add/wool-throw/")
        page = self.client.post("/checkout/", CLEO, follow=True).content.decode()
        number = f"Your order is {Order.objects.get().number}"
        self.assertIn(number, page)
        self.assertLess(page.index(number), page.index("1 × Wool throw"))
