"""The two cookies: the session, which scripts cannot read, and the CSRF token, which they echo."""

from ipaddress import ip_address

from fastapi import Request, Response

from metropool.access.sessions import Opened
from metropool.portal.call import CSRF_COOKIE, SESSION_COOKIE


def set_session(response: Response, request: Request, opened: Opened) -> None:
    """Give the browser a new session and the CSRF token that belongs to it; both end with the browser's own session."""
    response.set_cookie(SESSION_COOKIE, opened.token, secure=_secure(request), httponly=True, samesite="lax", path="/")
    set_csrf(response, request, opened.csrf)


def set_csrf(response: Response, request: Request, token: str) -> None:
    """Give the browser a CSRF token."""
    response.set_cookie(CSRF_COOKIE, token, secure=_secure(request), httponly=False, samesite="lax", path="/")


def drop_session(response: Response, request: Request) -> None:
    """Take the session back."""
    response.delete_cookie(SESSION_COOKIE, secure=_secure(request), httponly=True, samesite="lax", path="/")


def _secure(request: Request) -> bool:
    """Everywhere but on plain HTTP to this very machine."""
    return request.url.scheme == "https" or not _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
