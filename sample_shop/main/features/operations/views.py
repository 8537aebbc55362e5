"""Is this release well?"""

import logging

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse

from features.catalogue.models import Product

logger = logging.getLogger(__name__)


def health(request: HttpRequest) -> JsonResponse:
    """200 if the release can read its catalogue, else 503."""
    database = _database()
    facts = {
        "status": database,
        "release": settings.RELEASE,
        "environment": settings.ENVIRONMENT,
        "database": database,
    }
    return JsonResponse(facts, status=200 if database == "ok" else 503)


def _database() -> str:
    try:
        Product.objects.exists()
    except DatabaseError:
        logger.exception("The catalogue cannot be read")
        return "error"
    return "ok"
