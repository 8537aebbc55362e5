"""The outbox: told once, mailed by a worker, switched by choice, and never in the way of a request."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext_lazy, override

from lifecycle import notifications
from lifecycle.models import Notification, Preference, Product
from lifecycle.models.messages import Channel
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db
AWAY = "tests.lifecycle.mail_servers.Away"


def tell_about_gift_wrap(cast: Cast, *people: object, key: str = "k1", topic: str = "idea.declined") -> None:
    notifications.tell(
        people, topic, url="/ideas/1/", key=key, product=cast.product, title="Gift wrap", reason="Too dear"
    )


def mail_row() -> Notification:
    return Notification.objects.get(channel=Channel.EMAIL)


def make_due() -> None:
    Notification.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_it_tells_each_person_once_per_channel_and_cause(cast: Cast) -> None:
    tell_about_gift_wrap(cast, cast.cleo, cast.carl)
    tell_about_gift_wrap(cast, cast.cleo)
    assert Notification.objects.count() == 4
    tell_about_gift_wrap(cast, cast.cleo, key="another cause")
    assert Notification.objects.count() == 6


def test_news_of_a_further_product_lead_below_its_prefix(cast: Cast) -> None:
    other = Product.objects.create(name="Second shop", slug="second")
    for product in (cast.product, other):
        notifications.tell(
            [cast.cleo], "idea.answered", url="/ideas/1/", key=product.slug, product=product, title="Gift wrap"
        )
    told = Notification.objects.filter(channel=Channel.EMAIL).order_by("id")
    assert [row.url for row in told] == ["/ideas/1/", "/p/second/ideas/1/"]


def test_it_leaves_out_deactivated_people(cast: Cast) -> None:
    cast.cleo.is_active = False
    tell_about_gift_wrap(cast, cast.cleo)
    assert not Notification.objects.exists()


def test_it_refuses_a_topic_nobody_knows(cast: Cast) -> None:
    with pytest.raises(KeyError):
        tell_about_gift_wrap(cast, cast.cleo, topic="idea.vanished")


def test_a_worker_mails_what_is_due_in_the_readers_language(cast: Cast) -> None:
    cast.cleo.language = "ru"
    cast.cleo.save()
    tell_about_gift_wrap(cast, cast.cleo)
    assert notifications.send_due() == 1
    assert notifications.send_due() == 0
    assert mail.outbox[0].to == [cast.cleo.email]
    assert "Gift wrap" in mail.outbox[0].subject
    assert "/ideas/1/" in mail.outbox[0].body
    assert mail_row().status == Notification.Status.SENT


def test_what_is_not_yet_due_stays_in_the_outbox(cast: Cast) -> None:
    notifications.tell(
        [cast.cleo], "release.live", url="/", key="k", product=cast.product, due_in_seconds=60, version="1"
    )
    assert notifications.send_due() == 0


def test_a_mail_server_that_is_away_is_tried_again_then_given_up_visibly(cast: Cast, settings: object) -> None:
    settings.EMAIL_BACKEND = AWAY
    tell_about_gift_wrap(cast, cast.cleo)
    for attempt in range(1, notifications.MAX_ATTEMPTS):
        assert notifications.send_due() == 0
        row = mail_row()
        assert (row.status, row.attempts) == (Notification.Status.QUEUED, attempt)
        assert row.due_at > timezone.now()
        make_due()
    notifications.send_due()
    assert mail_row().status == Notification.Status.FAILED
    assert "nobody answers" in mail_row().error


def test_a_row_that_failed_once_leaves_when_the_server_is_back(cast: Cast, settings: object) -> None:
    usual, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, AWAY
    tell_about_gift_wrap(cast, cast.cleo)
    notifications.send_due()
    make_due()
    settings.EMAIL_BACKEND = usual
    assert notifications.send_due() == 1
    assert mail_row().error == ""


def test_one_bad_row_does_not_stop_the_others(cast: Cast) -> None:
    tell_about_gift_wrap(cast, cast.cleo)
    Notification.objects.update(event="topic.of.an.older.version")
    tell_about_gift_wrap(cast, cast.carl)
    assert notifications.send_due() == 1
    assert mail.outbox[0].to == [cast.carl.email]


def test_a_row_claimed_by_another_worker_is_not_sent_twice(cast: Cast) -> None:
    tell_about_gift_wrap(cast, cast.cleo)
    stale = mail_row()
    assert notifications.send(mail_row())
    assert not notifications.send(stale)
    assert len(mail.outbox) == 1


def test_somebody_deactivated_since_then_gets_no_mail(cast: Cast) -> None:
    tell_about_gift_wrap(cast, cast.cleo)
    cast.cleo.is_active = False
    cast.cleo.save()
    assert notifications.send_due() == 0
    assert mail_row().status == Notification.Status.FAILED


def test_a_switch_turns_one_topic_off_on_one_channel(cast: Cast) -> None:
    notifications.choose(cast.cleo, {("idea.declined", "email"): False})
    tell_about_gift_wrap(cast, cast.cleo)
    assert [row.channel for row in Notification.objects.all()] == [Channel.IN_APP]


def test_a_choice_that_equals_the_default_leaves_no_row(cast: Cast) -> None:
    notifications.choose(cast.cleo, {("idea.declined", "email"): False})
    notifications.choose(cast.cleo, {("idea.declined", "email"): True})
    assert not Preference.objects.exists()


def test_the_account_page_switches_topics(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    page = client.get("/account/").content.decode()
    assert "An idea I follow is declined" in page
    assert "A deployment fails" not in page, "customers do not hear of deployments"
    client.post("/account/news/", {"idea.moved:in_app": "on"})
    chosen = notifications.choices_of(cast.cleo, ["idea.moved", "idea.declined"])
    assert {choice for choice, enabled in chosen.items() if enabled} == {("idea.moved", "in_app")}
    assert "A deployment fails" in sign_in(cast.ops).get("/account/").content.decode()


def test_the_bell_has_a_dot_until_the_news_are_read(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    assert not has_dot(client)
    tell_about_gift_wrap(cast, cast.cleo)
    assert has_dot(client)
    page = client.get("/notifications/").content.decode()
    assert "“Gift wrap” will not be done: Too dear" in page
    assert not has_dot(client)


def test_nobody_sees_the_news_of_others(cast: Cast, sign_in: SignIn) -> None:
    tell_about_gift_wrap(cast, cast.cleo)
    assert not has_dot(sign_in(cast.carl))
    assert "Gift wrap" not in sign_in(cast.carl).get("/notifications/").content.decode()


def has_dot(client: Client) -> bool:
    return "Notifications, some are new" in client.get("/account/").content.decode()


def test_each_reader_gets_words_of_the_product_in_their_language(cast: Cast) -> None:
    cast.cleo.language = "ru"
    notifications.tell(
        [cast.cleo, cast.carl],
        "idea.declined",
        url="/",
        key="k",
        product=cast.product,
        title="x",
        reason=gettext_lazy("Yes"),
    )
    words = dict(Notification.objects.filter(channel=Channel.IN_APP).values_list("user__name", "data__reason"))
    with override("ru"):
        assert words == {"Cleo": str(gettext_lazy("Yes")), "Carl": "Yes"}
