"""Repositories that mean harm, made without git's own checks. Each maker gets the folder and the canary's path."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ValidationError

from environments.git import GitError
from environments.manifest import ManifestError
from lifecycle.transitions import NotAllowed
from tests.environments.repositories import Upstream

MANIFEST = b"[test]\ncommand = ['true']\n"
Maker = Callable[[Path, Path], Upstream]
MAKERS: dict[str, Maker] = {}
SECRET = "what lies outside"
REFUSED = (GitError, ManifestError, ValidationError, NotAllowed)


def maker(make: Maker) -> Maker:
    MAKERS[make.__name__] = make
    return make


def raw_tree(upstream: Upstream, *entries: tuple[str, str, str | bytes]) -> str:
    """A tree of raw (mode, name, content or id) entries that git itself would refuse to make."""
    body = b""
    for mode, name, content in entries:
        is_id = mode in {"40000", "160000"}
        data = content.encode() if isinstance(content, str) else content
        sha = content if is_id else upstream.git("hash-object", "-w", "--stdin", stdin=data)
        body += os.fsencode(f"{mode} {name}") + b"\0" + bytes.fromhex(str(sha))
    return upstream.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=body)


def branch(upstream: Upstream, tree: str, name: str = "evil") -> Upstream:
    sha = upstream.git("commit-tree", tree, "-p", "main", "-m", f"{name}: crafted")
    upstream.git("update-ref", f"refs/heads/{name}", sha)
    return upstream


def plain(folder: Path) -> Upstream:
    upstream = Upstream(folder)
    upstream.write("lifecycle.toml", MANIFEST.decode())
    upstream.commit("manifest")
    return upstream


@maker
def hooks(folder: Path, canary: Path) -> Upstream:
    """Hooks in the tree, in the upstream itself, and a configuration that points to them."""
    upstream = plain(folder)
    for name in ("post-checkout", "reference-transaction", "post-merge", "pre-push", "post-index-change"):
        for place in ("hooks", ".githooks", ".git/hooks"):
            upstream.write(f"{place}/{name}", f"#!/bin/sh\ntouch {canary}\n")
            (upstream.path / place / name).chmod(0o755)
    upstream.write(".gitconfig", "[core]\n\thooksPath = .githooks\n")
    subprocess.run(["git", "-C", str(folder), "-c", "core.hooksPath=/dev/null", "add", "-A"], check=True)
    command = [
        "git",
        "-C",
        str(folder),
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "user.name=Dev",
        "-c",
        "user.email=d@x",
    ]
    subprocess.run([*command, "commit", "-q", "-m", "hooks"], check=True)
    return upstream


@maker
def submodule_command(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    modules = f'[submodule "a"]\n\tpath = a\n\turl = /nowhere\n\tupdate = !touch {canary}\n'
    head = upstream.git("rev-parse", "HEAD")
    return branch(upstream, raw_tree(upstream, ("100644", ".gitmodules", modules), ("160000", "a", head)))


@maker
def submodule_over_ext(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    modules = f'[submodule "a"]\n\tpath = a\n\turl = ext::sh -c touch% {canary}\n'
    head = upstream.git("rev-parse", "HEAD")
    return branch(upstream, raw_tree(upstream, ("100644", ".gitmodules", modules), ("160000", "a", head)))


@maker
def submodule_path_with_carriage_return(folder: Path, canary: Path) -> Upstream:
    """CVE-2025-48384: the path is read without the CR, written with it, and a link waits there."""
    upstream = plain(folder)
    modules = '[submodule "a"]\n\tpath = "a\r"\n\turl = ./sub\n'
    head = upstream.git("rev-parse", "HEAD")
    entries = (("100644", ".gitmodules", modules), ("120000", "a", ".git/hooks"), ("160000", "a\r", head))
    return branch(upstream, raw_tree(upstream, *entries))


@maker
def link_to_a_secret(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    return branch(upstream, raw_tree(upstream, ("120000", "lifecycle.toml", str(canary.parent / "secret"))))


@maker
def links_that_leave_together(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    inner = raw_tree(upstream, ("120000", "up", ".."))
    return branch(upstream, raw_tree(upstream, ("40000", "d", inner), ("120000", "x", "d/up/../../secret")))


@maker
def git_folder(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    config = raw_tree(upstream, ("100644", "config", f"[core]\n\tfsmonitor = touch {canary}\n"))
    return branch(upstream, raw_tree(upstream, ("40000", ".git", config)))


@maker
def git_file(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    return branch(upstream, raw_tree(upstream, ("100644", ".GIT", "gitdir: /etc")))


@maker
def git_by_its_short_name(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    config = raw_tree(upstream, ("100644", "config", f"[core]\n\tfsmonitor = touch {canary}\n"))
    return branch(upstream, raw_tree(upstream, ("40000", "git~1", config)))


@maker
def path_that_climbs(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    inner = raw_tree(upstream, ("100644", canary.name, "out"))
    return branch(upstream, raw_tree(upstream, ("40000", "..", inner)))


@maker
def name_with_a_slash(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    return branch(upstream, raw_tree(upstream, ("100644", f"../{canary.name}", "out")))


@maker
def filters_and_drivers(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    drivers = "".join(
        f'[{kind} "evil"]\n\t{key} = touch {canary}\n'
        for kind, key in (("filter", "smudge"), ("filter", "process"), ("merge", "driver"), ("diff", "command"))
    )
    upstream.write(".gitconfig", drivers)
    upstream.write(".gitattributes", "* filter=evil merge=evil diff=evil export-subst ident\n")
    upstream.write("shop.py", "$Format:%H$ $Id$\n")
    upstream.git("checkout", "-q", "-b", "evil")
    upstream.git("add", "-A")
    upstream.git("commit", "-q", "-m", "evil: attributes")
    upstream.git("checkout", "-q", "main")
    return upstream


@maker
def names_that_look_like_options(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    names = (
        "--upload-pack=touch x",
        "-rf",
        "--",
        "$(touch x)",
        "`touch x`",
        "a\nb",
        "a\tb",
        '"',
        "\u202eexe.txt",
        "|id",
    )
    entries = sorted((("100644", name, "x") for name in names), key=lambda entry: os.fsencode(entry[1]))
    return branch(upstream, raw_tree(upstream, *entries))


@maker
def case_clash(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    inner = raw_tree(upstream, ("100644", "x", "through the link"))
    return branch(upstream, raw_tree(upstream, ("120000", "A", ".."), ("40000", "a", inner)))


@maker
def the_same_name_twice(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    inner = raw_tree(upstream, ("100644", canary.name, "through the link"))
    return branch(upstream, raw_tree(upstream, ("120000", "a", ".."), ("40000", "a", inner)))


@maker
def a_million_files(folder: Path, canary: Path) -> Upstream:
    """A thousand folders of a thousand files, in three objects."""
    upstream = plain(folder)
    files = many(upstream)
    rows = b"".join(f"40000 d{n:04}".encode() + b"\0" + bytes.fromhex(files) for n in range(1000))
    tree = upstream.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=rows)
    return branch(upstream, tree)


def many(upstream: Upstream) -> str:
    sha = upstream.git("hash-object", "-w", "--stdin", stdin=b"x")
    rows = b"".join(f"100644 f{n:04}".encode() + b"\0" + bytes.fromhex(sha) for n in range(1000))
    return upstream.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=rows)


@maker
def a_billion_files(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    tree = many(upstream)
    for _level in range(2):
        rows = b"".join(f"40000 d{n:04}".encode() + b"\0" + bytes.fromhex(tree) for n in range(1000))
        tree = upstream.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=rows)
    return branch(upstream, tree)


@maker
def blob_bomb(folder: Path, canary: Path) -> Upstream:
    """Two hundred times the same 16 MB of nothing: 3 GB from a few kilobytes."""
    upstream = plain(folder)
    sha = upstream.git("hash-object", "-w", "--stdin", stdin=bytes(16 << 20))
    rows = b"".join(f"100644 f{n:04}".encode() + b"\0" + bytes.fromhex(sha) for n in range(200))
    return branch(upstream, upstream.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=rows))


@maker
def endless_manifest(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    return branch(upstream, raw_tree(upstream, ("100644", "lifecycle.toml", "a = " + "[" * 50_000)))


@maker
def commits_from_the_end_of_time(folder: Path, canary: Path) -> Upstream:
    upstream = plain(folder)
    tree = upstream.git("rev-parse", "HEAD^{tree}")
    for number, seconds in enumerate(("99999999999999", "253402300800", "0")):
        who = f"\x1b[31mRed\x07 <a@b> {seconds} +9999".encode()
        text = b"tree %s\nauthor %s\ncommitter %s\n\n%s\xff\xfe\n" % (tree.encode(), who, who, b"s" * 100_000)
        kind = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
        upstream.git("update-ref", f"refs/heads/late{number}", upstream.git(*kind, stdin=text))
    return upstream
