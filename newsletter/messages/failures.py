"""Failing services, and checks of the set-up."""

from newsletter.messages.message import MessageType, gettext_noop, ngettext_noop

FAILING = MessageType("service.failing", gettext_noop("{at}: the {service} is failing: {problem}. We'll keep trying."))
RECOVERED = MessageType("service.recovered", gettext_noop("{at}: the {service} is working again."))
SENDER = MessageType("service.sender", gettext_noop("sender of editions"))
LETTERS = MessageType("service.letters", gettext_noop("sender of confirmations"))
SCHEDULE = MessageType("service.schedule", gettext_noop("schedule of drafts and sendings"))
COLLECT = MessageType("service.collect", gettext_noop("source reader"))
BOUNCES = MessageType("service.bounces", gettext_noop("bounce reader"))
PRESENCE = MessageType("service.presence", gettext_noop("heartbeat to other machines"))
LATER = MessageType("service.later", gettext_noop("sender of notices and events"))
HOUSEKEEPING = MessageType("service.housekeeping", gettext_noop("cleanup of expired data"))
CLOCK = MessageType("service.clock", gettext_noop("clock"))
ALERTS = MessageType("service.alerts", gettext_noop("alert service"))
CONFIGURATION = MessageType("service.configuration", gettext_noop("reader of config.toml"))
BACKGROUND = MessageType("service.background", gettext_noop("background work"))
PROGRESS = MessageType("service.progress", gettext_noop("check for stalled editions"))
STORAGE = MessageType("service.storage", gettext_noop("storage of files"))
UNSUBSCRIPTIONS = MessageType("service.unsubscriptions", gettext_noop("recording of unsubscriptions"))
WEB = MessageType("service.web", gettext_noop("web server"))

STOOD_STILL = MessageType(
    "machine.frozen",
    gettext_noop(
        "{machine} did not run for {seconds} seconds, until {at}: the machine was suspended or frozen, or had no "
        "memory left; see its system log"
    ),
)
LOST = MessageType(
    "machine.lost",
    gettext_noop(
        "{machine} has not been heard from since {seen}; see whether the machine runs and reaches the database; the "
        "others send what it has not begun"
    ),
)
BACK = MessageType("machine.back", gettext_noop("{machine} responds again"))

ENDED = MessageType("service.ended", gettext_noop("it ended unexpectedly"))
STUCK = MessageType("service.stuck", gettext_noop("it has not responded for a while; restart the program"))
UNEXPECTED = MessageType(
    "service.unexpected-error", gettext_noop("an unexpected error ({error}); the log has the details")
)
NO_MEMORY = MessageType("service.no-memory", gettext_noop("there is not enough memory; give the machine more"))
SYSTEM_ERROR = MessageType("service.system-error", gettext_noop("{cause}; {remedy}"))
FREE_SPACE = MessageType("remedy.free-space", gettext_noop("free some space on the disk"))
QUOTA = MessageType("remedy.quota", gettext_noop("free some space or raise the quota"))
OPEN_FILES = MessageType(
    "remedy.open-files", gettext_noop("raise the limit on open files (LimitNOFILE= in the systemd unit)")
)
CLOSE_PROGRAMS = MessageType(
    "remedy.close-programs", gettext_noop("the machine has too many open files; close some programs")
)
OWNER = MessageType("remedy.owner", gettext_noop("give it to the user that runs newsletter"))
MOUNT = MessageType("remedy.mount", gettext_noop("mount the file system for writing"))
RESTORE = MessageType("remedy.restore", gettext_noop("restore it, or its parent folder"))
NOT_A_FOLDER = MessageType("remedy.not-a-folder", gettext_noop("remove the file that is in the place of a folder"))
MORE_MEMORY = MessageType("remedy.more-memory", gettext_noop("give the machine more memory"))
PROCESSES_END = MessageType(
    "sender.processes-end",
    gettext_noop("sending processes end unexpectedly (status {status}); the log has the details"),
)
PROCESS_SILENT = MessageType(
    "sender.process-silent",
    gettext_noop(
        "a sending process gave no sign of life for {seconds} seconds and was ended; another one sends the rest, and "
        "emails that were in flight are unconfirmed; see the machine's load and memory"
    ),
)
PROCESS_NOT_ENDED = MessageType(
    "sender.process-not-ended",
    gettext_noop(
        "a sending process gives no sign of life and can't be ended, so nobody sends what it has claimed; look for a "
        "disk or network drive that hangs, or restart the machine"
    ),
)
PROCESS_NOT_STARTED = MessageType(
    "sender.process-not-started", gettext_noop("a sending process can't be started: {problem}")
)

JOB_INTERRUPTED = MessageType(
    "job.interrupted", gettext_noop("the program was stopped before this was finished; try again")
)
JOB_CANCELLED = MessageType("job.cancelled", gettext_noop("cancelled"))
TOO_MANY_JOBS = MessageType("job.too-many", gettext_noop("too many jobs are waiting; try again later"))
FILE_GONE = MessageType("job.file-gone", gettext_noop("the uploaded file is gone; choose it again"))
TASK_SET_ASIDE = MessageType(
    "background.set-aside",
    gettext_noop(
        "the task {task} ({about}) was set aside, because the program crashed three times while running it; "
        "check that machine's log"
    ),
)
TASK_FAILED = MessageType(
    "background.failed",
    gettext_noop(
        "the task {task} ({about}) failed {count} times in a row, most recently with {error}; "
        "that machine's log has the details"
    ),
)
NEWER_DATABASE = MessageType(
    "sender.newer-database",
    gettext_noop(
        "a newer version of the program has changed the database ({migration}), so this version sends nothing; "
        "install the newer version on this machine too"
    ),
)

UNAPPLIED = MessageType(
    "sender.unapplied-unsubscriptions",
    gettext_noop(
        "nothing is sent until {machine} reaches the database again, because people may have unsubscribed there "
        "meanwhile; start newsletter there, or wait: three minutes later the others send without it"
    ),
)
UNSUBSCRIPTIONS_WAIT = MessageType(
    "unsubscriptions.waiting",
    gettext_noop(
        "unsubscriptions wait in {path} until the database can be written, and nothing is sent before they are "
        "applied; make the database writable, and keep that file"
    ),
)

# The database.
UNUSABLE = MessageType(
    "database.unusable",
    gettext_noop("the database can't be used ({cause}); check that it is running and that its disk has space"),
)
LOCKED = MessageType(
    "database.locked",
    gettext_noop("another program has locked the database; try again when it has finished"),
)
NOT_OPENED = MessageType(
    "database.not-opened",
    gettext_noop(
        "the database can't be opened ({cause}); check site.database, and make the file and its folder readable and "
        "writable for the user that runs newsletter"
    ),
)
DISK_ERROR = MessageType(
    "database.disk-error",
    gettext_noop("the disk with the database can't be read or written ({cause}); check the disk and the system's log"),
)
READ_ONLY = MessageType(
    "database.read-only",
    gettext_noop("the database is read-only; make the file and its folder writable for the user that runs newsletter"),
)
READ_ONLY_SERVER = MessageType(
    "database.read-only-server",
    gettext_noop("the database server accepts no changes now (it is read-only or a standby); use the primary server"),
)
DISK_FULL = MessageType("database.disk-full", gettext_noop("the disk with the database is full; free some space on it"))
DISK_FULL_SERVER = MessageType(
    "database.disk-full-server", gettext_noop("the disk of the database server is full; free some space on it")
)
DATABASE_REMOVED = MessageType(
    "database.removed",
    gettext_noop(
        "the database file {path} was removed; stop newsletter, restore the file from a backup and start it again"
    ),
)
DATABASE_REPLACED = MessageType(
    "database.replaced",
    gettext_noop(
        "the database file {path} was replaced while newsletter was running, so it lacks what was sent since its copy "
        "was made; stop newsletter, keep a copy of the file, and restore the newest backup with 'newsletter restore "
        "FILE --replace', which takes in what was sent since"
    ),
)

# Folders that are written to.
NEARLY_FULL = MessageType(
    "storage.nearly-full", gettext_noop("{path}: only {free} are free for the {content}; free some space")
)
JOURNAL_IS_A_FILE = MessageType(
    "storage.journal-is-a-file",
    gettext_noop("{path}: not a folder, so journals can't be written; remove the file"),
)
JOURNAL_NOT_WRITABLE = MessageType(
    "storage.journal-not-writable", gettext_noop("{path}: journals can't be written there; change its permissions")
)
RECOVERY_LOG_NOT_WRITABLE = MessageType(
    "storage.recovery-log-not-writable",
    gettext_noop("{path}: the recovery log can't be written there; give it to the user that runs newsletter"),
)
FOR_DATABASE = MessageType("storage.database", gettext_noop("database"))
FOR_JOURNAL = MessageType("storage.journal", gettext_noop("journal"))
FOR_CONFIGURATION = MessageType("storage.configuration", gettext_noop("configuration"))

# Checks of the set-up, by what they are about.
ABOUT_DATABASE = MessageType("check.about-database", gettext_noop("database"))
ABOUT_LINKS = MessageType("check.about-links", gettext_noop("links"))
ABOUT_TEMPLATES = MessageType("check.about-templates", gettext_noop("templates"))
ABOUT_PROVIDER = MessageType("check.about-provider", gettext_noop("provider: {name}"))
MIGRATIONS_WAIT = MessageType(
    "check.migrations",
    *ngettext_noop(
        "{count} migration is pending; run 'newsletter manage migrate'",
        "{count} migrations are pending; run 'newsletter manage migrate'",
    ),
    count="count",
)
NOT_CONFIGURED = MessageType(
    "check.not-configured",
    *ngettext_noop(
        "{count} subscriber of {newsletter} gets nothing, since config.toml has no newsletter of this name; give it "
        'back its name if it was renamed there, or put it back with status = "archived" if it has ended',
        "{count} subscribers of {newsletter} get nothing, since config.toml has no newsletter of this name; give it "
        'back its name if it was renamed there, or put it back with status = "archived" if it has ended',
    ),
    count="count",
)
DATABASE_READY = MessageType("check.database-ready", gettext_noop("the database is ready and up to date"))
UNDAMAGED = MessageType("check.undamaged", gettext_noop("no damage was found"))
DAMAGED = MessageType(
    "check.damaged", gettext_noop("the database is damaged ({problem}); stop newsletter and restore a backup")
)
INVALID_INDEXES = MessageType(
    "check.invalid-indexes", gettext_noop("these indexes are not valid: {names}; run REINDEX on each of them")
)
MISSING_ROWS = MessageType(
    "check.missing-rows",
    *ngettext_noop(
        "{count} row of {table} refers to a row of {parent} that is missing; stop newsletter and restore a backup",
        "{count} rows of {table} refer to rows of {parent} that are missing; stop newsletter and restore a backup",
    ),
    "count",
)
NO_SPACE_FOR_COPY = MessageType(
    "check.no-space-for-copy",
    gettext_noop(
        "{free} are free, but an upgrade first copies the database, which has {size}; free some space before it"
    ),
)
SPACE_LEFT = MessageType("check.space", gettext_noop("{free} are free"))
ABOUT_INTEGRITY = MessageType("check.about-integrity", gettext_noop("integrity"))
ABOUT_SECRETS = MessageType("check.about-secrets", gettext_noop("secrets"))
OPEN_CONFIGURATION = MessageType(
    "check.open-configuration",
    gettext_noop(
        "{file} has secrets ({keys}), and every user of this machine can read it; run 'chmod 600 {file}', or put the "
        "secrets into files of their own"
    ),
)
OPEN_FILE = MessageType(
    "check.open-file", gettext_noop("every user of this machine can read {file}; run 'chmod 600 {file}'")
)
ABOUT_SPACE = MessageType("check.about-space", gettext_noop("free space"))
LINKS_BEGIN = MessageType("check.links", gettext_noop("links in emails begin with {url}"))
TEMPLATES_READY = MessageType("check.templates", gettext_noop("the subject and the templates work"))
ABOUT_IMAGES = MessageType("check.about-images", gettext_noop("images"))
IMAGES_LEFT_OUT = MessageType(
    "check.images-left-out",
    gettext_noop('images = "none" leaves out all images, so this has no effect: {keys}'),
)
DESIGN_WITHOUT_IMAGES = MessageType(
    "check.design-without-images",
    gettext_noop("the design {design} shows no images of shortened posts, so this has no effect: {keys}"),
)
WRITTEN_TO = MessageType("check.written-to", gettext_noop("emails are written to {folder}"))
KEY_ACCEPTED = MessageType("check.key-accepted", gettext_noop("the key is accepted"))
KEY_FORBIDDEN = MessageType(
    "check.key-forbidden",
    gettext_noop("the key may not read anything, so only sending shows if it is valid; use 'newsletter test'"),
)
ABOUT_TRACKING = MessageType("check.about-tracking", gettext_noop("tracking of opens and clicks by {name}"))
NOT_TRACKED = MessageType("check.not-tracked", gettext_noop("each email says that it is not to be tracked"))
TRACKED_BY_ACCOUNT = MessageType(
    "check.tracked-by-account",
    gettext_noop("the account decides, and this can't be seen from here; switch both off there: {setting}"),
)
KEY_REFUSED = MessageType("check.key-refused", gettext_noop("the key was refused ({reply}); check the key"))
CONNECTED = MessageType("check.connected", gettext_noop("connected with {encryption}, without login"))
LOGGED_IN = MessageType("check.logged-in", gettext_noop("connected with {encryption}, and logged in"))
CONNECTED_UNENCRYPTED = MessageType(
    "check.connected-unencrypted", gettext_noop("connected, without encryption or login")
)
LOGGED_IN_UNENCRYPTED = MessageType(
    "check.logged-in-unencrypted", gettext_noop("connected without encryption, and logged in")
)
