"""What is abnormal over an area, with the people who hear of it: the pipe of a community was shut for a day."""

import re

from metropool.runtime.conformance.checks.months import Row, imported, must_be
from metropool.runtime.conformance.checks.seeing import Seen, seen_letter
from metropool.runtime.conformance.town.making import SHUT, SHUT_ON, USUAL_DAYS
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way


async def anomaly(town: Town, way: Way) -> Seen:
    """No supply in a community on the day on which its registers stood still, held to what its homes use on other days."""
    began = await town.once("imported", lambda: imported(town))
    official = await town.someone(way.receiver)
    communities = {row["name"]["en"] for row in town.city.rows["places"] if row["kind"] == "community"}

    async def look() -> Row | None:
        rows = (await official.get("/watch", what="anomaly", size=200))["rows"]
        return next((row for row in rows if row["service"] == SHUT and row["where"]["en"] in communities), None)

    row, at_s = await town.seen(look, needs=(way.sender, way.receiver, town.host("metering")), what="anomaly")
    must_be("kind", "no_supply", row["kind"])
    must_be("state", "found", row["state"])
    must_be("day", True, SHUT_ON.isoformat() in row["detail"]["en"])
    litres = round(town.city.usual(SHUT, before=SHUT_ON, days=USUAL_DAYS) * 1000)
    must_be("usual", ["0.00", f"{litres / 1000:.2f}"], re.findall(r"\d+\.\d\d", row["detail"]["en"]))
    return await seen_letter(town, way, acted_s=began, saw_s=at_s)
