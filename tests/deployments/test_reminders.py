"""Whose word is missing is asked once per build, reminded, and then their deputies are; nobody else."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments import approvals, chat, reminders, schedules
from deployments.models import ApprovalRequest, Deployment, ShippingTime
from environments.models import Freeze
from lifecycle.jobs import Failed
from lifecycle.models import Notification, Product, User, Work
from lifecycle.transitions import NotAllowed
from releases.models import Release, SignOff
from tests.cast import Cast
from tests.deployments.paper import Paper
from tests.deployments.strict_paper import StrictPaper
from tests.deployments.test_electorate import deputy_for

HOUR = timedelta(hours=1)


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def told(topic: str = "release.approval_needed") -> list[tuple[User, str]]:
    rows = Notification.objects.filter(event=topic, channel="email").select_related("user").order_by("id")
    return [(row.user, row.url) for row in rows]


def test_the_manager_is_asked_once_when_everything_before_is_done(paper: Paper):
    reminders.tick()
    reminders.tick()
    assert told() == [(paper.cast.max, "/releases/24.11/approve/")]
    assert ApprovalRequest.objects.get().digest == paper.release.candidate.digest


def test_before_that_nobody_is_asked(paper: Paper):
    SignOff.objects.all().delete()
    reminders.tick()
    assert told() == []


def test_another_build_asks_again(paper: Paper):
    reminders.tick()
    paper.freeze("f" * 64)
    reminders.tick()
    assert len(told()) == 2


def test_a_freeze_does_not_keep_anybody_from_being_asked(paper: Paper):
    now = timezone.now()
    Freeze.objects.create(product=paper.cast.product, reason="Sale", starts_at=now - HOUR, ends_at=now + HOUR)
    reminders.tick()
    assert [person for person, _url in told()] == [paper.cast.max]


def test_who_has_not_answered_is_reminded_and_then_the_deputy_is_asked(paper: Paper):
    now = timezone.now()
    deputy_for(paper, paper.cast.max, paper.cast.ops, ends_on=timezone.localdate() + timedelta(days=2))
    reminders.tick(at=now)
    reminders.tick(at=now + 3 * HOUR)
    assert told("release.approval_reminder") == []
    reminders.tick(at=now + 4 * HOUR)
    reminders.tick(at=now + 5 * HOUR)
    assert [person for person, _url in told("release.approval_reminder")] == [paper.cast.max]
    assert told("release.deputy_asked") == []
    for _twice in range(2):
        reminders.tick(at=now + 8 * HOUR)
    assert told("release.deputy_asked") == [(paper.cast.ops, "/releases/24.11/approve/")]


def test_who_has_answered_is_not_reminded(cast: Cast):
    paper = StrictPaper(cast)
    now = timezone.now()
    reminders.tick(at=now)
    approvals.approve(paper.release, by=cast.max)
    reminders.tick(at=now + 4 * HOUR)
    assert [person for person, _url in told("release.approval_reminder")] == [paper.mia]


def test_the_hours_are_the_products(paper: Paper):
    Product.objects.update(remind_after_hours=1)
    now = timezone.now()
    reminders.tick(at=now)
    reminders.tick(at=now + HOUR)
    assert len(told("release.approval_reminder")) == 1


def test_the_button_reminds_once_an_hour_and_not_oneself(paper: Paper):
    gate = next(gate for gate in reminders.gates.gates(paper.release) if gate.key == "approvals")
    now = timezone.now().replace(minute=10)
    for minutes in (0, 5, 60):
        reminders.remind(
            paper.release, [paper.cast.max], gate, by=paper.cast.petra, at=now + timedelta(minutes=minutes)
        )
    assert len(told("release.approval_reminder")) == 2
    with pytest.raises(NotAllowed):
        reminders.remind(paper.release, [paper.cast.max], gate, by=paper.cast.max)


# the chat


def test_the_chat_hears_of_it_once(paper: Paper, monkeypatch):
    Product.objects.update(chat_webhook="https://chat.example/hook")
    said: list[str] = []
    monkeypatch.setattr(chat, "post", lambda url, text: said.append(f"{url} {text}"))
    reminders.tick()
    reminders.tick()
    work = Work.objects.get(kind="chat")
    chat.send(type("L", (), {"row": work})())
    assert "https://chat.example/hook Release 24.11" in said[0] and said[0].endswith("/releases/24.11/approve/")


@pytest.mark.parametrize(
    "url",
    [
        "http://chat.example/x",
        "https://127.0.0.1/x",
        "https://10.1.2.3/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://localhost/x",
        "https://user@chat.example/x",
        "ftp://chat.example",
    ],
)
def test_the_chat_is_outside(url: str):
    with pytest.raises(ValidationError):
        chat.require_possible(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_that_leads_inside_is_not_spoken_to(monkeypatch, address: str):
    answer = [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", (address, 443))]
    monkeypatch.setattr(chat.socket, "getaddrinfo", lambda *args, **more: answer)
    monkeypatch.setattr(chat.socket, "create_connection", lambda *args, **more: pytest.fail("it was spoken to"))
    with pytest.raises(Failed, match="not outside this network"):
        chat.post("https://chat.example/hook", "hello")


def test_the_address_that_was_looked_at_is_the_one_spoken_to(monkeypatch):
    seen: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], timeout: float) -> None:
        seen.append(address)
        raise OSError("nobody there")

    monkeypatch.setattr(chat.socket, "getaddrinfo", lambda *args, **more: [(2, 1, 6, "", ("93.184.216.34", 443))])
    monkeypatch.setattr(chat.socket, "create_connection", connect)
    with pytest.raises(Failed, match="nobody there"):
        chat.post("https://chat.example/hook", "hello")
    assert seen == [("93.184.216.34", 443)]


# starting by itself


def approved_behind_a_freeze(paper: Paper) -> Freeze:
    now = timezone.now()
    freeze = Freeze.objects.create(product=paper.cast.product, reason="Sale", starts_at=now - HOUR, ends_at=now + HOUR)
    approvals.approve(paper.release, by=paper.cast.max)
    assert not Deployment.objects.exists()
    return freeze


def test_it_ships_by_itself_when_the_last_gate_to_open_is_not_the_approval(paper: Paper):
    freeze = approved_behind_a_freeze(paper)
    schedules.ship_complete()
    assert not Deployment.objects.exists()
    freeze.delete()
    schedules.ship_complete()
    schedules.ship_complete()
    assert Deployment.objects.get().release == paper.release


def test_at_its_time_if_one_was_chosen(paper: Paper):
    freeze = approved_behind_a_freeze(paper)
    due_at = timezone.now() + 5 * HOUR
    ShippingTime.objects.create(release=paper.release, due_at=due_at, chosen_by=paper.cast.max, chosen_at=paper.now)
    freeze.delete()
    schedules.ship_complete()
    assert Deployment.objects.get().due_at == due_at


def test_a_time_that_is_missed_ships_nothing(paper: Paper):
    freeze = approved_behind_a_freeze(paper)
    past = {"due_at": timezone.now() - 2 * HOUR, "expires_at": timezone.now() - HOUR}
    ShippingTime.objects.create(release=paper.release, chosen_by=paper.cast.max, chosen_at=paper.now, **past)
    freeze.delete()
    schedules.ship_complete()
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("status", ["cancelled", "failed", "expired"])
def test_what_went_wrong_or_was_cancelled_waits_for_a_person(paper: Paper, status: str):
    approvals.approve(paper.release, by=paper.cast.max)
    Deployment.objects.update(status=status)
    schedules.ship_complete()
    assert Deployment.objects.count() == 1


def test_without_a_yes_nothing_ships(paper: Paper):
    schedules.ship_complete()
    assert not Deployment.objects.exists()


# taking it back


def test_taking_the_word_back_cancels_what_waits(paper: Paper):
    approvals.approve(paper.release, by=paper.cast.max)
    approvals.withdraw(paper.release, by=paper.cast.max)
    assert Deployment.objects.get().status == "cancelled"
    schedules.ship_complete()
    approvals.approve(paper.release, by=paper.cast.max)
    assert Deployment.objects.filter(status="queued").count() == 1


@pytest.mark.parametrize("status", Deployment.ACTIVE)
def test_what_is_on_its_way_is_not_taken_back_by_a_word(paper: Paper, status: str):
    approvals.approve(paper.release, by=paper.cast.max)
    Deployment.objects.update(status=status)
    with pytest.raises(NotAllowed, match="on its way"):
        approvals.withdraw(paper.release, by=paper.cast.max)
    assert paper.release.approvals.get().withdrawn_at is None


def test_a_no_after_the_yes_cancels_it_too(paper: Paper):
    approvals.approve(paper.release, by=paper.cast.max)
    approvals.approve(paper.release, by=paper.cast.max, outcome="no", words="The texts.")
    assert Deployment.objects.get().status == "cancelled"
    assert Release.objects.get().is_frozen
