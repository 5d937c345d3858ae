"""Django's settings, all derived from `config.toml`; nothing else in the project configures Django.

Importing this creates nothing: the secret key and the database are made by `newsletter.start`.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from newsletter import config
from newsletter.config.database import is_postgresql, parameters
from newsletter.logs import setup as logs

CONFIG = config.current()
_https = CONFIG.site.url.startswith("https://")


class SiteHosts(list[str]):
    """Django's ALLOWED_HOSTS: the elements, and the hosts of the present and the earlier public addresses.

    Django goes through it at each request, so that a changed address is in force without a restart.
    """

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        site = config.current().site
        for url in (site.url, *site.url_previous):
            yield urlsplit(url).hostname or ""


def _database(url: str) -> dict[str, object]:
    """Django's description of `site.database`; what it has no name for goes to libpq as it is."""
    if not is_postgresql(url):
        options: dict[str, object] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
        }
        path = CONFIG.path(url.removeprefix("sqlite:///"))
        if path.exists():  # else SQLite would make an empty file in the place of one that is removed later
            options["database"] = f"{path.absolute().as_uri()}?mode=rw"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options, "CONN_MAX_AGE": None}
    values = parameters(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{name: values.pop(parameter, "") for name, parameter in names.items()},
        "OPTIONS": values,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _secret_key() -> str:
    """Return the key of the configuration, else the one that `newsletter.start` made beside it."""
    file = CONFIG.path(".secret_key")
    return CONFIG.site.secret_key or (file.read_text(encoding="ascii").strip() if file.exists() else "")


DEBUG = False
SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = list(CONFIG.site.secret_key_previous)
SECRET_KEYS_LOST = list(CONFIG.site.secret_key_lost)
ALLOWED_HOSTS = SiteHosts(["localhost", "127.0.0.1", "[::1]", CONFIG.web.host])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "subscribers.apps.SubscribersConfig",
    "newsletter.apps.NewsletterConfig",
]
if is_postgresql(CONFIG.site.database):
    INSTALLED_APPS += ["procrastinate.contrib.django"]  # the queue of tasks that machines share
    PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
MIDDLEWARE = [
    "newsletter.web.metrics.http.TimedRequests",
    "newsletter.web.middleware.ConfigSnapshot",
    "newsletter.web.middleware.Probes",
    "django.middleware.security.SecurityMiddleware",
    "newsletter.web.static_files.VersionedFiles",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "newsletter.web.middleware.ContentSecurityPolicy",
    "newsletter.web.middleware.ProblemsOfTheApi",
    "newsletter.web.middleware.DatabaseInPlace",
    "newsletter.web.middleware.OldAddresses",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "newsletter.web.middleware.DeskLanguage",
    "django.middleware.common.CommonMiddleware",  # adds Content-Length
    "newsletter.web.middleware.MethodNotAllowedPage",
    "newsletter.web.middleware.CsrfOfSiteAddresses",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "newsletter.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "pages",
        "DIRS": [str(folder / "pages") for folder in CONFIG.template_folders],
        "OPTIONS": {"environment": "subscribers.pages.environment", "autoescape": True},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["newsletter.web.desk.filters"],
        },
    },
]

DATABASES = {"default": _database(CONFIG.site.database)}
RECOVERY_LOG = str(CONFIG.recovery_log)
WAITING_UNSUBSCRIPTIONS = str(CONFIG.waiting_unsubscriptions)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES = {"newsletter": "newsletter.models.migrations"}

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "newsletter.web.desk.forms.PasswordLength", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
CSRF_FAILURE_VIEW = "newsletter.web.desk.permissions.csrf_failed"
MESSAGE_STORAGE = "newsletter.web.desk.browser_copies.NotedErrors"
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "newsletter.web.desk.login.limits.locked_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "newsletter"

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("nb", "Norsk bokmål"),
    ("nn", "Norsk nynorsk"),
    ("en", "English"),
    ("sv", "Svenska"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ar", "العربية"),
    ("he", "עברית"),
    ("fa", "فارسی"),
]
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
# Of the package with the desk's editor, only its files are used: no app of it is installed, no code of it runs.
_editor = find_spec("django_prose_editor")
if _editor and _editor.origin:
    STATICFILES_DIRS = [Path(_editor.origin).parent / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "newsletter.web.static_files.VersionedStorage"},
}
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 3_000_000  # that of newsletter.web.desk.body_limits, which is asked first
# A year; for this host alone, since other hosts of the domain are not this program's.
SECURE_HSTS_SECONDS = 365 * 86400 if _https else 0
# The reverse proxy redirects http to https; here a redirect would be endless where `web.trusted_proxies` is not set.
# Protection against CSRF (W003) is in a class of ours, derived from Django's.
SILENCED_SYSTEM_CHECKS = ["security.W003", "security.W005", "security.W008", "security.W021"]

LATEST_EDITION = "newsletter.web.archive.queries.latest"

LOGGING = logs.settings(CONFIG.log)
