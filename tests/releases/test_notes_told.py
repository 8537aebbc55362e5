"""Release notes as customers read them: published when proven, withdrawn when taken back."""

from importlib import import_module

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ideas.models import Idea
from lifecycle.events import Machine
from releases import facts, notes, undoing
from releases.models import Change, NoteLine, Notes, Release
from tests.releases.test_notes import news, words

WORKER = Machine("worker")
PAGE, API = "/releases/24.11/notes/", "/api/v1/products/shop/releases/24.11/notes/"


def test_while_the_watch_is_open_nobody_reads_them(cast, sign_in, live):
    live("Keep a wishlist")
    assert "Keep a wishlist" not in news(sign_in(None))
    assert "Keep a wishlist" not in news(sign_in(cast.petra))


def test_they_are_read_when_the_watch_has_closed_well(cast, sign_in, live):
    release = live("Keep a wishlist")
    notes.edit(notes.get(release), intro="For you.", words=words(release, text="It stays."), by=cast.petra)
    facts.mark_proven(release, by=WORKER)
    page = news(sign_in(None))
    assert "Keep a wishlist" in page
    assert "It stays." in page
    assert "For you." in page
    assert notes.get(release).published_at is not None


def test_a_release_that_was_frozen_without_notes_has_them_when_proven(sign_in, live):
    release = live("Keep a wishlist")
    Notes.objects.all().delete()
    facts.mark_proven(release, by=WORKER)
    assert "Keep a wishlist" in news(sign_in(None))


def test_what_was_taken_back_is_withdrawn_and_returns_when_it_is_proven_again(cast, sign_in, proven):
    release = proven("Keep a wishlist")
    facts.mark_rolled_back(release, deployment=release, reason="Checkout is slow", by=cast.ops)
    assert notes.get(release).status == Notes.Status.WITHDRAWN
    assert "Keep a wishlist" not in news(sign_in(None))
    Change.objects.update(status="approved")
    facts.mark_live(release, deployment=release, by=WORKER)
    facts.mark_proven(release, by=WORKER)
    assert "Keep a wishlist" in news(sign_in(None))


def test_taken_back_before_it_was_proven_they_stay_a_draft(cast, live):
    release = live("Keep a wishlist")
    facts.mark_rolled_back(release, deployment=release, reason="Checkout is slow", by=cast.ops)
    assert notes.get(release).status == Notes.Status.DRAFT


def test_what_only_the_team_sees_never_appears(cast, sign_in, proven):
    release = proven("Keep a wishlist", "Wrap gifts")
    Idea.objects.filter(title="Wrap gifts").update(team_only=True)
    for person in (None, cast.cleo, cast.petra):
        assert "Wrap gifts" not in news(sign_in(person))
        assert "Keep a wishlist" in news(sign_in(person))
    shown = sign_in(None).get(API).json()["lines"]
    assert [line["title"] for line in shown] == ["Keep a wishlist"]
    assert release.notes.lines.count() == 2


def test_of_a_change_that_serves_two_ideas_only_the_public_one_is_named(sign_in, idea_of, proven):
    release = proven("Keep a wishlist")
    secret = idea_of("Prices leak in the list")
    secret.team_only = True
    secret.save()
    release.changes.get().ideas.add(secret)
    page = news(sign_in(None))
    assert "Keep a wishlist" in page
    assert "Prices leak" not in page


def test_a_line_left_out_is_left_out(cast, sign_in, proven):
    release = proven("Keep a wishlist", "Wrap gifts")
    notes.edit(notes.get(release), intro="", words=words(release, is_hidden=True), by=cast.petra)
    page = news(sign_in(None))
    assert "Keep a wishlist" not in page
    assert "Wrap gifts" in page


def test_what_is_undone_drops_out_and_comes_back_with_a_rolled_back_undo(cast, sign_in, proven, compose, work):
    release = proven("Keep a wishlist", "Wrap gifts")
    gone = release.changes.get(title="Wrap gifts")
    undoing.preview(cast.product, [gone])
    work("undo_preview")
    undo = undoing.propose(cast.product, changes=[gone], by=cast.petra, reason="It tears")
    compose(undo.candidate)
    undo.refresh_from_db()
    facts.mark_live(undo, deployment=undo, by=WORKER)
    assert "Wrap gifts" not in news(sign_in(None))
    assert "Keep a wishlist" in news(sign_in(None))
    assert not Notes.objects.filter(release=undo).exists()
    facts.mark_rolled_back(undo, deployment=undo, reason="It was fine", by=cast.ops)
    assert "Wrap gifts" in news(sign_in(None))


def test_what_shipped_again_is_told_once_by_its_new_release(cast, sign_in, proven):
    release = proven("Keep a wishlist")
    later = Release.objects.create(
        product=cast.product,
        version="24.12",
        status="live",
        target_date=release.target_date,
        author=cast.petra,
        created_at=release.created_at,
        live_at=release.live_at,
    )
    release.changes.update(release=later)
    assert "Keep a wishlist" not in news(sign_in(None))
    notes.publish(later, by=WORKER)
    assert news(sign_in(None)).count("Keep a wishlist") == 1


def test_the_news_ask_the_same_whatever_the_number_of_lines(sign_in, proven):
    proven("Keep a wishlist", "Wrap gifts", "Zoom pictures")
    with CaptureQueriesContext(connection) as many:
        news(sign_in(None))
    NoteLine.objects.exclude(pk=NoteLine.objects.first().pk).delete()
    with CaptureQueriesContext(connection) as few:
        news(sign_in(None))
    assert len(many) == len(few) <= 9


def test_what_was_proven_before_there_were_notes_is_still_read(sign_in, proven):
    proven("Keep a wishlist")
    Notes.objects.all().delete()
    migration = import_module("releases.migrations.0011_notes_of_what_is_proven")
    migration.publish(apps, None)
    assert "Keep a wishlist" in news(sign_in(None))


def test_the_customers_page_tells_the_published_words(cast, sign_in, proven):
    release = proven("Keep a wishlist")
    notes.edit(notes.get(release), intro="", words=words(release, title="A list of wishes"), by=cast.petra)
    assert "A list of wishes" in sign_in(cast.cleo).get("/releases/24.11/").content.decode()
