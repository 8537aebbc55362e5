"""The cast of the demo and of the tests."""

from lifecycle.models import Membership, Product, Role, User

CAST: dict[str, tuple[str, list[Role], str]] = {
    "cleo": ("Cleo", [Role.CUSTOMER], "en"),
    "carl": ("Carl", [Role.CUSTOMER], "en"),
    "dev": ("Dev", [Role.DEVELOPER], "en"),
    "lena": ("Lena", [Role.TEAM_LEAD], "en"),
    "petra": ("Petra", [Role.PRODUCT_OWNER], "en"),
    "tess": ("Tess", [Role.TESTER], "en"),
    "max": ("Max", [Role.MANAGER], "en"),
    "ops": ("Ops", [Role.DEVOPS], "en"),
}
DOMAIN = "northwind.test"


def assemble(product: Product) -> dict[str, User]:
    """Create the cast as members of `product`, by key."""
    people = {}
    for key, (name, roles, language) in CAST.items():
        people[key] = User.objects.create_user(f"{key}@{DOMAIN}", name=name, language=language)
        Membership.objects.create(user=people[key], product=product, roles=roles)
    return people


def crowd(product: Product, size: int) -> list[User]:
    """`size` more customers without names, so that votes differ; they cannot sign in."""
    users = [User(email=f"customer-{n}@{DOMAIN}", name="", password="!") for n in range(1, size + 1)]
    User.objects.bulk_create(users)
    Membership.objects.bulk_create([Membership(user=user, product=product, roles=[Role.CUSTOMER]) for user in users])
    return users
