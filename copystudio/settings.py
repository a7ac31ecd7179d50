"""All settings, read once from the environment. The table of variables stands in README.md."""

from __future__ import annotations

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from copystudio.beat import schedule
from copystudio.embedded.places import places
from copystudio.env import Env
from copystudio.model_server import model_server

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.folder("STUDIO_VAR", BASE_DIR / "var")
EMBEDDED = places(VAR_DIR)  # where `make run` has its own servers

# Which machine this is: "local" is one machine on its own (make run), "production" is strict.
STAGE = env.choice("STUDIO_STAGE", "local", {"local", "production", "test"})
PRODUCTION = STAGE == "production"
DEBUG = env.boolean("STUDIO_DEBUG", False)

DEFAULT_SECRET = "local-only-" + "0" * 50


def secret_key() -> str:
    """The key itself, or the one kept in ``STUDIO_SECRET_KEY_FILE`` (made by ``make run``)."""
    value = env.text("STUDIO_SECRET_KEY")
    kept = VAR_DIR / "secret_key"
    file = env.text("STUDIO_SECRET_KEY_FILE") or (str(kept) if STAGE == "local" and kept.is_file() else "")
    if not value and file:
        try:
            value = Path(file).read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise ImproperlyConfigured(f"STUDIO_SECRET_KEY_FILE cannot be read: {error}.") from None
    return value or DEFAULT_SECRET


SECRET_KEY = secret_key()
ALLOWED_HOSTS = env.words("STUDIO_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("STUDIO_TRUSTED_ORIGINS", [])
PUBLIC_URL = env.url("STUDIO_PUBLIC_URL", "http://localhost:8000", {"http", "https"})
HTTPS = PUBLIC_URL.startswith("https://")
TRUSTED_PROXIES = env.integer("STUDIO_TRUSTED_PROXIES", 0, least=0, most=5)

if PRODUCTION:
    if SECRET_KEY == DEFAULT_SECRET or len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10:
        raise ImproperlyConfigured("In production set STUDIO_SECRET_KEY to 50 or more random characters.")
    if DEBUG:
        raise ImproperlyConfigured("In production STUDIO_DEBUG must be off.")
    if not env.words("STUDIO_ALLOWED_HOSTS", []) or any(host.startswith(("*", ".")) for host in ALLOWED_HOSTS):
        raise ImproperlyConfigured("In production name the hosts in STUDIO_ALLOWED_HOSTS, without wildcards.")

INSTALLED_APPS = [
    "copystudio.apps.CopyStudioConfig",
    "generation.apps.GenerationConfig",
    "campaigns.apps.CampaignsConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",  # copystudio.admin has the site; libraries' tables stay out of it
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    # the headers first: whatever answers below them, a page, a file or a refusal, carries them
    "copystudio.middleware.SecurityHeaders",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "copystudio.middleware.PlainRequests",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "copystudio.middleware.PersonLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "copystudio.middleware.StudioErrors",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "copystudio.urls"
WSGI_APPLICATION = "copystudio.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "copystudio.context.navigation",
            ],
            "builtins": ["copystudio.templatetags.studio"],
        },
    }
]

# -- data ------------------------------------------------------------------------------------------------------------

DATABASES = {
    "default": {
        **env.database("DATABASE_URL", EMBEDDED.database_url),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHE_URL = env.url("CACHE_URL", EMBEDDED.cache_url, {"redis", "rediss", "unix"})
# Several studios on one Redis: each has a prefix of its own.
KEY_PREFIX = env.text("STUDIO_KEY_PREFIX", "cs")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": KEY_PREFIX,
    }
}
MODEL_ROOT = env.folder("MODEL_ROOT", VAR_DIR / "models")
MEDIA_ROOT = env.folder("STUDIO_UPLOADS", VAR_DIR / "uploads")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
IMPORT_MAX_BYTES = env.integer("IMPORT_MAX_MB", 200, least=1, most=4000) * 1024 * 1024

# -- jobs ------------------------------------------------------------------------------------------------------------

BROKER_URL = env.url("BROKER_URL", EMBEDDED.broker_url, {"redis", "rediss", "redis+socket", "amqp", "amqps"})
CELERY_BROKER_URL = BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ACKS_LATE = False  # a message is a doorbell: the row's lease recovers the work, not redelivery
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "generation.run": {"queue": "generation"},
    "generation.train": {"queue": "training"},
    "generation.evaluate": {"queue": "training"},
    "generation.export": {"queue": "training"},
    "generation.exports_prune": {"queue": "training"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 6 * 3600
# A page does not wait for a broker that is away: one try, then the bell stays in the outbox for the sweeper.
ONE_TRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
CELERY_BROKER_TRANSPORT_OPTIONS = (
    ONE_TRY
    if BROKER_URL.startswith("amqp")
    else {
        **ONE_TRY,
        "socket_connect_timeout": 2,
        "visibility_timeout": 12 * 3600,
        "global_keyprefix": f"{KEY_PREFIX}:",
    }
)
JOB_LEASE_SECONDS = env.integer("JOB_LEASE_SECONDS", 30, least=1, most=600)
JOB_HEARTBEAT_SECONDS = env.integer("JOB_HEARTBEAT_SECONDS", 5, least=1, most=120)
JOB_SWEEP_SECONDS = env.integer("JOB_SWEEP_SECONDS", 10, least=1, most=600)
CELERY_BEAT_SCHEDULE = schedule(sweep_seconds=JOB_SWEEP_SECONDS)

# -- generation ------------------------------------------------------------------------------------------------------

GENERATION_THREADS = env.integer("GENERATION_THREADS", os.cpu_count() or 1, least=1, most=256)
GENERATION_BATCH = env.integer("GENERATION_BATCH", 32, least=1, most=512)
# float32: texts come out again exactly, alone or beside others; auto: what the machine computes fastest.
GENERATION_NUMBERS = env.choice("GENERATION_NUMBERS", "auto", {"auto", "float32", "bfloat16"})
# What writes: torch in the worker, a quantised copy of the model through OpenVINO, or a server that speaks OpenAI's
# completions protocol. auto: the server where one is named, else the quantised copy as soon as there is one, else torch.
GENERATION_BACKEND = env.choice("GENERATION_BACKEND", "auto", {"auto", "torch", "openvino", "remote"})
MODEL_SERVER = model_server(env)
# What a new workspace is furnished with, in the transaction that makes it.
WORKSPACE_FOLDERS = ["generation.services.version_files.workspace_folders"]  # to delete with it
WORKSPACE_SETUP = ["generation.services.setup.workspace_setup", "campaigns.services.setup.workspace_setup"]
# Furnishes the first start with a demonstration; empty: none.
DEMO_LOADER = "campaigns.services.demo.demo_load" if env.boolean("STUDIO_DEMO", True) else ""
# Whether a base model may be fetched by its name from the Hugging Face hub; off: no network at run time.
MODEL_HUB = env.boolean("MODEL_HUB", False)
STARTER_MODEL = env.text("STARTER_MODEL", "gemma-3-270m")
# The checks that the campaigns app hands to the generator: payload -> (text -> Check).
GENERATION_CHECK = "campaigns.services.candidate_check.checker"
# Who is told that a run ended: run -> None, in the transaction that ends it.
GENERATION_ENDED = "campaigns.services.webhook_send.run_ended"
# Why a model version has to stay: version -> a sentence, or None.
MODEL_VERSION_KEPT = "campaigns.selectors.catalogue.version_kept"
# Where training examples come from: the starter corpus, put into briefs by the app that knows the channels.
STARTER_CORPUS = "campaigns.services.starter_corpus.starter_examples"
STARTER_EDITS = "campaigns.services.starter_corpus.starter_edits"
STARTER_READS = "campaigns.services.starter_corpus.starter_reads"
# What a workspace's people approved, changed and answered: workspace, window and scope -> examples, pairs, what was left out.
TRAINING_DATA = "campaigns.selectors.training_data.collect"
# The parts that a training may keep to, such as one brand's copy: workspace -> pairs of a key, which collect takes, and a name.
TRAINING_SCOPES = "campaigns.selectors.training_scopes.scopes"
# The rules as the judge of an evaluation: brief and text -> Judgement.
EVALUATION_JUDGE = "campaigns.services.evaluation_judge.judge"
EVALUATION_ITEMS = env.integer("EVALUATION_ITEMS", 96, least=4, most=5000)
TRAINING_THREADS = env.integer("TRAINING_THREADS", os.cpu_count() or 1, least=1, most=256)
# Folder in MODEL_ROOT of a model that says training texts in other words, through the other language; empty: none does.
BACK_TRANSLATION_MODEL = env.text("BACK_TRANSLATION_MODEL")
ENCODER_MODEL = env.text("ENCODER_MODEL")  # folder in MODEL_ROOT, or owner/name@revision; empty: the bundled one
NOTIFICATION_SENTENCES = ["generation.selectors.notices.SENTENCES"]

# -- people ----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "copystudio.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "studio:home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "copystudio.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
# The key is one account at one address (copystudio.accounts) or one person's codes: nobody can lock another one out.
# The limit of an address alone is wider: a whole office may stand behind it.
ACCOUNT_RATE_LIMITS = {"login_failed": "50/15m/ip,10/15m/key"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Copy Studio"
# Admins make the accounts, so nobody holds an address that is not theirs; and where no mail is sent, none is ever confirmed.
MFA_ALLOW_UNVERIFIED_EMAIL = True
USERSESSIONS_TRACK_ACTIVITY = True
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_CALLABLE = "copystudio.accounts.account_tried"
AXES_CLIENT_IP_CALLABLE = "copystudio.accounts.address_of"
AXES_LOCKOUT_CALLABLE = "copystudio.views.failure.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_HANDLER = "axes.handlers.cache.AxesCacheHandler"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "cs_session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "cs_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "copystudio.views.failure.csrf_failure"
LANGUAGE_COOKIE_NAME = "cs_language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
EMAIL = env.email("EMAIL_URL")  # without it, mails are printed in the log of the web process
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL.host else 'console'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL.host, EMAIL.port, EMAIL.user, EMAIL.password
EMAIL_USE_SSL, EMAIL_USE_TLS, EMAIL_TIMEOUT = EMAIL.ssl, EMAIL.starttls, 10
DEFAULT_FROM_EMAIL = env.text("STUDIO_FROM_EMAIL", "Copy Studio <studio@localhost>")

# -- the browser -----------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "report-uri": ["/csp-report"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS and PRODUCTION
SECURE_HSTS_SECONDS = 63072000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.folder("STUDIO_STATIC", VAR_DIR / "static")
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "copystudio" / "locale"]
USE_I18N = True
TIME_ZONE = env.text("STUDIO_TIME_ZONE", "UTC")
USE_TZ = True
PAGE_SIZE = 25

# -- the API ---------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["campaigns.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["campaigns.api.authentication.HasScope"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "copystudio.api.problem_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Copy Studio API",
    "DESCRIPTION": _("Approved copy for shops and CMSs, the events that come back, and generation runs."),
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
EXPOSURE_TOKEN_SECONDS = 24 * 3600  # so long an impression or a click may follow its decision
CONVERSION_WINDOW_SECONDS = 7 * 24 * 3600  # so much longer a conversion may
DECIDE_MAX_AGE_SECONDS = (
    30  # a shop's HTTP client may keep an answer so long; retired copy stays that long in its cache
)
API_PER_MINUTE = {  # requests of one key, by scope
    "decide": env.integer("API_DECIDE_PER_MINUTE", 60_000, least=1, most=10_000_000),
    "events": env.integer("API_EVENTS_PER_MINUTE", 6_000, least=1, most=10_000_000),
    "copy:read": env.integer("API_COPY_PER_MINUTE", 600, least=1, most=10_000_000),
    "generate": env.integer("API_GENERATE_PER_MINUTE", 600, least=1, most=10_000_000),
}
IDEMPOTENCY_SECONDS = 24 * 3600  # so long an answer is kept under its Idempotency-Key
# On one machine on its own a receiver may stand beside it; elsewhere webhooks reach only public addresses, by https.
WEBHOOKS_INSIDE = STAGE == "local"
WEBHOOK_SECONDS = 10  # a receiver has so long to answer, all in all
WEBHOOK_OVERLAP_SECONDS = 24 * 3600  # so long a replaced secret signs beside the new one

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "copystudio.logs.LineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": env.choice("STUDIO_LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"}),
    },
    "loggers": {
        "django.server": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        # two lines for every ring of the doorbell say nothing
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
