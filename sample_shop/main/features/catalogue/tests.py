from django.template.loader import get_template
from django.test import TestCase

from features.catalogue.loading import load_catalogue
from features.catalogue.models import Product
from features.catalogue.stock import OutOfStock, take


class CatalogueTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def test_home_shows_every_product_in_one_query(self) -> None:
        with self.assertNumQueries(1):
            page = self.client.get("/")
        for product in Product.objects.all():
            self.assertContains(page, product.get_absolute_url())

    def test_a_category_shows_only_its_products(self) -> None:
        page = self.client.get("/c/kitchen/")
        self.assertContains(page, "Enamel kettle")
        self.assertNotContains(page, "Wool throw")

    def test_unknown_pages_are_not_found(self) -> None:
        for address in ("/c/cars/", "/p/car/", "/nothing"):
            self.assertContains(self.client.get(address), "Nothing here", status_code=404)

    def test_every_product_has_a_page_and_a_drawing(self) -> None:
        for product in Product.objects.all():
            get_template(product.motif_template)
            self.assertContains(self.client.get(product.get_absolute_url()), product.name)

    def test_loading_again_keeps_the_stock(self) -> None:
        Product.objects.filter(slug="stoneware-mug").update(stock=7, name="Old name")
        load_catalogue()
        mug = Product.objects.get(slug="stoneware-mug")
        self.assertEqual((mug.stock, mug.name), (7, "Stoneware mug"))


class StockTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def left(self, slug: str) -> int:
        return Product.objects.get(slug=slug).stock

    def test_taking_leaves_less_on_the_shelf(self) -> None:
        take(Product.objects.get(slug="stoneware-mug"), 3)
        self.assertEqual(self.left("stoneware-mug"), 77)

    def test_a_low_shelf_is_filled_again(self) -> None:
        take(Product.objects.get(slug="stoneware-mug"), 75)
        self.assertEqual(self.left("stoneware-mug"), 80)

    def test_a_limited_edition_runs_out(self) -> None:
        compass = Product.objects.get(slug="brass-compass")
        take(compass, 4)
        with self.assertRaisesMessage(OutOfStock, "only 0 of “Brass compass”"):
            take(compass, 1)
        self.assertContains(self.client.get("/p/brass-compass/"), "Sold out")
