"""{% shoe_sizes as sizes %}: rows of European, British and American sizes."""

from django import template

from features.sizeguide.sizes import american, british

register = template.Library()


@register.simple_tag
def shoe_sizes() -> list[tuple[int, float, float]]:
    return [(size, british(size), american(size)) for size in range(36, 47)]
