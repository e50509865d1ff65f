"""Every list that can be exported has a header for each of its columns, in both languages."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from metropool.core.texts import LANGUAGES
from metropool.portal import routes
from metropool.portal.exports import columns_of, header


def exported():
    """Each model whose rows some route lists or exports."""
    for module in pkgutil.iter_modules(routes.__path__):
        found = importlib.import_module(f"{routes.__name__}.{module.name}")
        text = Path(found.__file__).read_text(encoding="utf-8")
        for name in re.findall(r"(?:list|export)_rows\(\s*\w+,\s*(\w+)", text):
            if hasattr(getattr(found, name, None), "model_fields"):
                yield getattr(found, name)


KINDS = sorted(set(exported()), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("row", KINDS, ids=lambda kind: kind.__name__)
def test_each_column_has_a_header(row):
    for language in LANGUAGES:
        for name in columns_of(row):
            assert header(name, language)


def test_there_are_lists():
    assert len(KINDS) > 25
