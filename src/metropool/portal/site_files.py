"""The built site: assets that never change, and one page for every address a person may type."""

from pathlib import Path

from fastapi import Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from metropool.core.errors import NotFound, Unavailable
from metropool.portal.told import answer_to

IMMUTABLE = "public, max-age=31536000, immutable"


class SiteFiles:
    """Serves a folder with ``index.html`` at its root, and for every GET that accepts HTML and names no file.

    Args:
        folder: The built site; None when it was not built.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._files = StaticFiles(directory=folder) if folder else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = await self._answer(Request(scope, receive))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return answer_to(NotFound("no such address"), status=405)
        if self._files is None or self._folder is None:
            return answer_to(Unavailable("the site was not built", key="portal.site_not_built"))
        path = request.url.path.lstrip("/")
        try:
            found = await self._files.get_response(path, request.scope) if path else None
        except (HTTPException, ValueError):
            found = None
        if found is not None:
            found.headers["Cache-Control"] = IMMUTABLE if path.startswith("assets/") else "no-cache"
            return found
        if path and ("text/html" not in request.headers.get("accept", "") or path.startswith("assets/")):
            return answer_to(NotFound("no such file"))
        return FileResponse(self._folder / "index.html", headers={"Cache-Control": "no-cache"})
