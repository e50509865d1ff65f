"""Clients that connect and say nothing, or never say all of it, are not waited for; those that wait for an answer are."""

import asyncio
import socket

import pytest
import uvicorn

from metropool.runtime.patience import Patient
from metropool.runtime.portal import Server


class Hasty(Patient):
    """The same with little patience."""

    patience_s = 0.4


async def answering(scope, receive, send) -> None:
    """Reads the body, then takes longer than a request may."""
    while (await receive()).get("more_body"):
        pass
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def said(*parts: bytes, pause_s: float = 0.25) -> bytes:
    """What a client hears that says these parts one after the other, until the server closes or two seconds are over."""
    bound = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(answering, http=Hasty, log_level="warning", lifespan="off", timeout_keep_alive=30))
    serving = asyncio.ensure_future(server.serve(sockets=[bound]))
    reader, writer = await asyncio.open_connection(*bound.getsockname())
    try:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(pause_s)
        return await asyncio.wait_for(reader.read(), 2)
    except ConnectionError:
        return b""
    finally:
        writer.close()
        server.should_exit = True
        await serving


WHOLE = b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (b"GET / HT",),
        (b"GET / HTTP/1.1\r\n", b"A: 1\r\n", b"B: 2\r\n", b"C: 3\r\n", b"D: 4\r\n"),
        (HEAD, b"1", b"2", b"3", b"4"),
    ],
    ids=["nothing", "half a line", "a heading a line at a time", "a body a byte at a time"],
)
def test_one_that_never_says_all_is_closed(parts: tuple[bytes, ...]) -> None:
    assert asyncio.run(said(*parts)) == b""


@pytest.mark.parametrize("parts", [(WHOLE,), (WHOLE[:20], WHOLE[20:]), (HEAD, b"123456789")], ids=["slow", "in two", "body"])
def test_one_that_said_all_is_answered_however_long_that_takes(parts: tuple[bytes, ...]) -> None:
    assert asyncio.run(said(*parts, pause_s=0.1)).endswith(b"ok")


def test_the_next_request_on_a_connection_has_its_own_time() -> None:
    kept = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    heard = asyncio.run(said(kept, b"", b"", kept.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")))
    assert heard.count(b"200 OK") == 2
    assert asyncio.run(said(kept, b"GET", b"", b"")).count(b"200 OK") == 1
