from django.test import TestCase

from features.cart.cart import MOST_OF_ONE
from features.catalogue.loading import load_catalogue
from features.catalogue.models import Product


class CartTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def put(self, quantity: object) -> None:
        self.client.post("/cart/put/stoneware-mug/", {"quantity": quantity})

    def test_starts_empty(self) -> None:
        self.assertContains(self.client.get("/cart/"), "Your basket is empty")

    def test_adding_twice_makes_two(self) -> None:
        for _ in range(2):
            self.client.post("/cart/add/stoneware-mug/")
        page = self.client.get("/cart/")
        self.assertContains(page, "€37.80")
        self.assertContains(page, "<b>2</b>", html=True)

    def test_a_number_can_be_changed_and_zero_removes(self) -> None:
        self.put(3)
        self.assertContains(self.client.get("/cart/"), "€56.70")
        self.put(0)
        self.assertContains(self.client.get("/cart/"), "Your basket is empty")

    def test_bad_numbers_change_nothing(self) -> None:
        self.put(2)
        for bad in (-1, MOST_OF_ONE + 1, "many", ""):
            self.put(bad)
            self.assertContains(self.client.get("/cart/"), "Please choose a number from 0 to 20.")
        self.assertContains(self.client.get("/cart/"), "€37.80")

    def test_only_a_form_adds(self) -> None:
        self.assertEqual(self.client.get("/cart/add/stoneware-mug/").status_code, 405)
        self.assertEqual(self.client.post("/cart/add/car/").status_code, 404)

    def test_a_product_no_longer_sold_leaves_the_basket(self) -> None:
        self.put(1)
        Product.objects.filter(slug="stoneware-mug").delete()
        self.assertContains(self.client.get("/cart/"), "Your basket is empty")
