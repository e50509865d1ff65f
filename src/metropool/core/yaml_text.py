"""YAML that comes with the package, read by the parser written in C where PyYAML has it: every process reads some as it starts."""

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def write_yaml(data: Any) -> str:
    """Plain data as a text that people read and change."""
    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))


def read_yaml(text: str) -> Any:
    """What a text says, as plain data.

    Raises:
        yaml.YAMLError: It is no YAML.
    """
    return yaml.load(text, Loader=_LOADER)  # noqa: S506  # both loaders are safe ones
