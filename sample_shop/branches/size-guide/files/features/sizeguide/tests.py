from django.test import TestCase

from features.catalogue.loading import load_catalogue
from features.sizeguide.sizes import american, british


class SizeGuideTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def test_boots_have_a_table(self) -> None:
        self.assertContains(self.client.get("/p/leather-boots/"), "<h2>Sizes</h2>")

    def test_a_mug_has_none(self) -> None:
        self.assertNotContains(self.client.get("/p/stoneware-mug/"), "<h2>Sizes</h2>")

    def test_sizes_agree_with_the_makers_table(self) -> None:
        self.assertEqual([british(size) for size in (40, 42, 44)], [6.5, 8.0, 9.5])

    def test_american_sizes_are_one_more(self) -> None:
        self.assertEqual(american(42), british(42) + 1)
