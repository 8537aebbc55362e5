from django.test import TestCase

from features.catalogue.loading import load_catalogue


class RussianSearchTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def assert_finds(self, words: str, name: str) -> None:
        self.assertContains(self.client.get("/search/", {"q": words}), name)

    def test_finds_russian_names_in_any_case(self) -> None:
        for words in ("рюкзак", "РЮКЗАК", "Рюк"):
            self.assert_finds(words, "Canvas backpack")

    def test_e_and_yo_are_the_same_letter(self) -> None:
        for words in ("мёд", "мед", "МЁД"):
            self.assert_finds(words, "Heather honey")

    def test_both_languages_may_be_mixed(self) -> None:
        self.assert_finds("wool плед", "Wool throw")
