"""Sentences of ours are read in the reader's language, whoever wrote them down: a worker, or somebody else."""

import pytest
from django.utils import translation

from ideas.models import Idea
from lifecycle.events import about, said, words_of
from lifecycle.models import Notification
from releases import changes, verdicts


@pytest.fixture
def returned(cast, workshop, plan_of, build, on_staging) -> Idea:
    """Tess sent the change back; Cleo, who asked for it, reads Russian, and the web request spoke English."""
    type(cast.cleo).objects.filter(pk=cast.cleo.pk).update(language="ru")
    change = plan_of("Keep a wishlist").changes.get()
    idea = change.ideas.get()
    idea.subscriptions.create(user=cast.cleo, reason="author", created_at=idea.created_at)
    changes.assign(change, developer=cast.dev, by=cast.lena)
    changes.mark_ready(build(change), by=cast.dev)
    candidate = on_staging()
    change.refresh_from_db()
    verdicts.give_back(change, candidate=candidate, by=cast.tess, reason="It fails")
    return Idea.objects.get(pk=idea.pk)


def test_the_notice_is_in_the_readers_language(cast, returned):
    news = Notification.objects.filter(user=cast.cleo, event="idea.taken_back").first()
    with translation.override("ru"):
        assert news.data["reason"] == translation.gettext("It needs more work.") != "It needs more work."


def test_so_is_what_stands_in_the_history(returned):
    event = about(returned).filter(verb="idea.reached").latest("id")
    assert event.note.text == returned.stop_note == "It needs more work."
    with translation.override("ru"):
        assert words_of(event) == translation.gettext("It needs more work.") != event.note.text


@pytest.mark.parametrize("words", ["", "It fails on my phone, 100% of the time"])
def test_a_persons_words_stay_as_they_are(words):
    with translation.override("ru"):
        assert said(words) == words
