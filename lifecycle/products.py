"""Which product a request belongs to and who asks there: one statement for product, roles and unread news."""

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from lifecycle.models import Membership, Notification, Product, Role, User
from lifecycle.models.messages import Channel
from lifecycle.roles import Actor


def by_slug(slug: str, user: User | None) -> Actor:
    """`user` in the product called `slug`; Product.DoesNotExist if there is none."""
    return asking(seen_by(user).get(slug=slug), user)


def by_host(host: str, user: User | None) -> Actor:
    """`user` in the product of this host name, else in the default one; Product.DoesNotExist without either."""
    candidates = list(seen_by(user).filter(Q(host=host) | Q(is_default=True)))
    if not candidates:
        raise Product.DoesNotExist
    return asking(max(candidates, key=lambda product: product.host == host), user)


def seen_by(user: User | None) -> QuerySet[Product]:
    """Products, each with `my_roles` and `has_unread` of this person."""
    if user is None:
        return Product.objects.all()
    here = {"user": user.pk, "product": OuterRef("pk")}
    unread = Notification.objects.filter(**here, channel=Channel.IN_APP, status=Notification.Status.SENT)
    return Product.objects.annotate(
        my_roles=Subquery(Membership.objects.filter(**here).values("roles")), has_unread=Exists(unread)
    )


def asking(product: Product, user: User | None) -> Actor:
    """The actor; somebody who signed in but is no member is a customer."""
    if user is None:
        return Actor(None, product)
    return Actor(user, product, frozenset(product.my_roles or [Role.CUSTOMER]), has_unread=product.has_unread)
