from django.contrib.staticfiles import finders
from django.test import TestCase


class StickyHeaderTests(TestCase):
    def test_every_page_has_it(self) -> None:
        for address in ("/", "/cart/", "/search/"):
            page = self.client.get(address)
            self.assertContains(page, 'class="site-header is-sticky"')
            self.assertContains(page, "stickyheader.css")

    def test_its_style_is_found(self) -> None:
        self.assertIsNotNone(finders.find("stickyheader.css"))
