"""What is ordered from away is ordered again when it came to nothing, and seen once it is done."""

import asyncio

import pytest

from metropool.runtime.conformance.checks.at_home import _ordered


class App:
    """An app at a host whose gateway has some orders come to nothing."""

    def __init__(self, *outcomes):
        self.outcomes, self.given = list(outcomes), []

    async def post(self, path, body):
        self.given.append(body["value"])
        return {"id": f"o{len(self.given)}", "outcome": None}

    async def get(self, path):
        return {"id": path.rsplit("/", 1)[1], "outcome": self.outcomes.pop(0)}


@pytest.mark.parametrize("came_to", ["refused", "expired", "unknown"])
def test_until_it_is_done(came_to):
    app = App(None, came_to, None, "done")
    look = _ordered(app, "/orders", 1)

    async def looks():
        return [await look() for _ in range(5)]

    seen = asyncio.run(looks())
    assert seen[:4] == [None] * 4
    assert seen[4] == {"id": "o2", "outcome": "done"}
    assert app.given == [1, 1]
