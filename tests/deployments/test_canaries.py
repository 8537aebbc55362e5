"""Twelve secrets are planted; then everything that people, programs and other services can read is searched."""

import redis
from django.conf import settings as configured
from django.core import mail
from django.db import connection
from django.test import Client

from environments import variables
from environments.masking import shapes
from environments.models import VariableVersion
from lifecycle import notifications
from lifecycle.models import LogLine
from tests.deployments.engine import Shop
from tests.deployments.shop import SERVER

CANARIES = {
    "PAYMENT_KEY": "canary-payment-4242",
    "DATABASE_URL": "postgresql://shop:canary-in-address@db.invalid/shop",
    "PEM": "-----BEGIN KEY-----\ncanaryPemLineOne\ncanaryPemLineTwo\n-----END KEY-----\n",
    "JSON": '{"token": "canary-json"}',
    "SPACES": "  canary with spaces  ",
    "QUOTES": "canary'\"quotes",
    "UNICODE": "canary-ключ-🛒",
    "PERCENT": "canary%25&a=b",
    "BACKSLASH": "canary\\back\\slash",
    "LONG": "canary" + "x" * 3000,
    "REGEX": "canary.*[a-z]+$(",
    "MAIL": "canary@example.com",
}
LOUD = """
import os, sys
from urllib.parse import quote
for name, value in os.environ.items():
    print(name, value, quote(value, safe=""), sep="=", flush=True)
    print(name, value, file=sys.stderr, flush=True)
print(dict(os.environ))
sys.exit(3 if sys.argv[1] == "migrate" and os.environ["RELEASE"].startswith("two") else 0)
"""
PAGES = (
    "/environments/",
    "/environments/staging/",
    "/environments/staging/settings/",
    "/environments/staging/history/",
    "/deployments/",
    "/deployments/1/",
    "/audit/",
    "/notifications/",
    "/inbox/",
)
API = (
    "environments/",
    "environments/staging/",
    "environments/staging/variables/",
    "environments/staging/differences/",
    "deployments/",
)


def plant(engine: Shop) -> None:
    """All of them on staging, each set twice, so that there is an earlier version."""
    for name, value in CANARIES.items():
        for secret in (value + "-earlier", value):
            staging = engine.environment("staging")
            variables.set_variable(staging, name=name, value=secret, is_secret=True, by=engine.cast.ops)


def deployments_that_say_everything(engine: Shop) -> list[int]:
    staging = engine.environment("staging")
    one = engine.deploy(staging, engine.candidate("one", **{"step.py": LOUD, "server.py": SERVER}))
    two = engine.deploy(staging, engine.candidate("two", **{"step.py": LOUD}))
    shouting = "import os, sys\nprint(dict(os.environ))\nprint(os.environ['PAYMENT_KEY'])\nsys.exit(1)\n"
    three = engine.deploy(staging, engine.candidate("three", **{"server.py": shouting}))
    assert [deployment.status for deployment in (one, two, three)] == ["succeeded", "failed", "failed"]
    return [one.pk, two.pk, three.pk]


def leaks(text: str) -> list[str]:
    """The canaries in a text: as planted, line by line, as in an address."""
    return [shape for shape in shapes(CANARIES.values()) if shape in text]


def whole_database() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def whole_redis() -> str:
    addresses = {configured.REDIS_URL, configured.CACHES["default"]["LOCATION"]}
    found = []
    for address in addresses:
        client = redis.Redis.from_url(address)
        for key in client.scan_iter():
            found += [repr(key), repr(client.dump(key))]
    return "\n".join(found)


def test_no_secret_is_found_anywhere(engine: Shop, sign_in) -> None:
    plant(engine)
    pks = deployments_that_say_everything(engine)
    assert LogLine.objects.filter(text__contains="PAYMENT_KEY").exists(), "the commands said something"
    assert VariableVersion.objects.count() > len(CANARIES)
    assert leaks(whole_database()) == []
    ops: Client = sign_in(engine.cast.ops)
    addresses = [*PAGES, *[f"/deployments/{pk}/" for pk in pks], *[f"/deployments/{pk}/log.txt" for pk in pks]]
    addresses += [f"/environments/staging/settings/variables/{name}/" for name in CANARIES]
    addresses += [f"/api/v1/products/shop/{path}" for path in API]
    addresses += [f"/api/v1/products/shop/deployments/{pk}/log/" for pk in pks]
    answers = {address: ops.get(address).content.decode() for address in addresses}
    assert {address: leaks(text) for address, text in answers.items() if leaks(text)} == {}
    notifications.send_due()
    assert leaks("\n".join(str(message.message()) for message in mail.outbox)) == []
    assert leaks(whole_redis()) == []


def test_a_page_that_breaks_shows_none_either(engine: Shop, monkeypatch) -> None:
    plant(engine)

    def breaks(environment: object) -> None:
        raise RuntimeError(CANARIES["PAYMENT_KEY"])

    monkeypatch.setattr("environments.pages.settings.settings", breaks)
    client = Client(raise_request_exception=False)
    client.force_login(engine.cast.ops, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get("/environments/staging/settings/")
    assert answer.status_code == 500
    assert leaks(answer.content.decode()) == []
