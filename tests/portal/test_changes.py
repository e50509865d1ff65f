"""What changed, told to open pages."""

import asyncio
import json
import threading
import time

import httpx
import pytest
import uvicorn

from metropool.core.errors import Unavailable
from metropool.portal.changes import IDS_KEPT, TOPICS_KEPT, Broadcast, Mailbox, parse_change
from portal import samples
from portal.conftest import P


@pytest.mark.parametrize(
    ("text", "topic", "account", "ids"),
    [
        ("readings", "readings", "", ()),
        ("readings:1,2", "readings", "", ("1", "2")),
        ("bills@GZ1", "bills", "GZ1", ("GZ1",)),
        ("payments@GZ1:P9", "payments", "GZ1", ("P9",)),
    ],
)
def test_a_change_is_read_from_its_words(text, topic, account, ids):
    change = parse_change(text)
    assert (change.topic, change.account, change.ids) == (topic, account, ids)


class TestMailbox:
    def take(self, mailbox):
        return asyncio.run(mailbox.take(wait_s=0.01))

    def filled(self, accounts, *texts):
        mailbox = Mailbox(accounts=accounts)
        for text in texts:
            mailbox.put(parse_change(text))
        return self.take(mailbox)

    def test_merges_what_is_of_one_topic(self):
        assert self.filled(None, "readings:2", "readings:1", "bills@A", "readings:1") == [
            ("readings", ["1", "2"]),
            ("bills", ["A"]),
        ]

    def test_any_swallows_some(self):
        assert self.filled(None, "readings:2", "readings", "readings:3") == [("readings", [])]

    def test_a_resident_hears_of_own_homes_only(self):
        mine = frozenset({"A"})
        assert self.filled(mine, "payments@B:P1", "payments@A:P2", "alarms:77") == [("payments", ["P2"]), ("alarms", [])]

    def test_nothing_is_nothing(self):
        assert self.filled(frozenset({"A"}), "bills@B") == []

    def test_cannot_grow(self):
        mailbox = Mailbox(accounts=None)
        for number in range(10_000):
            mailbox.put(parse_change(f"readings:{number}"))
            mailbox.put(parse_change(f"topic{number}:1"))
        taken = self.take(mailbox)
        assert len(taken) == TOPICS_KEPT
        assert all(len(ids) <= IDS_KEPT for _, ids in taken)
        assert dict(taken)["readings"] == []


def test_too_many_pages_are_refused_and_leaving_makes_room():
    broadcast = Broadcast(None, most=3, most_a_session=2)
    first = broadcast.join(session="a", accounts=None)
    broadcast.join(session="a", accounts=None)
    with pytest.raises(Unavailable):
        broadcast.join(session="a", accounts=None)
    broadcast.join(session="b", accounts=None)
    with pytest.raises(Unavailable):
        broadcast.join(session="c", accounts=None)
    broadcast.leave(first)
    assert broadcast.join(session="c", accounts=None)


class TestStream:
    @pytest.fixture
    def served(self, portal):
        server = uvicorn.Server(uvicorn.Config(portal.app, port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        server.force_exit = True
        thread.join()

    def test_says_what_changed_keeps_alive_and_ends_with_the_session(self, portal, served):
        cookies = dict(portal.signed_in("lihua").cookies)
        lines = []
        with (
            httpx.Client(base_url=served, cookies=cookies, timeout=10) as browser,
            browser.stream("GET", f"/{P}/api/changes", headers={"Accept-Encoding": "gzip"}) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in answer.headers
            for line in answer.iter_lines():
                lines.append(line)
                if line == ": open":
                    portal.door.queue.put_nowait(f"bills@{samples.OTHER}")
                    portal.door.queue.put_nowait(f"bills@{samples.ACCOUNT}")
                if line == ": alive":
                    headers = {"X-Metropool-CSRF": cookies["metropool_csrf"]}
                    assert browser.delete("/api/session", headers=headers).status_code == 204
        told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        assert told == [{"topic": "bills", "ids": [samples.ACCOUNT], "at": "2026-11-21T08:00:00+08:00"}]
        assert lines.count("event: change") == 1
        assert ": alive" in lines
