"""The closed lists of words that knowledge, code and tests share (DESIGN, section 3)."""

from enum import StrEnum


class Language(StrEnum):
    """A language the assistant speaks."""

    DE = "de"
    EN = "en"


class Product(StrEnum):
    """What is not activated."""

    WINDOWS = "windows"
    M365 = "m365"
    BOTH = "both"
    NONE = "none"


class Mechanism(StrEnum):
    """How the thing that fails is activated."""

    WINDOWS_DIGITAL = "windows_digital"
    WINDOWS_OEM = "windows_oem"
    WINDOWS_RETAIL = "windows_retail"
    WINDOWS_EDITION = "windows_edition"
    WINDOWS_SUBSCRIPTION = "windows_subscription"
    VOLUME_KMS = "volume_kms"
    VOLUME_MAK = "volume_mak"
    VOLUME_ADBA = "volume_adba"
    VOLUME_UNSPECIFIED = "volume_unspecified"
    M365_USER = "m365_user"
    M365_SCA = "m365_sca"
    M365_TENANT = "m365_tenant"
    M365_DEVICE = "m365_device"
    M365_TOKEN = "m365_token"
    UNKNOWN = "unknown"
    NONE = "none"


class Team(StrEnum):
    """Who takes a case over."""

    LICENSING = "licensing"
    INFRASTRUCTURE = "infrastructure"
    IDENTITY = "identity"
    NONE = "none"


class Context(StrEnum):
    """A circumstance that a person mentions."""

    HARDWARE_CHANGE = "hardware_change"
    MAINBOARD_CHANGE = "mainboard_change"
    CLEAN_INSTALL = "clean_install"
    UPGRADE = "upgrade"
    EDITION_CHANGE = "edition_change"
    OFFLINE = "offline"
    NO_VPN = "no_vpn"
    PROXY_TLS = "proxy_tls"
    TIME_DRIFT = "time_drift"
    DNS = "dns"
    TENANT_CHANGE = "tenant_change"
    UPN_CHANGE = "upn_change"
    PASSWORD_OR_MFA_CHANGE = "password_or_mfa_change"
    CONDITIONAL_ACCESS = "conditional_access"
    RDS_AVD = "rds_avd"
    PROFILE_LOSS = "profile_loss"
    LICENSE_REMOVED = "license_removed"
    DEVICE_REMOVED = "device_removed"
    USED_KEY_PURCHASE = "used_key_purchase"
    VM = "vm"
    AFTER_UPDATE = "after_update"
    OTHER = "other"


class Phase(StrEnum):
    """The order of checks; it is fixed, and the content rules hold it."""

    IDENTITY = "identity"
    BINDING = "binding"
    NETWORK_SERVICE = "network_service"
    INVASIVE = "invasive"


class Place(StrEnum):
    """Where a measure works: with internet, in the company network, with neither."""

    ONLINE = "online"
    INTRANET = "intranet"
    OFFLINE = "offline"


class Risk(StrEnum):
    """What a measure can cost.

    none: nothing changes. reversible: the person can undo it alone.
    limited: it uses something up, or undoing it needs somebody else.
    irreversible: there is no way back.
    """

    NONE = "none"
    REVERSIBLE = "reversible"
    LIMITED = "limited"
    IRREVERSIBLE = "irreversible"


class Shell(StrEnum):
    """Where a command is typed."""

    CMD = "cmd"
    POWERSHELL = "powershell"
    SETTINGS = "settings"
    PORTAL = "portal"


class Status(StrEnum):
    """How far a fault has come."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    RETIRED = "retired"


class Need(StrEnum):
    """What a check or measure cannot do without."""

    INTERNET = "internet"
    COMPANY_NETWORK = "company_network"
    ADMIN_RIGHTS = "admin_rights"


class TermKind(StrEnum):
    """What a term of the vocabulary says about a description."""

    CONTEXT = "context"
    PRODUCT = "product"
    MECHANISM = "mechanism"
    SITUATION = "situation"
    REFUSE = "refuse"
    QUESTION = "question"


class Severity(StrEnum):
    """How bad a finding is: an error stops the knowledge from being used, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


#: The catch-all that ends every check's answers.
ANYTHING_ELSE = "anything else"
