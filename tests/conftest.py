"""Files that take longest are begun first: one that begins last lets the other worker wait."""

from pathlib import Path

HERE = Path(__file__).parent
LONGEST = (
    "unit/cli",
    "exchange/separation",
    "exchange/broker",
    "exchange/postgresql",
    "exchange/evidence",
    "exchange/gateways",
    "exchange/government",
    "exchange/city",
    "metering/kills",
    "metering/power",
    "metering/frontend",
)


def pytest_collection_modifyitems(items):
    """Bring the longest to the front; within a file nothing changes its place."""
    items.sort(key=lambda item: not any(item.path.is_relative_to(HERE / folder) for folder in LONGEST))
