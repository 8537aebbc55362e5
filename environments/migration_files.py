"""Which files are migrations: those in the folders of the usual tools, or what lifecycle.toml says under [migrate]."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from environments.git import Git
from environments.manifest import FILE_NAME, ManifestError, parse

# Django, Flask, Ecto, Laravel, TypeORM · Prisma, Diesel · Alembic · Rails · Flyway, Liquibase
USUAL = re.compile(
    r"""(?:^|/)(?:
        migrations/(?:versions/)?(?!__init__\.)[^/]+\.(?:py|sql|php|exs|rb|cs|[jt]s)
      | migrations/[^/]+/(?:migration|up|down)\.sql
      | alembic/versions/(?!__init__\.)[^/]+\.py
      | db/migrate/[^/]+\.rb
      | db/(?:migration|changelog)/(?:[^/]+/)*[^/]+\.(?:sql|java|kt|xml|ya?ml|json)
    )$""",
    re.VERBOSE,
)


def is_migration(path: str, globs: Sequence[str] = ()) -> bool:
    """Whether a path is a migration; without `globs`, by the folders and endings that the usual tools have."""
    if not globs:
        return bool(USUAL.search(path))
    return not path.endswith("__init__.py") and any(fits(path, glob) for glob in globs)


def fits(path: str, glob: str) -> bool:
    """Whether the glob describes the path from some folder of it on to its end.

    `*` stays within a folder, `**` goes through any number of them. Its time is bounded by the two lengths, whatever
    somebody wrote.
    """
    parts = path.split("/")
    ends = set(range(len(parts) + 1))
    for wanted in glob.split("/"):
        if not ends:
            return False
        if wanted == "**":
            ends = set(range(min(ends), len(parts) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(parts) and fnmatchcase(parts[end], wanted)}
    return len(parts) in ends


def app_of(path: str) -> str:
    """What a migration belongs to: the folder above those of its tool, else the one it is in; "." at the top."""
    found = USUAL.search(path)
    return (path[: found.start()] if found else path.rpartition("/")[0]).strip("/") or "."


def globs_at(git: Git, sha: str) -> tuple[str, ...]:
    """What lifecycle.toml of a commit says; nothing where it is missing or wrong. Runs git."""
    try:
        manifest = parse((git.read_file(sha, FILE_NAME) or b"").decode("utf-8", "replace"))
    except ManifestError:
        return ()
    return manifest.migrate.files if manifest.migrate else ()
