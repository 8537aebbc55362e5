from django.test import TestCase

from features.catalogue.loading import load_catalogue


class FreeDeliveryTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def test_an_empty_basket_sees_the_goal(self) -> None:
        self.assertContains(self.client.get("/"), "Free delivery from €60.00.")

    def test_a_small_basket_sees_what_is_missing(self) -> None:
        self.client.post("/cart/add/stoneware-mug/")
        self.assertContains(self.client.get("/"), "Only €41.10 more to free delivery.")

    def test_a_large_basket_is_delivered_free(self) -> None:
        self.client.post("/cart/add/wool-throw/")
        self.assertContains(self.client.get("/"), "Delivery is free for this order.")
