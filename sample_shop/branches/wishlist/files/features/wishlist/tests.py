from django.test import TestCase

from features.catalogue.loading import load_catalogue
from features.catalogue.models import Product


class WishlistTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def test_starts_empty(self) -> None:
        self.assertContains(self.client.get("/wishlist/"), "Nothing kept yet")

    def test_the_heart_keeps_a_product_and_lets_it_go(self) -> None:
        page = self.client.post("/wishlist/wool-throw/", follow=True)
        self.assertContains(page, "On your wishlist")
        self.assertContains(self.client.get("/wishlist/"), "Wool throw")
        page = self.client.post("/wishlist/wool-throw/", follow=True)
        self.assertContains(page, "Keep for later")

    def test_the_newest_comes_first(self) -> None:
        for slug in ("wool-throw", "vacuum-flask"):
            self.client.post(f"/wishlist/{slug}/")
        slugs = [product.slug for product in self.client.get("/wishlist/").context["products"]]
        self.assertEqual(slugs, ["vacuum-flask", "wool-throw"])

    def test_a_product_no_longer_sold_is_left_out(self) -> None:
        self.client.post("/wishlist/wool-throw/")
        Product.objects.filter(slug="wool-throw").delete()
        self.assertContains(self.client.get("/wishlist/"), "Nothing kept yet")

    def test_only_a_form_keeps(self) -> None:
        self.assertEqual(self.client.get("/wishlist/wool-throw/").status_code, 405)
        self.assertEqual(self.client.post("/wishlist/car/").status_code, 404)
