"""The audit chain names the first row that is not what was written."""

import pytest
from sqlalchemy import text

from metropool.storage.chain import GENESIS, canonical, link, verify


def chain(rows):
    previous, out = GENESIS, []
    for row in rows:
        previous = link(previous, canonical(row))
        out.append((canonical(row), previous))
    return out


class TestChain:
    ROWS = tuple({"n": n, "who": "李华"} for n in range(5))

    def test_a_whole_chain_is_whole(self):
        rows = chain(self.ROWS)
        assert verify(rows, head=rows[-1][1]) is None
        assert verify([], head=GENESIS) is None

    def test_altered(self):
        rows = chain(self.ROWS)
        rows[2] = (canonical({"n": 2, "who": "x"}), rows[2][1])
        assert verify(rows) == 2

    def test_deleted(self):
        rows = chain(self.ROWS)
        del rows[1]
        assert verify(rows) == 1

    def test_reordered(self):
        rows = chain(self.ROWS)
        rows[3], rows[4] = rows[4], rows[3]
        assert verify(rows) == 3

    def test_truncated(self):
        rows = chain(self.ROWS)
        assert verify(rows[:3], head=rows[-1][1]) == 3

    def test_the_order_of_keys_does_not_matter(self):
        assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})


class TestAudit:
    @pytest.fixture
    def noted(self, door):
        with door.unit() as access:
            for n in range(4):
                access.audit.note(actor="admin", action="x", on=str(n), outcome="done", details={"字": n})
        return door

    def test_is_whole_as_written(self, noted):
        with noted.unit() as access:
            assert access.audit.first_bad() is None
            assert access.audit.head()[0] == 5  # the fixture's login is the first row

    @pytest.mark.parametrize(
        ("tampering", "index"),
        [
            ("UPDATE audit SET actor = 'nobody' WHERE number = 3", 2),
            ("UPDATE audit SET details = '{}' WHERE number = 2", 1),
            ("DELETE FROM audit WHERE number = 4", 3),
            ("DELETE FROM audit WHERE number = 5", 4),
            ("UPDATE audit SET at = at + 1 WHERE number = 1", 0),
            ("DELETE FROM audit", 0),
        ],
    )
    def test_names_the_first_bad_row(self, noted, tampering, index):
        with noted.context() as context:
            context.connection.execute(text(tampering))
        with noted.unit() as access:
            assert access.audit.first_bad() == index

    def test_sign_in_and_grants_are_in_it(self, door):
        door.try_sign_in("lihua", "wrong")
        with door.unit() as access:
            access.logins.give_action(login_name="lihua", action="x", scope="*", purpose="p", by="admin")
        with door.context() as context:
            rows = context.connection.execute(text("SELECT action, outcome FROM audit ORDER BY number")).all()
        assert rows == [("login.make", "done"), ("session.open", "refused"), ("grant.give", "done")]
