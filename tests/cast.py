"""The cast: the same people in tests, in the demo and in the pictures."""

from dataclasses import dataclass

from lifecycle.models import Membership, Product, Role, User
from lifecycle.roles import Actor, actor_for

PEOPLE = {
    "cleo": ("Cleo", [Role.CUSTOMER]),
    "carl": ("Carl", [Role.CUSTOMER]),
    "dev": ("Dev", [Role.DEVELOPER]),
    "lena": ("Lena", [Role.TEAM_LEAD]),
    "petra": ("Petra", [Role.PRODUCT_OWNER]),
    "tess": ("Tess", [Role.TESTER]),
    "max": ("Max", [Role.MANAGER]),
    "ops": ("Ops", [Role.DEVOPS]),
}


@dataclass
class Cast:
    """Everybody, by name, in one product."""

    product: Product
    cleo: User
    carl: User
    dev: User
    lena: User
    petra: User
    tess: User
    max: User
    ops: User

    def actor(self, user: User | None) -> Actor:
        return actor_for(user, self.product) if user else Actor(None, self.product)


def assemble(product: Product) -> Cast:
    """Create the cast as members of `product`."""
    users = {}
    for key, (name, roles) in PEOPLE.items():
        users[key] = User.objects.create_user(f"{key}@northwind.test", name=name)
        Membership.objects.create(user=users[key], product=product, roles=roles)
    return Cast(product=product, **users)
