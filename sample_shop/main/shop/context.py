"""What every page knows about the running shop."""

from django.conf import settings
from django.http import HttpRequest


def about_this_shop(request: HttpRequest) -> dict[str, object]:
    """Release and environment for the footer, and the banner of a test shop ("" for none)."""
    return {
        "release": settings.RELEASE,
        "environment": settings.ENVIRONMENT,
        "is_production": settings.IS_PRODUCTION,
        "banner": settings.SHOP_BANNER,
    }
