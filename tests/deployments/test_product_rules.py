"""The rules of a product: presets that differ, numbers that somebody can satisfy, deputies, and who may set them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from deployments import approval_rules, approvals, product_rules, retention
from deployments.models import ApprovalRule, Deployment, Deputy
from lifecycle.models import Event, Membership, Product, Role, Work
from lifecycle.transitions import NotAllowed
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper
from tests.deployments.strict_paper import StrictPaper, member

API = "/api/v1/products/shop/"
KEPT = {"artefacts_kept": 5, "logs_kept_days": 90, "samples_kept_days": 35}
USUAL = {"preset": "small", "customers_demo_required": "on", "remind_after_hours": 4, "chat_webhook": ""}


@pytest.fixture
def paper(cast: Cast) -> Paper:
    return Paper(cast)


def keep(cast: Cast, **facts: Any) -> None:
    usual = {**USUAL, "customers_demo_required": True, "rule": {}, "by": cast.ops}
    product_rules.set_rules(cast.product, **(usual | facts))
    cast.product.refresh_from_db()


def test_the_presets_ask_for_different_things() -> None:
    asks = {preset: sum(rule.values()) for preset, rule in approval_rules.PRESETS.items()}
    assert asks == {"solo": 1, "small": 1, "strict": 2}


def test_more_roles_are_asked_and_one_person_counts_once(paper: Paper) -> None:
    both = member(paper.cast.product, "bo", Role.MANAGER, Role.DEVOPS)
    keep(paper.cast, rule={"manager": 1, "devops": 1})
    paper.release.product = paper.cast.product
    approvals.approve(paper.release, by=both)
    assert not Deployment.objects.exists()
    assert paper.cast.max not in approvals.who_can_approve(paper.release), "the manager's word is there"
    approvals.approve(paper.release, by=paper.cast.ops)
    assert Deployment.objects.exists()


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"rule": {"manager": 2}}, "Needed: 2 different people"),
        ({"preset": "strict"}, "Needed: 2 different people"),
        ({"rule": {"customer": 1}}, "is not asked"),
        ({"rule": {"manager": 10}}, "Choose between"),
        ({"chat_webhook": "https://10.0.0.1/x"}, "outside this network"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(paper: Paper, facts: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        keep(paper.cast, **facts)
    assert not ApprovalRule.objects.exists() and Product.objects.get().preset == "small"


def put(client: Client, **sent: Any) -> Any:
    return client.put(API + "retention/", sent, content_type="application/json")


def test_how_much_is_kept_is_said_on_the_page_and_by_api(cast: Cast, sign_in: SignIn) -> None:
    ops, dev = sign_in(cast.ops), sign_in(cast.dev)
    assert dev.get(API + "retention/").json() == KEPT
    assert ops.post("/settings/kept/", KEPT | {"artefacts_kept": "9", "logs_kept_days": "30"}).status_code == 302
    page = ops.get("/settings/").content.decode()
    assert 'value="9"' in page and 'value="30"' in page and 'value="35"' in page
    assert "the last 9 of each environment" in ops.get("/system/").content.decode()
    answer = put(ops, artefacts_kept=12)
    assert (answer.status_code, answer.json()) == (200, KEPT | {"artefacts_kept": 12, "logs_kept_days": 30})
    assert put(ops, samples_kept_days=2, logs_kept_days=3650).json()["artefacts_kept"] == 12, "what is not sent stays"
    assert Product.objects.values(*KEPT).get() == {
        "artefacts_kept": 12,
        "logs_kept_days": 3650,
        "samples_kept_days": 2,
    }


def test_what_was_kept_before_and_after_is_on_record_once(cast: Cast, sign_in: SignIn) -> None:
    ops = sign_in(cast.ops)
    for sent in ({"artefacts_kept": 9}, {"artefacts_kept": 9, "logs_kept_days": 30}, {"logs_kept_days": 30}):
        assert put(ops, **sent).status_code == 200
    said = Event.objects.filter(verb="product.retention_set").order_by("id")
    assert [row.data for row in said] == [
        {"before": {"artefacts_kept": 5}, "after": {"artefacts_kept": 9}},
        {"before": {"logs_kept_days": 90}, "after": {"logs_kept_days": 30}},
    ], "no third one"


@pytest.mark.parametrize("number", ["1", "3651", "0", "-2", "", "five", "2.5", "9" * 30])
@pytest.mark.parametrize("name", KEPT)
def test_a_number_that_cannot_be_kept_is_refused_by_name(cast: Cast, sign_in: SignIn, name: str, number: str) -> None:
    ops = sign_in(cast.ops)
    page = ops.post("/settings/kept/", KEPT | {name: number})
    assert page.status_code == 422 and f'href="#id_{name}"' in page.content.decode()
    answer = put(ops, **{name: number})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [name])
    assert Product.objects.values(*KEPT).get() == KEPT


def test_to_send_nothing_is_refused_with_the_names(cast: Cast, sign_in: SignIn) -> None:
    for sent in ({}, {"log_kept_days": 30}):
        answer = put(sign_in(cast.ops), **sent)
        assert answer.status_code == 422 and all(name in str(answer.json()["errors"]) for name in KEPT)


@pytest.mark.parametrize(("name", "numbers"), [(name, numbers) for name, numbers in retention.BOUNDS.items()])
def test_neither_the_use_case_nor_the_database_keeps_too_few(cast: Cast, name: str, numbers: tuple[int, int]) -> None:
    fewest, most = numbers
    for number in (fewest - 1, most + 1):
        with pytest.raises(ValidationError, match=f"between {fewest} and {most}") as refused:
            retention.set_kept(cast.product, **{name: number}, by=cast.ops)
        assert list(refused.value.message_dict) == [name]
        with pytest.raises(IntegrityError), transaction.atomic():
            Product.objects.update(**{name: number})
    for number in numbers:
        retention.set_kept(cast.product, **{name: number}, by=cast.ops)
        assert Product.objects.values_list(name, flat=True).get() == number


def test_only_devops_say_how_much_is_kept(cast: Cast, sign_in: SignIn) -> None:
    for person in (cast.dev, cast.max, cast.cleo):
        client = sign_in(person)
        assert client.post("/settings/kept/", KEPT | {"logs_kept_days": "9"}).status_code == 403
        assert put(client, logs_kept_days=9).status_code == 403
        assert client.post(API + "retention/prune/").status_code == 403
    assert sign_in(cast.cleo).get(API + "retention/").status_code == 403
    assert Product.objects.values(*KEPT).get() == KEPT


def test_the_rest_is_removed_by_the_api_too(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.ops).post(API + "retention/prune/").status_code == 202
    assert Work.objects.filter(kind="prune_artefacts", status=Work.Status.QUEUED).count() == 1


def test_two_roles_of_one_person_are_not_two_people(paper: Paper) -> None:
    Membership.objects.filter(user=paper.cast.ops).update(roles=["devops"])
    Membership.objects.filter(user=paper.cast.max).update(roles=["manager", "tester"])
    Membership.objects.filter(user=paper.cast.tess).update(roles=["developer"])
    with pytest.raises(ValidationError, match="Needed: 2 different people"):
        keep(paper.cast, rule={"manager": 1, "tester": 1})


def test_in_a_strict_product_the_builders_of_the_frozen_release_do_not_make_up_the_number(cast: Cast) -> None:
    paper = StrictPaper(cast)
    member(cast.product, "ann", Role.MANAGER)
    keep(cast, preset="strict", rule={"manager": 3})
    paper.wrote("mia@northwind.test")
    with pytest.raises(ValidationError, match="For release 24.11"):
        keep(cast, preset="strict", rule={"manager": 3})


def test_who_has_a_hand_in_the_frozen_release_does_not_loosen_the_rule(cast: Cast) -> None:
    paper = StrictPaper(cast)
    paper.wrote("ops@northwind.test")
    with pytest.raises(NotAllowed, match="somebody else sets them"):
        keep(cast, preset="small")
    assert Product.objects.get().preset == "strict"


def test_what_was_changed_is_on_record(paper: Paper) -> None:
    keep(paper.cast, rule={"product_owner": 1})
    data = Event.objects.get(verb="product.rules_set").data
    assert (data["before"]["rule"], data["after"]["rule"]) == ({"manager": 1}, {"product_owner": 1})


# the screen


def test_devops_set_the_rules_on_the_screen(paper: Paper, sign_in: SignIn) -> None:
    client = sign_in(paper.cast.ops)
    assert "Who can approve now" in client.get("/settings/").content.decode()
    answer = client.post("/settings/", {**USUAL, "minimum_manager": 1, "minimum_tester": 1})
    assert answer.status_code == 302
    assert approval_rules.rule_of(Product.objects.get()) == {"manager": 1, "tester": 1}
    refused = client.post("/settings/", {**USUAL, "minimum_manager": 5})
    assert refused.status_code == 422 and "who could say yes: 1" in refused.content.decode()
    assert sign_in(paper.cast.max).get("/settings/").status_code == 403


def test_a_deputy_is_chosen_and_taken_back(paper: Paper, sign_in: SignIn) -> None:
    client, today = sign_in(paper.cast.ops), timezone.localdate()
    wish = {"person": paper.cast.max.pk, "deputy": paper.cast.lena.pk, "role": "manager"}
    days = {"starts_on": str(today), "ends_on": str(today + timedelta(days=3))}
    assert client.post("/settings/deputies/", wish | days).status_code == 302
    assert paper.cast.lena in approvals.who_can_approve(paper.release)
    assert client.post(f"/settings/deputies/{Deputy.objects.get().pk}/remove/").status_code == 302
    assert paper.cast.lena not in approvals.who_can_approve(paper.release)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"person": "lena"}, "does not have this role"),
        ({"deputy": "max"}, "Choose somebody else"),
        ({"starts_on": 3, "ends_on": 1}, "must not be before"),
        ({"starts_on": -3, "ends_on": -1}, "has passed"),
    ],
)
def test_a_deputy_who_cannot_be_one_is_refused(paper: Paper, sign_in: SignIn, change: dict[str, Any], why: str) -> None:
    today = timezone.localdate()
    wish = {"person": "max", "deputy": "lena", "starts_on": 0, "ends_on": 3} | change
    people = {name: getattr(paper.cast, wish[name]).pk for name in ("person", "deputy")}
    days = {name: str(today + timedelta(days=wish[name])) for name in ("starts_on", "ends_on")}
    answer = sign_in(paper.cast.ops).post("/settings/deputies/", {"role": "manager", **people, **days})
    assert answer.status_code == 422 and why in answer.content.decode()


# the API


def test_the_api_has_the_same(paper: Paper, sign_in: SignIn) -> None:
    client = sign_in(paper.cast.ops)
    rules = {"preset": "small", "rule": {"manager": 1}, "customers_demo_required": True, "remind_after_hours": 2}
    kept = client.put(f"{API}approval-rules/", rules, content_type="application/json")
    assert kept.status_code == 200 and kept.json() == rules == client.get(f"{API}approval-rules/").json()
    refused = client.put(f"{API}approval-rules/", {**rules, "rule": {"manager": 4}}, content_type="application/json")
    assert refused.status_code == 422 and "Needed: 4" in str(refused.json())
    today = str(timezone.localdate())
    wish = {"person": "max@northwind.test", "deputy": "lena@northwind.test", "role": "manager"}
    days = {"starts_on": today, "ends_on": today}
    made = client.post(f"{API}deputies/", wish | days, content_type="application/json")
    assert made.status_code == 201 and made.json() == client.get(f"{API}deputies/").json()[0]
    able = client.get(f"{API}releases/24.11/who-can-approve/").json()
    assert {one["name"] for one in able["people"]} == {"Max", "Lena"}
    assert client.delete(f"{API}deputies/{made.json()['id']}/").status_code == 204


def test_the_api_takes_a_word_back_and_breaks_the_glass(paper: Paper, sign_in: SignIn) -> None:
    client = sign_in(paper.cast.max)
    assert client.post(f"{API}releases/24.11/approve/", {}, content_type="application/json").status_code == 201
    assert paper.release.approvals.get().via == "api"
    assert client.post(f"{API}releases/24.11/withdraw/").status_code == 204
    assert Deployment.objects.get().status == "cancelled"
    glass = client.post(f"{API}releases/24.11/break-glass/", {"reason": "Now."}, content_type="application/json")
    assert glass.status_code == 201 and glass.json()["is_broken"] is True
    assert client.get(f"{API}releases/24.11/break-glass/").json()[0]["reason"] == "Now."
    dev = sign_in(paper.cast.dev)
    assert dev.post(f"{API}releases/24.11/break-glass/", {}, content_type="application/json").status_code == 403
