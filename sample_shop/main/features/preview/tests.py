import hashlib
import hmac
from time import time

from django.test import TestCase, override_settings

from features.catalogue.loading import load_catalogue
from features.preview import access

KEY = "a key of this test shop"


def token(key: str = KEY, environment: str = "staging", seconds: int = 60) -> str:
    ends = int(time()) + seconds
    return f"{ends}.{hmac.new(key.encode(), f'{environment}.{ends}'.encode(), hashlib.sha256).hexdigest()}"


@override_settings(ACCESS_KEY=KEY, ENVIRONMENT="staging")
class PreviewTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def test_nobody_gets_in_without_a_token(self) -> None:
        for path in ("/", "/cart/", "/p/stoneware-mug/", "/nothing/"):
            self.assertContains(self.client.get(path), "by invitation", status_code=403)

    def test_a_token_lets_in_and_stays_out_of_the_address(self) -> None:
        self.assertRedirects(self.client.get(f"/preview/{token()}"), "/")
        self.assertEqual(self.client.get("/p/stoneware-mug/").status_code, 200)

    def test_forged_and_ended_tokens_do_not(self) -> None:
        wrong = [
            token(key="another key"),
            token(environment="dev"),
            token(seconds=-1),
            token()[:-1],
            token().partition(".")[2],
            f"9999999999.{token().partition('.')[2]}",
            "²." + token().partition(".")[2],
            "x",
        ]
        for each in wrong:
            self.assertEqual(self.client.get(f"/preview/{each}").status_code, 403, each)
        self.assertEqual(self.client.get("/").status_code, 403)

    def test_a_cookie_of_another_key_or_another_shop_does_not(self) -> None:
        with override_settings(ACCESS_KEY="another key"):
            other_key = access.new_cookie()
        with override_settings(ENVIRONMENT="dev"):
            other_shop = access.new_cookie()
        for cookie in (other_key, other_shop, "staging", ""):
            self.client.cookies[access.cookie_name()] = cookie
            self.assertEqual(self.client.get("/").status_code, 403)

    def test_probes_and_metrics_need_none(self) -> None:
        for path in ("/health", "/metrics"):
            self.assertEqual(self.client.get(path).status_code, 200)

    @override_settings(ACCESS_KEY="")
    def test_without_a_key_the_shop_is_open(self) -> None:
        self.assertEqual(self.client.get("/").status_code, 200)
        self.assertRedirects(self.client.get(f"/preview/{token()}"), "/")
