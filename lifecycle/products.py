"""Which product a request belongs to and who asks there: one statement for product, roles and unread news.

It stands in front of every page, so it is written as SQL: building the same query anew costs more than running it.
"""

from collections.abc import Iterable
from typing import Any

from lifecycle.models import Product, Role, User
from lifecycle.roles import Actor

SEEN = """
SELECT p.*, m.roles AS my_roles, EXISTS (
    SELECT 1 FROM lifecycle_notification n
    WHERE n.user_id = %(user)s AND n.product_id = p.id AND n.channel = 'in_app' AND n.status = 'sent'
) AS has_unread, (
    SELECT s.reason FROM environments_emergencystop s WHERE s.product_id = p.id AND s.lifted_at IS NULL
) AS stop_reason
FROM lifecycle_product p LEFT JOIN lifecycle_membership m ON m.product_id = p.id AND m.user_id = %(user)s
"""
BY_SLUG = SEEN + "WHERE p.slug = %(name)s"
BY_HOST = SEEN + "WHERE (p.host = %(name)s AND p.host <> '') OR p.is_default ORDER BY p.is_default LIMIT 1"


def by_slug(slug: str, user: User | None) -> Actor:
    """`user` in the product called `slug`; Product.DoesNotExist if there is none."""
    return asking(seen(BY_SLUG, slug, user), user)


def by_host(host: str, user: User | None) -> Actor:
    """`user` in the product of this host name, else in the default one; Product.DoesNotExist without either."""
    return asking(seen(BY_HOST, host, user), user)


def seen(statement: str, name: str, user: User | None) -> Iterable[Any]:
    """The product, with `my_roles` and `has_unread` of this person, and `stop_reason` while all is stopped."""
    return Product.objects.raw(statement, {"name": name, "user": user.pk if user else None})


def asking(found: Iterable[Any], user: User | None) -> Actor:
    """The actor; somebody who signed in but is no member is a customer."""
    product = next(iter(found), None)
    if product is None:
        raise Product.DoesNotExist
    if user is None:
        return Actor(None, product)
    roles = frozenset(product.my_roles or [Role.CUSTOMER])
    return Actor(user, product, roles, has_unread=product.has_unread, stop_reason=product.stop_reason or "")
