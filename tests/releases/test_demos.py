"""Showing a release: sessions, who is invited, what they answer, and who may sign for them."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from ideas import merging
from ideas import services as ideas
from ideas.models import Stop
from lifecycle import events
from lifecycle.events import Machine
from lifecycle.models import Comment, Notification
from lifecycle.notifications import sentence
from lifecycle.transitions import NotAllowed
from releases import changes, demo_answers, demos, facts, invitations, plan, signoffs
from releases.models import DemoAnswer, SignOff
from releases.waiting import waiting_for
from tests.releases.showing import invitation_of, link_of, open_session, says, session


@pytest.fixture
def release(frozen):
    return frozen("Keep a wishlist")


def idea_in(release):
    return release.changes.get().ideas.get()


class TestSessions:
    def test_one_per_audience_is_coming_at_a_time(self, cast, release):
        session(cast, release)
        with pytest.raises(NotAllowed, match="planned already"):
            demos.plan(release, audience="customers", starts_at=timezone.now(), by=cast.petra)
        demos.plan(release, audience="managers", starts_at=timezone.now(), by=cast.petra)

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"starts_at": timezone.now() - timedelta(days=2)}, "starts_at"),
            ({"minutes": 0}, "minutes"),
            ({"minutes": 10_000}, "minutes"),
            ({"audience": "everybody"}, "audience"),
        ],
    )
    def test_what_makes_no_sense_is_refused_beside_its_field(self, cast, release, wrong, field):
        facts = {"audience": "managers", "starts_at": timezone.now(), "by": cast.petra} | wrong
        with pytest.raises(ValidationError) as refusal:
            demos.plan(release, **facts)
        assert list(refusal.value.message_dict) == [field]

    def test_a_customer_hosts_nothing(self, cast, release):
        with pytest.raises(ValidationError, match="does not hold demos"):
            demos.plan(release, audience="managers", starts_at=timezone.now(), by=cast.petra, host=cast.cleo)

    def test_customers_are_shown_it_after_the_managers_said_yes(self, cast, release):
        demo = demos.plan(release, audience="customers", starts_at=timezone.now(), by=cast.petra)
        with pytest.raises(NotAllowed, match="managers first"):
            demos.begin(demo, by=cast.petra)
        demo.refresh_from_db()
        assert demo.is_planned

    def test_opening_it_brings_its_ideas_to_demo(self, cast, release):
        open_session(cast, release, "managers")
        assert idea_in(release).stop == Stop.DEMO

    def test_what_is_not_on_staging_is_not_opened(self, cast, tested):
        release = tested("Keep a wishlist")
        demo = demos.plan(release, audience="managers", starts_at=timezone.now(), by=cast.petra)
        with pytest.raises(NotAllowed, match="not frozen"):
            demos.begin(demo, by=cast.petra)

    def test_going_live_ends_what_is_open_and_what_has_not_begun(self, cast, release):
        shown = open_session(cast, release)
        waits = demos.plan(release, audience="managers", starts_at=timezone.now(), by=cast.petra)
        facts.mark_live(release, deployment=release, by=Machine("worker"))
        for demo, status in ((shown, "closed"), (waits, "cancelled")):
            demo.refresh_from_db()
            assert demo.status == status
        assert "Close the demo" not in actions(cast, cast.petra)


class TestInvitations:
    def test_authors_and_voters_get_a_link_of_their_own(self, cast, release):
        ideas.vote(idea_in(release), by=cast.carl)
        demo = session(cast, release)
        made = {row.user: row.reason for row in invitations.invite(demo, by=cast.petra)}
        assert made == {cast.cleo: "author", cast.carl: "vote"}
        assert link_of(cast.cleo) != link_of(cast.carl)

    def test_a_second_call_invites_only_who_came_in_since(self, cast, release):
        demo = session(cast, release)
        invitations.invite(demo, by=cast.petra)
        ideas.vote(idea_in(release), by=cast.carl)
        assert [row.user for row in invitations.invite(demo, by=cast.petra)] == [cast.carl]
        assert invitations.invite(demo, by=cast.petra) == []
        mails = Notification.objects.filter(event="demo.invited", channel="email")
        assert sorted(mail.user.name for mail in mails) == ["Carl", "Cleo"]

    def test_the_voter_of_a_merged_idea_is_invited_and_sees_the_primary(self, cast, release, idea_of):
        twin = idea_of("Remember what I like")
        ideas.vote(twin, by=cast.carl)
        merging.merge(twin, into=idea_in(release), by=cast.petra)
        demo = session(cast, release)
        assert cast.carl in {row.user for row in invitations.invite(demo, by=cast.petra)}
        shown = demo_answers.demo_ideas.shown_to(release, cast.actor(cast.carl))
        assert [[idea.title for idea in one.ideas] for one in shown] == [["Keep a wishlist"]]

    def test_a_deactivated_voter_gets_none(self, cast, release):
        ideas.vote(idea_in(release), by=cast.carl)
        cast.carl.is_active = False
        cast.carl.save()
        demo = session(cast, release)
        assert {row.user for row in invitations.invite(demo, by=cast.petra)} == {cast.cleo}

    def test_whoever_voted_before_it_became_the_teams_own_gets_none(self, cast, release):
        idea = idea_in(release)
        ideas.vote(idea, by=cast.carl)
        type(idea).objects.filter(pk=idea.pk).update(team_only=True)
        demo = session(cast, release)
        assert {row.user for row in invitations.invite(demo, by=cast.petra)} == {cast.cleo}

    def test_managers_are_invited_to_theirs(self, cast, release):
        demo = session(cast, release, "managers")
        assert [(row.user, row.reason) for row in invitations.invite(demo, by=cast.petra)] == [(cast.max, "staff")]

    def test_nobody_is_invited_to_what_is_over(self, cast, release):
        demo = session(cast, release)
        demos.cancel(demo, by=cast.petra)
        with pytest.raises(NotAllowed, match="over"):
            invitations.invite(demo, by=cast.petra)

    def test_the_mail_speaks_the_persons_language_and_time(self, cast, release):
        type(cast.cleo).objects.filter(pk=cast.cleo.pk).update(time_zone="Asia/Tokyo")
        demo = session(cast, release)
        type(demo).objects.filter(pk=demo.pk).update(starts_at="2030-01-01T20:00Z")
        demo.refresh_from_db()
        invitations.invite(demo, by=cast.petra)
        words = sentence(Notification.objects.get(user=cast.cleo, event="demo.invited", channel="email"))
        assert "new in Northwind shop" in words
        assert "It opens on Wednesday, January 2, 05:00." in words

    def test_the_host_ticks_who_came_and_opening_the_link_counts(self, cast, release):
        ideas.vote(idea_in(release), by=cast.carl)
        demo = open_session(cast, release)
        invitations.note_opened(invitation_of(demo, cast.carl))
        assert invitation_of(demo, cast.carl).attended
        invitations.note_attendance(demo, came=[invitation_of(demo, cast.cleo).pk], by=cast.petra)
        assert (invitation_of(demo, cast.cleo).attended, invitation_of(demo, cast.carl).attended) == (True, False)
        invitations.note_opened(invitation_of(demo, cast.carl))
        assert invitation_of(demo, cast.carl).attended is False, "what the host said stands"


class TestAnswers:
    def test_words_stand_on_the_change_and_in_the_tally(self, cast, release):
        demo = open_session(cast, release)
        says(demo, cast.cleo, "note", "A shorter name")
        comment = Comment.objects.get(subject_kind="change")
        assert (comment.author, comment.audience) == (cast.cleo, "team")
        assert comment.text == "At the demo: Accept, with a note\n\nA shorter name"
        row = demo_answers.tally(demo, release.candidate.digest, list(release.changes.all()))[0]
        assert (row.accept, row.note, row.no, [one.words for one in row.words]) == (0, 1, 0, ["A shorter name"])

    def test_a_changed_mind_is_one_answer_and_one_comment(self, cast, release):
        demo = open_session(cast, release)
        says(demo, cast.cleo, "no", "The button is hidden")
        says(demo, cast.cleo, "accept")
        assert DemoAnswer.objects.get().outcome == "accept"
        assert Comment.objects.get(subject_kind="change").text == "At the demo: Accept"

    @pytest.mark.parametrize("outcome", ["no", "note"])
    def test_a_no_and_a_note_need_words(self, cast, release, outcome):
        demo = open_session(cast, release)
        with pytest.raises(ValidationError):
            says(demo, cast.cleo, outcome, "  ")

    def test_nothing_is_answered_before_it_opens_nor_after_it_closed(self, cast, release):
        demo = session(cast, release)
        invitations.invite(demo, by=cast.petra)
        with pytest.raises(NotAllowed, match="not begun"):
            says(demo, cast.cleo, "accept")
        demos.begin(demo, by=cast.petra)
        demos.close(demo, by=cast.petra)
        with pytest.raises(NotAllowed, match="closed"):
            says(demo, cast.cleo, "accept")
        assert not DemoAnswer.objects.exists()

    def test_an_answer_about_an_older_candidate_does_not_count_for_the_new_one(self, cast, release, compose):
        demo = open_session(cast, release)
        says(demo, cast.cleo, "accept")
        old = release.candidate.digest
        plan.unfreeze(release, by=cast.petra)
        changes.set_migrations(release.changes.get(), migrations="expand", by=cast.dev)
        compose(plan.freeze(release, by=cast.petra))
        type(release.candidate).objects.filter(release=release).update(staged_at=timezone.now())
        release.refresh_from_db()
        signoffs.sign_off(release, audience="managers", outcome="yes", by=cast.max)
        opinions = [demo_answers.Opinion(release.changes.get(), "accept")]
        with pytest.raises(NotAllowed, match="another one by now"):
            demo_answers.answer(invitation_of(demo, cast.cleo), opinions, digest=old)
        assert signoffs.counts(demo, release.candidate.digest) == {}
        demo_answers.answer(invitation_of(demo, cast.cleo), opinions, digest=release.candidate.digest)
        assert signoffs.counts(demo, release.candidate.digest) == {"accept": 1}

    def test_a_change_they_were_not_shown_is_not_answered_about(self, cast, release, build):
        from releases.models import Change

        demo = open_session(cast, release)
        shown = release.changes.get()
        other = Change.objects.create(
            product=cast.product, number=77, title="x", created_at=shown.created_at, waiting_since=shown.created_at
        )
        with pytest.raises(NotAllowed, match="not part"):
            demo_answers.answer(
                invitation_of(demo, cast.cleo),
                [demo_answers.Opinion(other, "accept")],
                digest=release.candidate.digest,
            )

    def test_what_accepting_customers_wrote_is_there_for_the_release_notes(self, cast, release):
        ideas.vote(idea_in(release), by=cast.carl)
        demo = open_session(cast, release)
        says(demo, cast.cleo, "note", "Now I find my list again")
        says(demo, cast.carl, "no", "It is slow")
        assert [note.words for note in demo_answers.notes_of(release)] == ["Now I find my list again"]


class TestTheGate:
    def test_the_sign_off_keeps_the_session_and_the_tally_it_followed(self, cast, release):
        demo = open_session(cast, release)
        says(demo, cast.cleo, "note", "A shorter name")
        signoff = signoffs.sign_off(release, audience="customers", outcome="yes", by=cast.petra)
        assert signoff.demo == demo
        assert events.about(release).filter(verb="signoff.customers").get().data["answers"] == {"note": 1}
        assert signoffs.has_both(release)

    def test_a_customer_answers_and_does_not_sign(self, cast, release):
        open_session(cast, release)
        for outcome in ("yes", "no"):
            with pytest.raises(NotAllowed, match="Product owner"):
                signoffs.sign_off(release, audience="customers", outcome=outcome, words="x", by=cast.cleo)
        assert not SignOff.objects.filter(audience="customers").exists()

    def test_the_host_of_their_session_signs_for_customers_not_for_managers(self, cast, release):
        signoffs.sign_off(release, audience="managers", outcome="yes", by=cast.max)
        with pytest.raises(NotAllowed):
            signoffs.sign_off(release, audience="customers", outcome="yes", by=cast.lena)
        demos.plan(release, audience="customers", starts_at=timezone.now(), by=cast.petra, host=cast.lena)
        assert signoffs.sign_off(release, audience="customers", outcome="yes", by=cast.lena).is_yes
        with pytest.raises(NotAllowed):
            signoffs.sign_off(release, audience="managers", outcome="yes", by=cast.lena)


def actions(cast, user):
    return [row.action for row in waiting_for(cast.actor(user))]


def test_the_inbox_asks_the_host_to_open_it_and_the_guests_to_try_it(cast, release):
    demo = session(cast, release)
    assert "Invite them" in actions(cast, cast.petra)
    invitations.invite(demo, by=cast.petra)
    assert actions(cast, cast.cleo) == []
    assert "Open the demo" in actions(cast, cast.petra)
    demos.begin(demo, by=cast.petra)
    assert actions(cast, cast.cleo) == ["Try it"]
    says(demo, cast.cleo, "accept")
    assert actions(cast, cast.cleo) == []
    assert "Close the demo" not in actions(cast, cast.petra)
    type(demo).objects.filter(pk=demo.pk).update(starts_at=timezone.now() - timedelta(minutes=31))
    assert "Close the demo" in actions(cast, cast.petra)
