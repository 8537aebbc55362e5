"""The kit the screens are made of: tags, shells, cookies, and what every template has to keep."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import lucide
import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.test import Client
from django.utils.translation import override

from lifecycle.chips import Chip
from lifecycle.models import User
from lifecycle.templatetags import ui
from tests.cast import Cast

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
STYLES = settings.BASE_DIR / "static" / "css"
SignIn = Callable[[User | None], Client]


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


# ---- tags ----


def test_an_icon_is_decorative_and_takes_size_and_class() -> None:
    svg = ui.icon("check", 14, "good")
    assert 'aria-hidden="true"' in svg
    assert 'width="14"' in svg
    assert 'class="good"' in svg


def test_a_long_name_may_break_at_its_joints_a_key_nowhere_and_all_is_escaped() -> None:
    said = "FAIL: test_sizes_agree_with_the_table (py 3.12) <b>, C-6"
    assert render("{{ said|breakable }}", said=said) == (
        "FAIL: test_<wbr>sizes_<wbr>agree_<wbr>with_<wbr>the_<wbr>table (py 3.12) &lt;b&gt;,"
        ' <span class="nobr">C-6</span>'
    )


def test_an_unknown_icon_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(lucide.IconDoesNotExist):
        ui.icon("no-such-icon")


def test_a_chip_says_its_state_in_words_and_escapes_them() -> None:
    html = render("{% chip thing %}", thing=Chip("staging", "flask-conical", "<On staging>"))
    assert 'data-s="staging"' in html
    assert "<svg" in html
    assert "&lt;On staging&gt;" in html


@pytest.mark.parametrize(
    ("name", "letters"), [("Tess Tester", "TT"), ("ops", "OP"), ("Мария Иванова-Петрова", "МП"), ("", "")]
)
def test_initials_come_from_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


def test_an_avatar_has_a_hue_class_and_a_name_for_screen_readers() -> None:
    html = ui.avatar(User(pk=14, name='Max "M" Manager', email="max@example.org"), "sm")
    assert 'class="av sm h2"' in html
    assert 'aria-label="Max &quot;M&quot; Manager"' in html
    assert ui.avatar(None).startswith('<span class="av machine')


@pytest.mark.parametrize("stop", ["staging", 4])
def test_the_small_line_marks_what_is_done_and_where_it_is_now(stop: str | int) -> None:
    html = ui.miniline(stop)
    assert html.count('class="done"') == 4
    assert html.count('class="now"') == 1
    assert html.count("<i") == 8


def test_the_small_line_is_cached_per_language() -> None:
    with override("en"):
        english = ui.miniline("demo")
    with override("ru"):
        ui.miniline("demo")
    with override("en"):
        assert ui.miniline("demo") is english


def test_the_clock_says_in_words_what_it_shows() -> None:
    with override("en"):
        html = ui.clock("ggw<-")
    assert "2 hours quiet, 1 with a warning, 0 with a limit crossed, 2 to come" in html
    assert "<<" not in html


@pytest.mark.parametrize(
    ("part", "whole", "width"), [(3, 5, "w60"), (1, 3, "w35"), (0, 0, "w0"), (9, 3, "w100"), (-1, 3, "w0")]
)
def test_a_share_is_a_width_class_to_the_nearest_five_percent(part: int, whole: int, width: str) -> None:
    assert ui.share(part, whole) == width


def test_a_chart_of_one_value_or_none_is_an_empty_frame() -> None:
    assert "polyline" not in ui.spark([])
    assert "polyline" not in ui.spark([3.0])
    assert "polyline" in ui.spark([3.0, 3.0], 9)


def test_bars_are_drawn_to_scale_and_survive_an_empty_total() -> None:
    assert 'width="41.0"' in ui.bar(100, 41, "f-prod")
    assert 'width="0"' in ui.bar(0, 0, "f-prod") or 'width="0.0"' in ui.bar(0, 0, "f-prod")


def test_the_vote_button_is_a_form_that_keeps_its_id_and_says_its_state() -> None:
    html = render('{% vote 128 title 1 True "/ideas/128/vote/" %}', title="<b>", csrf_token="secret")
    assert 'method="post" action="/ideas/128/vote/"' in html
    assert 'id="vote-128" aria-pressed="true"' in html
    assert "“&lt;b&gt;”, 1 vote" in html
    assert 'value="secret"' in html


# ---- forms ----


class Wish(forms.Form):
    title = forms.CharField(label="Title", help_text="One sentence.")
    kind = forms.ChoiceField(choices=[("feature", "A wish"), ("bug", "A fault")], widget=forms.RadioSelect)
    hidden = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_field_with_a_mistake_points_to_its_hint_and_its_error() -> None:
    html = str(Wish({"kind": "feature"}))
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    for name in described[1].split():
        assert f'id="{name}"' in html
    assert 'aria-invalid="true"' in html
    assert 'class="errbox"' in html
    assert 'href="#id_title"' in html


def test_a_form_without_mistakes_has_no_summary_and_keeps_hidden_fields() -> None:
    html = str(Wish())
    assert "errbox" not in html
    assert 'name="hidden"' in html
    assert "<legend>" in html


# ---- shells and cookies ----


def test_the_first_byte_knows_the_theme(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.petra)
    client.post("/appearance/", {"theme": "dark", "next": "/notifications/"})
    assert 'data-theme="dark"' in client.get("/notifications/").content.decode()


def test_a_made_up_theme_and_a_foreign_address_are_ignored(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(None)
    answer = client.post("/appearance/", {"theme": '"><script>', "next": "https://example.org/"})
    assert answer.headers["Location"] == "/"
    assert "theme" not in answer.cookies


def test_single_key_shortcuts_can_be_switched_off(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.petra)
    client.post("/appearance/", {"keys": "off"})
    assert 'data-keys="off"' in client.get("/notifications/").content.decode()


# ---- what every template has to keep ----


def sources() -> Iterator[tuple[Path, str]]:
    for path in TEMPLATES:
        yield path, re.sub(r"{% comment.*?endcomment %}|{#.*?#}", "", path.read_text(), flags=re.DOTALL)


def test_every_icon_that_a_template_names_exists() -> None:
    for _path, source in sources():
        for name in re.findall(r'{% icon "([^"]+)"', source):
            ui.icon(name)


def test_every_stylesheet_that_a_template_names_exists() -> None:
    for _path, source in sources():
        for names in re.findall(r"{% css ((?:\"[a-z]+\" ?)+)%}", source):
            for name in re.findall(r'"([a-z]+)"', names):
                assert (STYLES / f"{name}.css").exists(), name


def test_every_class_that_a_template_uses_is_in_a_stylesheet() -> None:
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", "".join(path.read_text() for path in STYLES.glob("*.css"))))
    unknown = {
        (path.name, name)
        for path, source in sources()
        for names in re.findall(r'class="([^"]*)"', source)
        for name in re.sub(r"{%.*?%}", " ", re.sub(r"{{.*?}}", "-", names)).split()
        if name not in known and not name.endswith("-")
    }
    assert unknown == set()
