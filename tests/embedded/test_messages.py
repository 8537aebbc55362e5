"""Translations are compiled without msgfmt, and gaps in them are found."""

import gettext
import os
from pathlib import Path

import pytest

from lifecycle.embedded import messages

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + 'msgid "idea"\nmsgstr "идея"\n')
    return path


def test_a_changed_catalogue_is_compiled_once(catalogue, tmp_path):
    assert messages.compile_stale(tmp_path) == [catalogue]
    assert messages.compile_stale(tmp_path) == []
    translation = gettext.translation("django", tmp_path / "locale", ["ru"])
    assert translation.gettext("idea") == "идея"
    later = catalogue.with_suffix(".mo").stat().st_mtime + 5
    os.utime(catalogue, (later, later))
    assert messages.compile_stale(tmp_path) == [catalogue]


def test_empty_and_fuzzy_entries_are_named(catalogue, tmp_path):
    assert messages.incomplete(tmp_path) == []
    with catalogue.open("a") as file:
        file.write('\nmsgid "vote"\nmsgstr ""\n\n#, fuzzy\nmsgid "release"\nmsgstr "вроде"\n')
    name = "locale/ru/LC_MESSAGES/django.po"
    assert messages.incomplete(tmp_path) == [f"{name}: 'vote'", f"{name}: 'release'"]
