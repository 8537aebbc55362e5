"""Tags every template has without loading them."""

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from shop.features import slot_templates

register = template.Library()


@register.simple_tag(takes_context=True)
def slot(context: Context, name: str) -> SafeString:
    """What the features show at this place, each with the page's own context."""
    engine = context.template.engine
    with context.push():
        parts = [engine.get_template(found).render(context) for found in slot_templates(name)]
    # Every part is the output of an escaping template.
    return mark_safe("".join(parts))


@register.filter
def money(cents: int) -> str:
    """2490 → €24.90"""
    return f"€{cents // 100:,}.{cents % 100:02d}"
