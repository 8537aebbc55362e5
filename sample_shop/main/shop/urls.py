"""The routes of all features."""

from shop.features import url_patterns

urlpatterns = url_patterns()
