from django.test import TestCase

from features.catalogue.loading import load_catalogue


class SearchTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def test_finds_by_name_and_description_in_any_case(self) -> None:
        page = self.client.get("/search/", {"q": "KETTLE"})
        self.assertContains(page, "1 found for “KETTLE”")
        self.assertContains(self.client.get("/search/", {"q": "graNDchildren"}), "Cast-iron pan")

    def test_every_word_must_match(self) -> None:
        self.assertContains(self.client.get("/search/", {"q": "wool undyed"}), "1 found")

    def test_says_so_when_nothing_is_found(self) -> None:
        page = self.client.get("/search/", {"q": "<b>bicycle"})
        self.assertContains(page, "Nothing found for “&lt;b&gt;bicycle”")

    def test_survives_odd_searches(self) -> None:
        for words in ("", "   ", "%", "\0", "x" * 5000, "'; --"):
            self.assertEqual(self.client.get("/search/", {"q": words}).status_code, 200)
