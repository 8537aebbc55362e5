"""A release on paper in a strict product: two managers without a hand in it, and everything open but their words."""

from datetime import timedelta

from django.utils import timezone

from deployments.models import ApprovalRule
from environments.models import Environment
from lifecycle.models import Membership, Product, Role, User
from releases.models import RevisionPerson, SignOff
from tests.cast import Cast
from tests.deployments.paper import Paper


class StrictPaper(Paper):
    """Max and Mia manage; Petra planned it, Dev builds it, Cleo saw it for the customers."""

    def __init__(self, cast: Cast) -> None:
        self.mia = member(cast.product, "mia", Role.MANAGER)
        super().__init__(cast)
        Product.objects.update(preset=Product.Preset.STRICT)
        cast.product.refresh_from_db()
        self.release.product = cast.product
        for place in self.environments.values():
            place.product = cast.product
        SignOff.objects.filter(audience="customers").update(by=cast.cleo)

    def one_is_enough(self) -> None:
        ApprovalRule.objects.create(product=self.cast.product, role=Role.MANAGER, minimum=1)

    def wrote(self, email: str, role: str = "author", user: User | None = None) -> RevisionPerson:
        facts = {"email": email, "name": "Somebody", "role": role, "user": user}
        return RevisionPerson.objects.create(revision=self.change.revision, **facts)

    def configure(self) -> None:
        """Production gets another configuration than the one that was approved."""
        Environment.objects.filter(pk=self.production.pk).update(config_version=self.production.config_version + 1)
        self.production.refresh_from_db()


def member(product: Product, name: str, *roles: str) -> User:
    """Somebody of the team who was there before the release was frozen."""
    user = User.objects.create_user(f"{name}@northwind.test", name=name.title())
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - timedelta(days=30))
    Membership.objects.create(user=user, product=product, roles=list(roles))
    return User.objects.get(pk=user.pk)
