"""The link in an invitation: it opens without an account for whom it was made, and for nobody and nothing else."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from environments import access
from environments.models import Environment
from ideas import services as ideas
from lifecycle.models import Notification, Product
from releases import demos, invitations, plan
from releases.models import Candidate, Demo, DemoAnswer, Invitation
from tests.releases.showing import invitation_of, link_of, open_session, says, session

HOSTILE = "<script>alert(1)</script> {{ 7 }} ‮ ид🛒"


@pytest.fixture
def release(frozen):
    return frozen("Keep a wishlist")


@pytest.fixture
def demo(cast, release):
    return open_session(cast, release)


def signed(payload, salt="demo-invitation"):
    return signing.Signer(salt=salt).sign_object(payload)


def send(link, release, outcome="accept", words="", **more):
    number = release.changes.get().number
    sent = {"digest": release.candidate.digest, f"c{number}-outcome": outcome, f"c{number}-words": words}
    return Client(enforce_csrf_checks=True).post(link, sent | more)


def test_it_shows_what_is_new_and_takes_an_answer_without_an_account(cast, demo, release):
    link = link_of(cast.cleo)
    page = Client().get(link)
    assert page.status_code == 200
    assert b"Keep a wishlist" in page.content
    assert b"It would save me time." in page.content
    assert send(link, release, "note", "A shorter name").url == link
    given = DemoAnswer.objects.get()
    assert (given.invitation.user, given.outcome, given.words) == (cast.cleo, "note", "A shorter name")
    again = Client().get(link).content.decode()
    assert "Change my answers" in again
    assert "A shorter name" in again


def test_what_the_plan_says_for_customers_stands_instead_of_the_wish(cast, demo, release):
    release.changes.update(summary="A heart beside each product", steps="- Press the heart\n- Open your list")
    page = Client().get(link_of(cast.cleo)).content.decode()
    assert "A heart beside each product" in page
    assert "Press the heart" in page
    assert "It would save me time." not in page


def test_reading_it_answers_nothing_whatever_is_in_the_address(cast, demo, release):
    number = release.changes.get().number
    for client_method in (Client().get, Client().head):
        client_method(f"{link_of(cast.cleo)}?c{number}-outcome=accept&digest={release.candidate.digest}")
    assert not DemoAnswer.objects.exists()


def test_opening_it_is_noted_once_and_a_head_request_is_nobody(cast, demo):
    Client().head(link_of(cast.cleo))
    assert invitation_of(demo, cast.cleo).opened_at is None
    Client().get(link_of(cast.cleo))
    first = invitation_of(demo, cast.cleo).opened_at
    Client().get(link_of(cast.cleo))
    assert invitation_of(demo, cast.cleo).opened_at == first is not None


def test_no_other_site_and_no_search_engine_learns_the_link(cast, demo, settings):
    settings.DEMO = True
    page = Client().get(link_of(cast.cleo))
    assert page["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page["X-Robots-Tag"]
    assert "no-store" in page["Cache-Control"]
    assert b"csrfmiddlewaretoken" not in page.content, "no form that a page without referrer could not send"


class TestShut:
    """What does not open says what to do, and nothing about the release."""

    def shut(self, link, status, words):
        for page in (Client().get(link), Client().post(link, {})):
            text = page.content.decode()
            assert page.status_code == status
            assert words in text
            assert "wishlist" not in text
            assert "24.11" not in text
            assert page["Referrer-Policy"] == "no-referrer"

    def test_a_forged_one(self, cast, demo):
        pk = invitation_of(demo, cast.cleo).pk
        token = link_of(cast.cleo).split("/")[-2]
        nonce = invitation_of(demo, cast.cleo).nonce
        other_key = signing.Signer(salt="demo-invitation", key="somebody else's").sign_object([pk, nonce])
        for forged in (token[:-1], token + "x", "x", other_key, signed([pk, "guessed"])):
            self.shut(f"/preview/{forged}/", 403, "not complete")

    def test_one_signed_for_another_purpose(self, cast, demo):
        invitation = invitation_of(demo, cast.cleo)
        token = signed([invitation.pk, invitation.nonce], salt="unsubscribe")
        self.shut(f"/preview/{token}/", 403, "not complete")

    @pytest.mark.parametrize("payload", [None, 7, [], ["x", "y"], [1], [{}, []], [2**70, "x"]])
    def test_a_signed_one_that_means_nothing(self, cast, demo, payload):
        self.shut(f"/preview/{signed(payload)}/", 403, "not complete")

    def test_an_expired_one(self, cast, demo, release):
        Demo.objects.filter(pk=demo.pk).update(starts_at=timezone.now() - timedelta(days=3, minutes=29))
        assert Client().get(link_of(cast.cleo)).status_code == 200
        Demo.objects.filter(pk=demo.pk).update(starts_at=timezone.now() - timedelta(days=3, minutes=31))
        self.shut(link_of(cast.cleo), 410, "This demo is over")
        assert send(link_of(cast.cleo), release).status_code == 410
        assert not DemoAnswer.objects.exists()

    def test_one_that_was_taken_back(self, cast, demo):
        invitations.revoke(invitation_of(demo, cast.cleo), by=cast.petra)
        self.shut(link_of(cast.cleo), 410, "taken back")

    def test_one_of_somebody_who_left(self, cast, demo):
        type(cast.cleo).objects.filter(pk=cast.cleo.pk).update(is_active=False)
        self.shut(link_of(cast.cleo), 410, "taken back")

    def test_one_to_a_demo_that_is_cancelled(self, cast, demo):
        demos.cancel(demo, by=cast.petra)
        self.shut(link_of(cast.cleo), 410, "does not take place")

    def test_one_of_another_product(self, cast, demo):
        Product.objects.create(name="Other", slug="other")
        self.shut(f"/p/other{link_of(cast.cleo)}", 403, "not complete")


class TestAnswering:
    def test_a_newer_version_is_said_and_asked_about_anew(self, cast, demo, release):
        says(demo, cast.cleo, "accept")
        link = link_of(cast.cleo)
        old = release.candidate.digest
        type(release.candidate).objects.filter(pk=release.candidate.pk).update(digest="e" * 64)
        release.signoffs.update(digest="e" * 64)
        page = send(link, release, digest=old)
        assert page.status_code == 409
        assert "A newer version has come meanwhile" in page.content.decode()
        assert "About the version before you said: Accept" in Client().get(link).content.decode()
        assert send(link, release, "note", "Better", digest="e" * 64).status_code == 302
        assert sorted(DemoAnswer.objects.values_list("outcome", flat=True)) == ["accept", "note"]

    def test_it_waits_while_the_plan_is_open_again(self, cast, demo, release):
        plan.unfreeze(release, by=cast.petra)
        page = Client().get(link_of(cast.cleo)).content.decode()
        assert "A new version is being prepared" in page
        assert "Send my answers" not in page

    @pytest.mark.parametrize(
        ("outcome", "words", "says_why"),
        [
            ("no", "", "Say what is not right"),
            ("note", " ", "Write your note"),
            ("", "", "Choose one of the three"),
            ("", "It is fine", "Choose one of the three"),
            ("perhaps", "", "Something is missing below"),
            ("note", "x" * 2001, "Something is missing below"),
        ],
    )
    def test_half_an_answer_is_shown_again(self, cast, demo, release, outcome, words, says_why):
        page = send(link_of(cast.cleo), release, outcome, words)
        assert page.status_code == 422
        assert says_why in page.content.decode()
        assert not DemoAnswer.objects.exists()

    def test_after_it_closed_the_page_shows_what_was_said(self, cast, demo, release):
        says(demo, cast.cleo, "note", "A shorter name")
        demos.close(demo, by=cast.petra)
        link = link_of(cast.cleo)
        page = Client().get(link).content.decode()
        assert "A shorter name" in page
        assert "<button class" not in page.split("<main")[1]
        assert send(link, release, "accept").status_code == 409
        assert DemoAnswer.objects.get().outcome == "note"

    def test_before_it_opens_it_says_when(self, cast, release):
        invitations.invite(session(cast, release), by=cast.petra)
        page = Client().get(link_of(cast.cleo)).content.decode()
        assert "Petra shows it" in page
        assert "Send my answers" not in page

    def test_hostile_words_are_words_everywhere(self, cast, demo, release, sign_in):
        assert send(link_of(cast.cleo), release, "no", HOSTILE).status_code == 302
        pages = [Client().get(link_of(cast.cleo)), sign_in(cast.petra).get("/releases/24.11/demo/")]
        pages.append(sign_in(cast.petra).get(f"/changes/{release.changes.get().number}/"))
        for page in pages:
            text = page.content.decode()
            assert "<script>alert(1)" not in text
            assert "&lt;script&gt;alert(1)" in text

    def test_a_wish_that_only_the_team_sees_is_not_on_the_page(self, cast, frozen):
        release = frozen("Keep a wishlist", "Buy the competitor")
        secret = release.changes.get(title="Buy the competitor").ideas.get()
        type(secret).objects.filter(pk=secret.pk).update(team_only=True, author=cast.petra)
        ideas.vote(release.changes.get(title="Keep a wishlist").ideas.get(), by=cast.carl)
        open_session(cast, release)
        assert "competitor" not in Client().get(link_of(cast.carl)).content.decode()

    def test_a_customer_finds_the_way_on_the_releases_page_and_in_the_inbox(self, cast, demo, sign_in):
        link = link_of(cast.cleo)
        for path in ("/releases/24.11/customers/", "/inbox/"):
            assert link in sign_in(cast.cleo).get(path).content.decode()
        assert "/preview/" not in sign_in(cast.carl).get("/releases/24.11/customers/").content.decode()


class TestTryingIt:
    """The button hands over staging's declared access."""

    def test_it_leads_to_staging_with_a_fresh_token(self, cast, demo, release):
        staging = Environment.objects.get(slug="staging")
        access.set_access(staging, access="token", by=cast.ops)
        Candidate.objects.update(manifest='[access]\npath = "/preview/{token}"\n')
        page = Client().get(link_of(cast.cleo)).content.decode()
        assert f'href="{link_of(cast.cleo)}open/"' in page
        assert "127.0.0.1:1" not in page, "the address itself is not handed out"
        answer = Client().get(f"{link_of(cast.cleo)}open/")
        assert answer.status_code == 302
        assert answer.url.startswith("http://127.0.0.1:1/preview/")
        assert answer["Referrer-Policy"] == "no-referrer"
        assert invitation_of(demo, cast.cleo).attended

    def test_it_leads_nowhere_before_it_opens_and_after_it_closed(self, cast, release):
        demo = session(cast, release)
        invitations.invite(demo, by=cast.petra)
        assert Client().get(f"{link_of(cast.cleo)}open/").status_code == 409
        demos.begin(demo, by=cast.petra)
        assert Client().get(f"{link_of(cast.cleo)}open/").status_code == 302
        demos.close(demo, by=cast.petra)
        assert Client().get(f"{link_of(cast.cleo)}open/").status_code == 409
        assert Client().get("/preview/x/open/").status_code == 403

    def test_it_waits_while_a_hotfix_has_staging(self, cast, demo, release):
        type(release).objects.filter(pk=release.pk).update(parked_at=timezone.now())
        assert Client().get(f"{link_of(cast.cleo)}open/").status_code == 409
        assert "A new version is being prepared" in Client().get(link_of(cast.cleo)).content.decode()


class TestTheTeamsPage:
    def test_a_session_is_planned_invited_opened_and_closed(self, cast, release, sign_in):
        max_, petra = sign_in(cast.max), sign_in(cast.petra)
        begins = timezone.now().strftime("%Y-%m-%dT%H:%M")
        sent = {"plan-managers-audience": "managers", "plan-managers-starts_at": begins, "plan-managers-minutes": "30"}
        assert petra.post("/releases/24.11/demo/plan/", sent | {"plan-managers-minutes": "0"}).status_code == 422
        assert petra.post("/releases/24.11/demo/plan/", sent | {"plan-managers-host": cast.petra.pk}).status_code == 302
        demo = Demo.objects.get()
        for verb in ("invite", "begin"):
            assert petra.post(f"/releases/24.11/demo/{demo.pk}/{verb}/").status_code == 302
        says(demo, cast.max, "no", "The heart is too small")
        page = max_.get("/releases/24.11/demo/").content.decode()
        assert "The heart is too small" in page
        assert "1 invited" in page
        guest = Invitation.objects.get()
        assert petra.post(f"/releases/24.11/demo/{demo.pk}/attendance/", {"came": guest.pk}).status_code == 302
        assert petra.post(f"/releases/24.11/demo/{demo.pk}/revoke/{guest.pk}/").status_code == 302
        assert petra.post(f"/releases/24.11/demo/{demo.pk}/close/").status_code == 302
        guest.refresh_from_db()
        demo.refresh_from_db()
        assert (guest.attended, guest.is_revoked, demo.status) == (True, True, "closed")

    def test_what_managers_said_is_the_teams(self, cast, release, sign_in):
        for who in (cast.cleo, None):
            assert sign_in(who).get("/releases/24.11/demo/").status_code in (302, 403)
        assert sign_in(cast.dev).get("/releases/24.11/demo/").status_code == 200

    def test_a_developer_plans_and_signs_nothing(self, cast, release, sign_in):
        demo, dev = session(cast, release), sign_in(cast.dev)
        for path in (
            "plan/",
            "customers/",
            "managers/",
            f"{demo.pk}/begin/",
            f"{demo.pk}/invite/",
            f"{demo.pk}/close/",
        ):
            assert dev.post(f"/releases/24.11/demo/{path}").status_code == 403, path

    def test_a_demo_of_another_release_is_not_found(self, cast, release, sign_in):
        demo = session(cast, release)
        assert sign_in(cast.petra).post(f"/releases/24.12/demo/{demo.pk}/begin/").status_code == 404

    def test_the_mail_that_could_not_be_sent_is_said(self, cast, demo, sign_in):
        Notification.objects.filter(user=cast.cleo, event="demo.invited", channel="email").update(status="failed")
        assert "Could not be sent" in sign_in(cast.petra).get("/releases/24.11/demo/").content.decode()
