"""Names that no system, and no instance of one, may have: of accounts, subjects, users, schemas and folders that are somebody else's. Pure.

A border's account is ``border-…`` and a user of an account ``…-provision``: no name has a dash, so these need no place here.
"""

from typing import Final, get_args

from metropool.plan.broker import SYSTEM_ACCOUNT
from metropool.plan.schema import OWN, REST, Many
from metropool.plan.subjects import INSTANCE
from metropool.plan.zones import ALONE

SUBJECTS: Final = ("alive", "frontend", "gateways", "inbox", "log", "reply", INSTANCE, *get_args(Many))
"""First words of subjects that are no receiver; gateways' begin with what there is one of them for (``home``)."""
FOLDERS: Final = ("authority", "carrier", "certificates", "concentrators", "devices", "gateway", "keys", "logs", "meter")
"""Of a city's home, beside those of its systems."""
PAGES: Final = ("api", "assets")
SCHEMAS: Final = ("information_schema", "public")
RESERVED: Final = frozenset({SYSTEM_ACCOUNT, ALONE, OWN, REST, *SUBJECTS, *FOLDERS, *PAGES, *SCHEMAS})
BEGINNINGS: Final = ("border_", "inbox_", "log_", "pg_")


def is_reserved(name: str) -> bool:
    """Whether a name is taken by what is no system."""
    return name in RESERVED or name.startswith(BEGINNINGS)
