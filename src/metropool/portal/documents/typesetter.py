"""Sets a document from a template and data with typst: no system fonts, no clock, no network."""

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import typst

HERE = Path(__file__).parent
Template = Literal["bill", "company_bill", "receipt"]
_ONE_AT_A_TIME = threading.Lock()


def typeset(template: Template, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """The PDF of a document, the same bytes for the same data.

    Args:
        template: Name of the template file.
        data: What it shows, texts in the reader's language.
        at: The date the document bears as its creation.
    """
    inputs = {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)}
    with _ONE_AT_A_TIME:
        made = _compiler().compile(HERE / f"{template}.typ", format="pdf", sys_inputs=inputs, timestamp=int(at.timestamp()))
    assert isinstance(made, bytes)
    return made


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[HERE / "fonts"])
    return typst.Compiler(root=HERE, font_paths=fonts, ignore_system_fonts=True)
