from django.test import TestCase

from features.catalogue.loading import load_catalogue
from features.catalogue.models import Product
from features.recentlyviewed.recent import SHOWN


class RecentlyViewedTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def test_the_first_product_has_nothing_before_it(self) -> None:
        self.assertNotContains(self.client.get("/p/wool-throw/"), "You looked at these before")

    def test_earlier_products_are_shown(self) -> None:
        self.client.get("/p/wool-throw/")
        page = self.client.get("/p/vacuum-flask/")
        self.assertContains(page, "You looked at these before")
        self.assertContains(page, "Wool throw")

    def test_looking_again_does_not_repeat_a_product(self) -> None:
        for slug in ("wool-throw", "vacuum-flask", "wool-throw"):
            page = self.client.get(f"/p/{slug}/")
        self.assertContains(page, 'class="card-name"', count=1)

    def test_only_the_last_few_are_shown(self) -> None:
        for product in Product.objects.all()[: SHOWN + 3]:
            page = self.client.get(product.get_absolute_url())
        self.assertContains(page, 'class="card-name"', count=SHOWN)
