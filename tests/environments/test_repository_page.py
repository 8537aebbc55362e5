"""The repository page: what the team sees, what DevOps change, what waits for a word."""

import pytest
from django.utils import timezone

from environments import repositories, secrets, upstream_keys
from environments.models import Branch, Environment, Repository, TrunkCommit
from lifecycle.models import Event, Work
from releases import trunk_words
from releases.models import Change

PAGE = "/environments/repository/"
CANARY = "canary-of-the-token"


@pytest.fixture
def repository(cast, upstream, address) -> Repository:
    return repositories.connect(cast.product, address, by=cast.ops)


def commit_on_main(repository: Repository, sha: str = "a" * 40) -> TrunkCommit:
    facts = {"parent": "b" * 40, "subject": "Bump a library", "author": "Dev", "at": timezone.now()}
    return TrunkCommit.objects.create(repository=repository, sha=sha, **facts)


def text(client, address: str = PAGE) -> str:
    return client.get(address).content.decode()


def test_the_way_of_working_is_changed_on_the_page(cast, sign_in, repository):
    ops = sign_in(cast.ops)
    assert ops.post(PAGE + "mode/", {"mode": "nonsense"}).status_code == 422
    assert ops.post(PAGE + "mode/", {"mode": "trunk"}).status_code == 302
    repository.refresh_from_db()
    assert repository.mode == Repository.Mode.TRUNK
    assert Event.objects.filter(verb="repository.mode_set").count() == 1
    assert "Nothing: every merge has become a change." in text(ops)


def test_the_mode_is_changed_by_the_api_too(cast, sign_in, repository):
    path, kind = "/api/v1/products/shop/repository/", "application/json"
    assert sign_in(cast.dev).patch(path, {"mode": "trunk"}, content_type=kind).status_code == 403
    assert sign_in(cast.ops).patch(path, {"mode": "sideways"}, content_type=kind).status_code == 422
    answer = sign_in(cast.ops).patch(path, {"mode": "trunk"}, content_type=kind)
    assert (answer.status_code, answer.json()["mode"]) == (200, "trunk")


def test_a_commit_of_nobody_is_shipped_or_left_out_on_the_page(cast, sign_in, repository):
    repositories.set_mode(repository, mode="trunk", by=cast.ops)
    one, two = commit_on_main(repository), commit_on_main(repository, "c" * 40)
    lena = sign_in(cast.lena)
    assert "Ship as maintenance" in text(lena)
    assert "Ship as maintenance" not in text(sign_in(cast.dev))
    assert lena.post(f"/trunk/{one.pk}/ship/").status_code == 302
    assert lena.post(f"/trunk/{two.pk}/leave-out/").status_code == 302
    assert Change.objects.get().title == "Bump a library"
    assert Work.objects.filter(kind="trunk_word", subject_id=one.pk).exists()
    assert lena.post(f"/trunk/{one.pk}/ship/").status_code == 409
    assert Change.objects.count() == 1
    assert [row.status for row in trunk_words.waiting(cast.product)] == ["left_out"]


def test_a_commit_of_nobody_is_settled_by_the_api(cast, sign_in, repository):
    repositories.set_mode(repository, mode="trunk", by=cast.ops)
    one = commit_on_main(repository)
    path = f"/api/v1/products/shop/repository/commits/{one.sha}/"
    assert sign_in(cast.dev).post(path + "ship/").status_code == 403
    assert sign_in(cast.petra).post(path + "leave-out/").json()["status"] == "left_out"
    assert sign_in(cast.petra).post(path + "ship/").json()["status"] == "taken"
    assert sign_in(cast.petra).get("/api/v1/products/shop/repository/").json()["waiting"] == []


def test_a_credential_is_sealed_and_never_shown(cast, sign_in, repository):
    ops = sign_in(cast.ops)
    assert ops.post(PAGE + "credential/", {"login": "bot", "secret": CANARY}).status_code == 302
    repository.refresh_from_db()
    assert CANARY not in repository.credential and secrets.open_sealed(repository.credential) == CANARY
    shown = text(ops) + ops.get("/api/v1/products/shop/repository/").content.decode()
    assert CANARY not in shown and repository.credential not in shown
    assert ops.post(PAGE + "credential/", {"login": "bot", "secret": "x\0"}).status_code == 422
    assert ops.post(PAGE + "credential/", {"login": "", "secret": ""}).status_code == 302
    assert Repository.objects.get().credential == ""


def test_a_key_is_made_on_the_page_for_an_address_of_ssh(cast, sign_in, repository):
    ops = sign_in(cast.ops)
    assert "Make a new key" not in text(ops)
    assert ops.post(PAGE + "credential/make/").status_code == 409
    Repository.objects.update(upstream="git@git.shop.test:shop.git")
    assert "Make a new key" in text(ops)
    assert sign_in(cast.dev).post(PAGE + "credential/make/").status_code == 403
    assert ops.post(PAGE + "credential/make/").status_code == 302
    public = Repository.objects.get().public_key
    assert public.startswith("ssh-ed25519 ") and public in text(ops)
    assert "PRIVATE KEY" not in text(ops)
    assert ops.post(PAGE + "credential/", {"login": "", "secret": ""}).status_code == 302
    assert public not in text(ops)


def test_a_password_in_the_address_is_refused(cast, sign_in, db):
    answer = sign_in(cast.ops).post(
        PAGE + "connect/", {"upstream": f"https://bot:{CANARY}@git.shop.test/shop.git", "main_branch": "main"}
    )
    assert answer.status_code == 422
    assert not Repository.objects.exists()


def test_a_key_is_confirmed_by_devops_and_another_one_is_marked(cast, sign_in, repository):
    Repository.objects.update(upstream="ssh://git@127.0.0.1:2222/shop.git")
    repository.refresh_from_db()
    first = upstream_keys.keep(repository, ("127.0.0.1", 2222), "ssh-ed25519 AAAAfirst123")
    ops = sign_in(cast.ops)
    assert sign_in(cast.dev).post(f"{PAGE}keys/{first.pk}/confirm/").status_code == 403
    assert ops.post(f"{PAGE}keys/{first.pk}/confirm/").status_code == 302
    assert upstream_keys.known_hosts(repository) == "[127.0.0.1]:2222 ssh-ed25519 AAAAfirst123\n"
    second = upstream_keys.keep(repository, ("127.0.0.1", 2222), "ssh-ed25519 AAAAother123")
    assert "another key than the confirmed one" in text(ops)
    assert "AAAAother" not in upstream_keys.known_hosts(repository)
    upstream_keys.confirm(second, by=cast.ops)
    assert "AAAAfirst" not in upstream_keys.known_hosts(repository)


def test_what_to_know_is_said_in_sentences(cast, sign_in, repository):
    Environment.objects.create(
        product=cast.product, slug="production", name="Production", kind="production", position=1, foreign_sha="d" * 40
    )
    Repository.objects.update(main_note="Make a pull request.", tag_note="The tag 24.11 means another commit.")
    repository.branches.update(trouble="A branch of this name cannot be used: rename it.")
    shown = text(sign_in(cast.dev))
    for words in ("Make a pull request.", "The tag 24.11", "env/production (dddddddd)", "rename it"):
        assert words in shown


def test_what_lifecycle_pushes_itself_is_among_the_branches_only_in_trouble(cast, sign_in, repository):
    for name, trouble in (("env/production", ""), ("env/own", "This one cannot be read."), ("environment-form", "")):
        facts = {"sha": "e" * 40, "subject": "Anything", "author": "Dev", "moved_at": timezone.now()}
        Branch.objects.create(repository=repository, name=name, trouble=trouble, **facts)
    shown = text(sign_in(cast.dev))
    assert "environment-form" in shown and "env/own" in shown
    assert "env/production" not in shown
