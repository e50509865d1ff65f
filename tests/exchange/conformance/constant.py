"""Serves a system as ``metropool serve`` does, with a handler that keeps the same words of gas whatever it is told; for one test."""

import sys
from typing import Any

import msgspec

from metropool.capabilities.notices.capability import NOTICES
from metropool.exchange.messages import NoticePublished
from metropool.runtime.serve import serve_systems

GAS = "gas"
WORDS = {"title_zh": "供气公告", "title_en": "Announcement", "text_zh": "见公告", "text_en": "See there"}


def main() -> None:
    taking = NOTICES.consumes[NoticePublished]

    def constant(*, work: Any, message: NoticePublished) -> None:
        taking(work=work, message=msgspec.structs.replace(message, **WORDS) if message.service == GAS else message)

    NOTICES.consumes[NoticePublished] = constant
    serve_systems(*sys.argv[1:])


if __name__ == "__main__":
    main()
