"""Settings, all from the environment; the defaults are for a laptop.

DATA_DIR     folder of the database, its backups and the signing key
RELEASE      what runs here, as shown in the footer and at /health
ENVIRONMENT  production, or a test environment's name: then a banner is shown
SHOP_BANNER  replaces the text of that banner, and shows one in production too
ACCESS_KEY   a test shop that has one opens only with a token made with it (features/preview)
SHOP_HOSTS   further host names the shop answers to, separated by commas
"""

import os
from pathlib import Path

from shop.features import discover, discover_middleware
from shop.secret import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
FEATURES_DIR = BASE_DIR / "features"
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var")
DATA_DIR.mkdir(parents=True, exist_ok=True)

RELEASE = os.environ.get("RELEASE") or "working copy"
ENVIRONMENT = os.environ.get("ENVIRONMENT") or "local"
IS_PRODUCTION = ENVIRONMENT == "production"
ACCESS_KEY = "" if IS_PRODUCTION else os.environ.get("ACCESS_KEY", "")
TEST_BANNER = f"Test shop ({ENVIRONMENT}): nothing you order is delivered"
SHOP_BANNER = os.environ.get("SHOP_BANNER") or ("" if IS_PRODUCTION else TEST_BANNER)

DEBUG = os.environ.get("DEBUG") == "1"
SECRET_KEY = secret_key(DATA_DIR)
ALLOWED_HOSTS = ["127.0.0.1", "localhost", *filter(None, os.environ.get("SHOP_HOSTS", "").split(","))]

INSTALLED_APPS = ["django.contrib.messages", "django.contrib.staticfiles", *discover(FEATURES_DIR)]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    *discover_middleware(FEATURES_DIR),
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "shop.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "shop" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["shop.template_tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "shop.context.about_this_shop",
            ],
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "shop.sqlite3",
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            "timeout": 5,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Browsers share cookies between ports of one host, so each environment has cookies of its own.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = f"shop_{ENVIRONMENT}_session"
CSRF_COOKIE_NAME = f"shop_{ENVIRONMENT}_csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "shop" / "static"]
WHITENOISE_USE_FINDERS = True

LANGUAGE_CODE = "en-gb"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "ERROR"}, "django.security.csrf": {"level": "ERROR"}},
}
