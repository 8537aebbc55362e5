"""Make one's own product: `manage.py setup_product shop "My shop" REPOSITORY --admin me@example.org`.

Creates the product with dev, staging and production, connects the repository, records the head of its main branch as
what runs today (candidate 0) and makes the person its administrator. With --deploy that head is also deployed to all
three environments. Run it again with another slug for a second product.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from deployments import services as deployments
from environments import repositories
from environments.models import Branch, Environment
from lifecycle.models import Membership, Product, Role, User
from lifecycle.story.seed import ENVIRONMENTS
from releases import candidates
from releases.models import Candidate


def port_for(product: Product, slug: str, position: int) -> int:
    """The launcher's port for the first product; ten of their own for each further one."""
    chosen = settings.SHOP_PORTS.get(slug) if product.is_default else None
    return chosen or 9100 + 10 * product.pk + position


class Command(BaseCommand):
    help = "Create a product with three environments and connect its repository."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("slug", help="short name, part of addresses")
        parser.add_argument("name")
        parser.add_argument("repository", help="address that git can fetch and push")
        parser.add_argument("--admin", required=True, help="e-mail of the first person; has every role")
        parser.add_argument("--main", default="main", help="name of the main branch")
        parser.add_argument("--deploy", action="store_true", help="deploy the main branch everywhere now")

    def handle(self, *args: Any, **options: Any) -> None:
        if Product.objects.filter(slug=options["slug"]).exists():
            raise CommandError(f"There is a product “{options['slug']}” already.")
        with transaction.atomic():
            admin, product = self.create(**options)
            self.connect(product, admin, options)
            adopted = self.adopt(product, admin, options["main"])
            if options["deploy"]:
                for environment in product.environments.all():
                    deployments.request(environment, adopted, by=admin, reason="First deployment")
        self.stdout.write(f"{product} is set up. Sign in as {admin.email} by e-mail code, or set a password with")
        self.stdout.write(f'make manage ARGS="changepassword {admin.email}"')

    def create(self, *, slug: str, name: str, admin: str, **_options: Any) -> tuple[User, Product]:
        product = Product.objects.create(slug=slug, name=name, is_default=not Product.objects.exists())
        user = User.objects.filter(email__iexact=admin).first() or User.objects.create_user(admin)
        User.objects.filter(pk=user.pk).update(is_admin=True)
        Membership.objects.create(user=user, product=product, roles=[role.value for role in Role])
        for position, (key, label, kind) in enumerate(ENVIRONMENTS):
            port = port_for(product, key, position)
            Environment.objects.create(
                product=product,
                slug=key,
                name=label,
                kind=kind,
                position=position,
                driver_settings={"port": port},
                url=f"http://127.0.0.1:{port}",
                sends_mail=kind == Environment.Kind.PRODUCTION,
                takes_payments=kind == Environment.Kind.PRODUCTION,
            )
        return user, product

    def connect(self, product: Product, admin: User, options: dict[str, Any]) -> None:
        try:
            repository = repositories.connect(product, options["repository"], by=admin, main_branch=options["main"])
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        if repository.fetch_error:
            raise CommandError(f"The repository does not answer: {repository.fetch_error}")

    def adopt(self, product: Product, admin: User, main: str) -> Candidate:
        head = Branch.objects.filter(repository__product=product, name=main).first()
        if head is None:
            raise CommandError(f"The repository has no branch “{main}”; name another with --main.")
        return candidates.adopt(product, sha=head.sha, by=admin)
