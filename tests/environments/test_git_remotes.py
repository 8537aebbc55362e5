"""git over ssh and https: only confirmed servers, credentials that show up nowhere, refusals that say what to do."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from environments import deploy_keys, repositories, upstream_keys
from environments.git import LIFECYCLE, Git, GitError, HostKeyUnknown, PushRejected, runner, ssh_server
from environments.models import Repository, UpstreamKey
from lifecycle import jobs
from lifecycle.events import about
from lifecycle.models import EventNote, LogLine, Work
from lifecycle.transitions import NotAllowed
from tests.environments.http_backend import Server
from tests.environments.repositories import Upstream
from tests.ssh_server import SshServer

pytestmark = pytest.mark.django_db
PASSWORD = "canary-of-the-password"
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def hub(upstream: Upstream, tmp_path: Path, settings) -> Path:
    """A bare copy as a forge keeps it: only fast-forwards, main protected."""
    settings.VAR = tmp_path / "var"
    hub = tmp_path / "hub" / "shop.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(upstream.path), str(hub)], check=True)
    for name, value in (("receive.denyNonFastForwards", "true"), ("http.receivepack", "true")):
        subprocess.run(["git", "-C", str(hub), "config", name, value], check=True)
    hook = hub / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\nwhile read a b ref; do [ "$ref" = refs/heads/main ] && echo protected >&2 && exit 1; done; :\n'
    )
    hook.chmod(0o755)
    return hub


@pytest.fixture
def forge(hub: Path, settings) -> Iterator[Server]:
    with Server(hub.parent, f"bot:{PASSWORD}") as server:
        settings.GIT_CA_FILE = str(server.certificate)
        yield server


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "sshd") as server:
        yield server


def name(cast, address: str) -> Repository:
    return repositories.name_upstream(cast.product, address, by=cast.ops)


def polled(repository: Repository) -> Repository:
    repositories.poll(repository)
    repository.refresh_from_db()
    return repository


def push_and_be_refused(git: Git, address: str) -> None:
    """A fast-forward is taken; a rewrite and a protected branch are a definite no."""
    main = git.resolve("refs/upstream/heads/main")
    snapshot = git.commit(git.tree_of(main), [main], "Snapshot", {}, LIFECYCLE, AT)
    other = git.commit(git.tree_of(main), [], "Elsewhere", {}, LIFECYCLE, AT)
    git.push(address, [f"{main}:refs/heads/env/production"])
    git.push(address, [f"{snapshot}:refs/heads/env/production"])
    for refspec in (f"{other}:refs/heads/env/production", f"{snapshot}:refs/heads/main"):
        with pytest.raises(PushRejected) as refused:
            git.push(address, [refspec])
        assert PASSWORD not in refused.value.output
    git.push(address, [f"{snapshot}:refs/tags/24.11"])
    assert git.upstream_tags(address) == {"24.11": snapshot}


def whatever_was_written(repository: Repository) -> str:
    """Every place where words about a repository are kept."""
    repository.refresh_from_db()
    rows = [repository.fetch_error, repository.main_note, repository.tag_note]
    rows += [str(event.data) for event in about(repository)]
    rows += EventNote.objects.values_list("text", flat=True)
    rows += LogLine.objects.values_list("text", flat=True)
    rows += Work.objects.values_list("error", flat=True)
    return "\n".join(rows)


def test_https_with_a_credential_fetches_and_pushes(cast, forge: Server):
    repository = name(cast, forge.address("shop.git"))
    repositories.set_credential(repository, login="bot", secret=PASSWORD, by=cast.ops)
    assert polled(repository).fetch_error == ""
    assert repository.branches.get().name == "main"
    push_and_be_refused(repositories.speaking(repository), repository.upstream)
    assert PASSWORD not in whatever_was_written(repository)


@pytest.mark.parametrize("secret", ["", "wrong-" + PASSWORD])
def test_https_without_the_right_credential_names_the_way_out(cast, forge: Server, secret: str, caplog):
    repository = name(cast, forge.address("shop.git"))
    repositories.set_credential(repository, login="bot", secret=secret, by=cast.ops)
    assert "check the credential of this repository" in polled(repository).fetch_error
    assert repository.retry_at is not None
    assert PASSWORD not in whatever_was_written(repository) + caplog.text


def test_a_server_whose_certificate_nobody_vouches_for_is_not_spoken_with(cast, forge: Server, settings):
    settings.GIT_CA_FILE = ""
    repository = name(cast, forge.address("shop.git"))
    repositories.set_credential(repository, login="bot", secret=PASSWORD, by=cast.ops)
    assert "certificate" in polled(repository).fetch_error


def test_no_secret_reaches_a_command_line(cast, forge: Server, monkeypatch):
    seen: list[list[str]] = []
    start = subprocess.Popen
    monkeypatch.setattr(runner.subprocess, "Popen", lambda argv, **more: (seen.append(argv), start(argv, **more))[1])
    repository = name(cast, forge.address("shop.git"))
    repositories.set_credential(repository, login="bot", secret=PASSWORD, by=cast.ops)
    assert polled(repository).fetch_error == ""
    assert seen and not any(PASSWORD in word for argv in seen for word in argv)


def ssh_address(host: SshServer, hub: Path) -> str:
    return f"ssh://{host.user}@127.0.0.1:{host.port}{hub}"


def look(repository: Repository) -> UpstreamKey:
    jobs.execute(f"upstream_key:{repository.pk}")
    assert Work.objects.filter(kind="upstream_key").latest("id").status == "succeeded"
    return upstream_keys.of(repository)[-1]


def test_ssh_speaks_with_nobody_until_the_key_is_confirmed(cast, host: SshServer, hub: Path):
    repository = name(cast, ssh_address(host, hub))
    repositories.set_credential(repository, login="", secret=host.private_key, by=cast.ops)
    assert "key is not confirmed" in polled(repository).fetch_error
    assert repository.retry_at is not None
    shown = look(repository)
    assert shown.key == " ".join(host.host_key.split()[:2])
    assert shown.confirmed_at is None
    assert "key is not confirmed" in polled(repository).fetch_error
    upstream_keys.confirm(shown, by=cast.ops)
    assert polled(repository).fetch_error == ""
    push_and_be_refused(repositories.speaking(repository), repository.upstream)
    assert "PRIVATE KEY" not in whatever_was_written(repository)


def test_a_key_made_here_opens_the_door_once_the_server_has_its_public_half(cast, host: SshServer, hub: Path):
    repository = name(cast, ssh_address(host, hub))
    shown = upstream_keys.keep(repository, ssh_server(repository.upstream), " ".join(host.host_key.split()[:2]))
    upstream_keys.confirm(shown, by=cast.ops)
    public = deploy_keys.make(repository, by=cast.ops)
    assert "check the credential of this repository" in polled(repository).fetch_error
    (host.folder / "authorized_keys").write_text(f"{public}\n")
    assert polled(repository).fetch_error == ""
    push_and_be_refused(repositories.speaking(repository), repository.upstream)
    assert "PRIVATE KEY" not in whatever_was_written(repository)


def test_a_changed_key_fails_closed_and_both_are_shown(cast, host: SshServer, hub: Path):
    repository = name(cast, ssh_address(host, hub))
    repositories.set_credential(repository, login="", secret=host.private_key, by=cast.ops)
    first = upstream_keys.keep(repository, ssh_server(repository.upstream), " ".join(host.host_key.split()[:2]))
    upstream_keys.confirm(first, by=cast.ops)
    assert polled(repository).fetch_error == ""
    host.stop()
    fingerprint = host.change_host_key()
    host.start()
    with pytest.raises(HostKeyUnknown):
        repositories.speaking(repository).fetch(repository.upstream)
    assert "key is not confirmed" in polled(repository).fetch_error
    assert look(repository).fingerprint == fingerprint != first.fingerprint
    assert "key is not confirmed" in polled(repository).fetch_error


def test_ssh_with_the_wrong_key_names_the_way_out(cast, host: SshServer, hub: Path, tmp_path: Path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")], check=True)
    repository = name(cast, ssh_address(host, hub))
    repositories.set_credential(repository, login="", secret=(tmp_path / "other").read_text(), by=cast.ops)
    upstream_keys.confirm(
        upstream_keys.keep(repository, ssh_server(repository.upstream), " ".join(host.host_key.split()[:2])),
        by=cast.ops,
    )
    assert "check the credential" in polled(repository).fetch_error
    assert repository.retry_at is not None


def test_a_server_that_is_away_is_no_server_that_sends_us_away(cast, host: SshServer, hub: Path):
    repository = name(cast, ssh_address(host, hub))
    host.stop()
    assert polled(repository).fetch_error
    assert repository.retry_at is None


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("ssh://git@git.shop.test/shop.git", ("git.shop.test", 22)),
        ("ssh://git@GIT.shop.test:2222/shop.git", ("git.shop.test", 2222)),
        ("ssh://[::1]:2222/shop.git", ("::1", 2222)),
        ("git@git.shop.test:team/shop.git", ("git.shop.test", 22)),
        ("https://git.shop.test/shop.git", None),
        ("file:///srv/shop.git", None),
        ("/srv/git@x:shop.git", None),
    ],
)
def test_which_server_an_address_means(address, server):
    assert ssh_server(address) == server


@pytest.mark.parametrize(
    "bad",
    [
        "ssh://-oProxyCommand=x/shop.git",
        "ssh://git@-x/shop.git",
        "git@-x:shop.git",
        "git@host:-x",
        "-x@host:shop.git",
        "https://bot:secret@host/shop.git",
        "ssh://host:99999999/shop.git",
        "file://host/shop.git",
    ],
)
def test_addresses_that_could_be_taken_for_something_else_are_refused(tmp_path, bad):
    with pytest.raises(GitError):
        Git(tmp_path).fetch(bad)


def test_a_credential_without_its_key_says_so_and_stops_nobody(cast, forge: Server):
    repository = name(cast, forge.address("shop.git"))
    Repository.objects.update(credential="gAAAA-of-another-key")
    repository.refresh_from_db()
    with pytest.raises(NotAllowed):
        repositories.access_of(repository)
    assert "LIFECYCLE_SECRET_KEYS" in polled(repository).fetch_error
