"""Settings, all of them from the environment; `make run` fills it in (lifecycle/embedded)."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from lifecycle import schedule
from lifecycle.embedded import services

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("LIFECYCLE_VAR", BASE_DIR / "var")).resolve()
DEMO = os.environ.get("LIFECYCLE_DEMO") == "1"
DEBUG = False


def required(name: str) -> str:
    """The environment variable `name`; ImproperlyConfigured names it and the way out."""
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. `make run` sets it; a server takes it from its environment.")
    return value


def database(url: str) -> dict[str, object]:
    """Django's database settings from `postgresql://user:password@host:port/name`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"DATABASE_URL must start with postgresql://, not {parts.scheme or 'nothing'}://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY = required("SECRET_KEY")
SECRET_KEYS = [key for key in os.environ.get("LIFECYCLE_SECRET_KEYS", "").split(",") if key]
DATABASES = {"default": database(required("DATABASE_URL"))}
REDIS_URL = required("REDIS_URL")
PUBLIC_URL = os.environ.get("LIFECYCLE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "lifecycle",
    "ideas",
    "environments",
    "releases",
    "deployments",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lifecycle.middleware.security_headers",
    "lifecycle.middleware.live_log",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lifecycle.middleware.product",
    "lifecycle.middleware.language_and_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "lifecycle.middleware.Access",
    "lifecycle.middleware.DomainErrors",
]

ROOT_URLCONF = "lifecycle.urls"
WSGI_APPLICATION = "lifecycle.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lifecycle.navigation.context",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

AUTH_USER_MODEL = "lifecycle.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "start"
LOGOUT_REDIRECT_URL = "start"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_FORMS = {
    "login": "lifecycle.account_forms.PasswordSignInForm",
    "request_login_code": "lifecycle.account_forms.SendCodeForm",
}
ACCOUNT_ADAPTER = "lifecycle.accounts.AccountAdapter"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(os.environ.get("LIFECYCLE_STATIC", VAR / "static"))
WHITENOISE_MANIFEST_STRICT = False
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR / "media"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL.rsplit("/", 1)[0] + "/1",
        "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
    }
}

# What one process of a product's tests may use at most.
CHECK_MEMORY_BYTES = int(os.environ.get("LIFECYCLE_CHECK_MEMORY_MB", "8192")) << 20
CHECK_FILE_BYTES = int(os.environ.get("LIFECYCLE_CHECK_FILE_MB", "4096")) << 20

# Certificates of a company's own authority, for git over https (a PEM file).
GIT_CA_FILE = os.environ.get("LIFECYCLE_GIT_CA", "")

# Of so many releases, the newest first, it is worked out beforehand what undoing each of their changes would do.
UNDO_AHEAD_RELEASES = int(os.environ.get("LIFECYCLE_UNDO_AHEAD_RELEASES", "5"))

# Leases: seconds on the database's clock (DESIGN "Jobs and deployments"). LIFECYCLE_TEMPO divides them in tests.
TEMPO = float(os.environ.get("LIFECYCLE_TEMPO", "1"))
LEASE_SECONDS = 15 / TEMPO
BEAT_SECONDS = 4 / TEMPO
OWN_CLOCK_SECONDS = 11 / TEMPO
SCAN_SECONDS = 5 / TEMPO
RING_AGAIN_SECONDS = 8 / TEMPO  # what was rung for and not taken: with the scan, a lost ring costs 15 s at most
# A worker that is asked to stop ends what runs after HAND_OVER_SECONDS, so that another one takes it up at once.
HAND_OVER_SECONDS = 20 / TEMPO
HAND_OVER_LATE_SECONDS = 24 / TEMPO
LAST_SECONDS = 30 / TEMPO
MAX_ATTEMPTS = 3
DEPLOY_SLOTS = int(os.environ.get("LIFECYCLE_DEPLOY_SLOTS") or services.DEPLOY_SLOTS)
# A process that freezes within a transaction keeps its locks no longer than its lease: the server ends its session.
TRANSACTION_SECONDS = float(os.environ.get("LIFECYCLE_TRANSACTION_SECONDS", LEASE_SECONDS))
DATABASES["default"]["OPTIONS"] = {
    "application_name": "lifecycle",
    "options": f"-c idle_in_transaction_session_timeout={TRANSACTION_SECONDS * 1000:.0f}",
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 0.5,
    "socket_keepalive": True,
    "health_check_interval": 10,  # a connection that died silently is noticed, and the worker hears again
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker outlives every outage; by default it gives up after 100 tries
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False  # what runs needs no broker
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.1}
CELERY_DB_REUSE_MAX = 1_000_000_000  # tasks; by default Celery connects anew for each (celery.renew_connections)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ROUTES = schedule.ROUTES
CELERY_BEAT_SCHEDULE = schedule.beat(scan_seconds=SCAN_SECONDS, demo=DEMO)
if DEMO:
    CELERY_IMPORTS = ["lifecycle.story.tasks"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "lifecycle.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["lifecycle.roles_api.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "lifecycle.problems.handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lifecycle",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "Role": "lifecycle.models.Role",
        "ReviewStatus": "ideas.models.ReviewSession.Status",
        "DecisionOutcome": "ideas.models.Decision.Outcome",
        "VerdictOutcome": "releases.models.Verdict.Outcome",
        "SignOffOutcome": "releases.models.SignOff.Outcome",
        "ReleaseStatus": "releases.models.Release.Status",
        "ChangeStatus": "releases.models.Change.Status",
        "CandidateStatus": "releases.models.Candidate.Status",
        "CheckStatus": "releases.models.Check.Status",
        "DeploymentStatus": "deployments.models.Deployment.Status",
        "DeploymentKind": "deployments.models.Deployment.Kind",
        "EnvironmentKind": "environments.models.Environment.Kind",
        "LockKind": "environments.models.Lock.Kind",
        "ReleaseKind": "releases.models.Release.Kind",
        "IdeaKind": "ideas.models.Idea.Kind",
    },
}

EMAIL_BACKEND = os.environ.get(
    "EMAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("EMAIL_HOST")
    else "django.core.mail.backends.filebased.EmailBackend",
)
EMAIL_FILE_PATH = VAR / "mail"
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_TIMEOUT = 10
EMAIL_USE_TLS = os.environ.get("EMAIL_USE_TLS") == "1"
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Lifecycle <lifecycle@localhost>")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"secret_addresses": {"()": "lifecycle.secret_addresses.Mask"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["secret_addresses"]},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
}

# The ports of the environments that the keeper serves on this machine: LIFECYCLE_SHOP_PORTS="dev=9101,staging=9102".
SHOP_PORTS = {
    name: int(port)
    for name, _equals, port in (pair.partition("=") for pair in os.environ.get("LIFECYCLE_SHOP_PORTS", "").split(","))
    if port
}
