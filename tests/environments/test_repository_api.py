"""What the repository's page does, done by the API: the same verbs, and no secret leaves."""

import pytest
from django.test import Client

from environments import repositories, secrets, upstream_keys
from environments.models import Repository
from lifecycle.models import Event

API = "/api/v1/products/shop/repository/"
CANARY = "canary-of-the-token"
KIND = "application/json"


@pytest.fixture
def ops(cast, sign_in, db) -> Client:
    return sign_in(cast.ops)


@pytest.fixture
def repository(cast, upstream, address) -> Repository:
    return repositories.connect(cast.product, address, by=cast.ops)


def put(client: Client, path: str = "", **sent: object):
    return client.put(API + path, sent, content_type=KIND)


def test_a_repository_is_connected_and_read_by_a_worker(ops, cast, upstream, address):
    assert ops.get(API).status_code == 404
    answer = put(ops, upstream=address)
    assert answer.status_code == 200
    assert (answer.json()["upstream"], answer.json()["main_branch"], answer.json()["fetched_at"]) == (
        address,
        "main",
        None,
    )
    repositories.poll(Repository.objects.get())
    assert ops.get(API).json()["fetched_at"]
    assert [branch["name"] for branch in ops.get(API + "branches/").json()] == ["main"]


def test_a_wrong_address_is_put_right_until_it_was_read(ops, address, upstream):
    assert put(ops, upstream="file:///nowhere/at-all").status_code == 200
    assert put(ops, upstream=address, main_branch="main").status_code == 200
    repositories.poll(Repository.objects.get())
    answer = put(ops, upstream="file:///nowhere/at-all")
    assert answer.status_code == 409 and address in answer.json()["detail"]
    assert Repository.objects.get().upstream == address


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"upstream": f"https://bot:{CANARY}@git.shop.test/shop.git"}, "upstream"),
        ({"upstream": "ext::sh -c true"}, "upstream"),
        ({"upstream": "--upload-pack=x"}, "upstream"),
        ({"upstream": "file:///a", "main_branch": "a..b"}, "main_branch"),
        ({"upstream": "file:///a", "main_branch": ""}, "main_branch"),
        ({}, "upstream"),
    ],
)
def test_wrong_fields_are_named(ops, sent, field):
    answer = put(ops, **sent)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]
    assert CANARY not in answer.content.decode()
    assert not Repository.objects.exists()


def test_a_credential_is_kept_forgotten_and_never_shown(ops, repository):
    assert put(ops, "credential/", login="bot", secret=CANARY + "\n").status_code == 204
    repository.refresh_from_db()
    assert secrets.open_sealed(repository.credential) == CANARY + "\n"
    shown = ops.get(API)
    assert (shown.json()["login"], shown.json()["has_credential"]) == ("bot", True)
    assert CANARY not in shown.content.decode() and repository.credential not in shown.content.decode()
    assert ops.get(API + "credential/").status_code == 405
    assert ops.delete(API + "credential/").status_code == 204
    assert (ops.get(API).json()["login"], ops.get(API).json()["has_credential"]) == ("", False)
    assert Event.objects.filter(verb="repository.credential_set").count() == 2


@pytest.mark.parametrize("secret", ["", "x\0y", "x" * 20_001, None])
def test_what_is_no_credential_is_refused_without_being_repeated(ops, repository, secret):
    answer = put(ops, "credential/", login="bot", secret=secret)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["secret"])
    assert Repository.objects.get().credential == ""


def test_a_key_is_made_here_and_only_its_public_half_is_shown(ops, repository):
    refused = ops.post(API + "credential/make/")
    assert refused.status_code == 409 and "ssh" in refused.json()["detail"]
    Repository.objects.update(upstream="ssh://git@127.0.0.1:2222/shop.git")
    put(ops, "credential/", login="bot", secret=CANARY)
    made = ops.post(API + "credential/make/")
    assert made.status_code == 201
    public = made.json()["public_key"]
    assert public.startswith("ssh-ed25519 ") and public.endswith(" lifecycle-shop")
    shown = ops.get(API).json()
    assert (shown["public_key"], shown["login"], shown["has_credential"]) == (public, "", True)
    private = secrets.open_sealed(Repository.objects.get().credential)
    assert "PRIVATE KEY-----" in private and "PRIVATE KEY" not in ops.get(API).content.decode()
    assert ops.post(API + "credential/make/").json()["public_key"] != public
    put(ops, "credential/", login="bot", secret=CANARY)
    assert ops.get(API).json()["public_key"] == ""


def test_the_servers_key_is_shown_and_confirmed(ops, cast, sign_in, repository):
    Repository.objects.update(upstream="ssh://git@127.0.0.1:2222/shop.git")
    repository.refresh_from_db()
    first = upstream_keys.keep(repository, ("127.0.0.1", 2222), "ssh-ed25519 AAAAfirst123")
    [shown] = sign_in(cast.dev).get(API + "keys/").json()
    assert (shown["id"], shown["fingerprint"], shown["confirmed_at"]) == (first.pk, first.fingerprint, None)
    answer = ops.post(f"{API}keys/{first.pk}/confirm/")
    assert (answer.status_code, answer.json()["confirmed_by"]) == (200, cast.ops.name)
    assert "AAAAfirst123" in upstream_keys.known_hosts(repository)
    assert ops.post(f"{API}keys/{first.pk + 1}/confirm/").status_code == 404


def test_the_key_of_another_product_is_not_there(ops, cast, repository):
    other = type(cast.product).objects.create(name="Other", slug="other")
    theirs = Repository.objects.create(product=other, upstream="ssh://git@127.0.0.1:2222/x.git", mirror="/nowhere")
    key = upstream_keys.keep(theirs, ("127.0.0.1", 2222), "ssh-ed25519 AAAAfirst123")
    assert ops.post(f"{API}keys/{key.pk}/confirm/").status_code == 404
    key.refresh_from_db()
    assert key.confirmed_at is None


def test_only_devops_change_it(cast, sign_in, repository):
    key = upstream_keys.keep(repository, ("127.0.0.1", 2222), "ssh-ed25519 AAAAfirst123")
    for person in (cast.dev, cast.max, cast.cleo):
        client = sign_in(person)
        asked = [
            put(client, upstream="file:///elsewhere"),
            put(client, "credential/", login="bot", secret=CANARY),
            client.delete(API + "credential/"),
            client.post(API + "credential/make/"),
            client.post(f"{API}keys/{key.pk}/confirm/"),
        ]
        assert [answer.status_code for answer in asked] == [403] * 5
    assert Repository.objects.get().credential == ""
    assert sign_in(cast.cleo).get(API).status_code == 403


def test_what_to_know_is_said_by_the_api_as_on_the_page(ops, repository):
    Repository.objects.update(main_note="Make a pull request.")
    repository.branches.update(trouble="A branch of this name cannot be used: rename it.")
    assert ops.get(API).json()["warnings"] == ["Make a pull request."]
    assert "rename it" in ops.get(API + "branches/").json()[0]["trouble"]
