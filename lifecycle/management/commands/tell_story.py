"""Tell the demo's story with the running workers: `manage.py tell_story`. It goes on where it was interrupted."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lifecycle.models import Product, User
from lifecycle.story.moving import follow_ports
from lifecycle.story.people import DOMAIN
from lifecycle.story.telling import StoryStuck, is_told, tell


class Command(BaseCommand):
    help = "Bring the demo's three releases as far as the story goes; workers and keeper must run."

    def handle(self, *args: Any, **options: Any) -> None:
        product = Product.objects.get(is_default=True)
        for place in follow_ports(product, by=User.objects.get(email=f"ops@{DOMAIN}")):
            self.stdout.write(f"{place.slug} moves to {place.url}")
        if is_told(product):
            return
        try:
            tell(product, say=self.stdout.write)
        except StoryStuck as error:
            raise CommandError(str(error)) from error
