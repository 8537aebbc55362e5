"""Which product a request belongs to, and what it knows of the person, in one statement."""

import pytest
from django.utils import timezone

from lifecycle import products
from lifecycle.models import Membership, Notification, Product, Role, User
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_product_roles_and_news_come_in_one_statement(cast: Cast, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):
        actor = products.by_slug("shop", cast.petra)
    assert (actor.product, actor.roles, actor.has_unread) == (cast.product, {Role.PRODUCT_OWNER}, False)


def test_a_visitor_has_no_roles(cast: Cast) -> None:
    actor = products.by_host("127.0.0.1", None)
    assert (actor.user, actor.roles, actor.product) == (None, frozenset(), cast.product)


def test_roles_of_another_product_do_not_count(cast: Cast) -> None:
    Product.objects.create(name="Other", slug="other")
    assert products.by_slug("other", cast.ops).roles == {Role.CUSTOMER}


def test_a_member_without_roles_is_a_customer(cast: Cast) -> None:
    Membership.objects.filter(user=cast.ops).update(roles=[])
    assert products.by_slug("shop", cast.ops).roles == {Role.CUSTOMER}


def test_news_of_another_product_or_person_ring_no_bell(cast: Cast) -> None:
    other = Product.objects.create(name="Other", slug="other")
    told(cast.cleo, other)
    told(cast.carl, cast.product)
    assert not products.by_slug("shop", cast.cleo).has_unread
    assert products.by_slug("other", cast.cleo).has_unread


def test_its_own_host_goes_before_the_default(cast: Cast) -> None:
    other = Product.objects.create(name="Other", slug="other", host="other.example")
    assert products.by_host("other.example", None).product == other
    assert products.by_host("anything.example", None).product == cast.product


def test_an_unknown_slug_or_no_product_at_all_is_said(db: None) -> None:
    with pytest.raises(Product.DoesNotExist):
        products.by_slug("nothing", None)
    with pytest.raises(Product.DoesNotExist):
        products.by_host("127.0.0.1", None)


def told(person: User, product: Product) -> None:
    now = timezone.now()
    Notification.objects.create(
        user=person, product=product, event="release.live", channel="in_app", status="sent", url="/", key="k",
        due_at=now, created_at=now,
    )  # fmt: skip
