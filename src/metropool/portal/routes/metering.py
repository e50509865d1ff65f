"""The operator's city: overview, map, areas, alarms, meters."""

from typing import Literal

from fastapi import Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ExportOf, ListingOf, export_rows, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import METERING
from metropool.portal.routes.resident import check_period
from metropool.portal.routes.series import CurveRow, curve_rows
from metropool.portal.schemas.basics import InstantGiven, Page, Rows, Service
from metropool.portal.schemas.exchanges import Neighbour
from metropool.portal.schemas.metering import Alarm, Area, CityMap, Overview, OverviewThen
from metropool.portal.schemas.meters import Meter, MeterCurve, MeterEvent, MeterRow, MeterState

ROOM = Room("meters", of="metering")
READ = on_system("meters.read")


@ROOM.get("/overview", right=READ, answer=Overview)
async def get_overview(call: CallOf, service: Service | None = None) -> Response:
    """The city in a few numbers."""
    return answer(await call.ask(METERING, lambda desk: desk.overview(service=service)))


@ROOM.get("/overview/then", right=READ, answer=OverviewThen)
async def get_overview_then(call: CallOf, at: InstantGiven, service: Service | None = None) -> Response:
    """What is known of an earlier hour."""
    return answer(await call.ask(METERING, lambda desk: desk.overview_then(service=service, at=at)))


@ROOM.get("/map", right=READ, answer=CityMap)
async def get_map(call: CallOf, service: Service | None = None, at: InstantGiven | None = None) -> Response:
    """The city as GeoJSON, now or in an earlier hour."""
    return answer(await call.ask(METERING, lambda desk: desk.city_map(service=service, at=at)))


@ROOM.get("/areas/{area}", right=READ, answer=Area)
async def get_area(call: CallOf, area: str, service: Service | None = None) -> Response:
    """One district, community or supply area."""
    return answer(await call.ask(METERING, lambda desk: desk.area(area=area, service=service)))


@ROOM.get("/alarms", right=READ, answer=Page[Alarm])
async def list_alarms(
    call: CallOf, listing: ListingOf, area: str | None = None, state: Literal["open", "closed"] | None = None
) -> Response:
    """What is wrong in the field."""

    async def fetch(asked: Asked) -> Page[Alarm]:
        return await call.ask(METERING, lambda desk: desk.alarms(area=area, state=state, asked=asked))

    return await list_rows(listing, Alarm, "alarms", fetch)


@ROOM.get("/meters", right=READ, answer=Page[MeterRow])
async def list_meters(
    call: CallOf,
    *,
    listing: ListingOf,
    q: str | None = None,
    service: Service | None = None,
    state: MeterState | None = None,
    area: str | None = None,
    terminal: str | None = None,
) -> Response:
    """The meters."""

    async def fetch(asked: Asked) -> Page[MeterRow]:
        return await call.ask(
            METERING,
            lambda desk: desk.meters(q=q, service=service, state=state, area=area, terminal=terminal, asked=asked),
        )

    return await list_rows(listing, MeterRow, "meters", fetch)


@ROOM.get("/meters/{meter}", right=READ, answer=Meter)
async def get_meter(call: CallOf, meter: str) -> Response:
    """One meter with all that is known of it."""
    return answer(await call.ask(METERING, lambda desk: desk.meter(meter=meter)))


@ROOM.get("/meters/{meter}/curve", right=READ, answer=MeterCurve)
async def get_curve(
    call: CallOf,
    *,
    meter: str,
    export: ExportOf,
    start: InstantGiven,
    end: InstantGiven,
    compare_start: InstantGiven | None = None,
    neighbour: str | None = None,
) -> Response:
    """Registers over the load curve; with ``neighbour`` another meter's load beside it."""
    check_period(start, end)
    curve = await call.ask(
        METERING,
        lambda desk: desk.curve(meter=meter, start=start, end=end, compare_start=compare_start, neighbour=neighbour),
    )
    if export.kind is None:
        return answer(curve)
    units = {"energy": curve.energy.unit, "load": curve.load.unit, "register": curve.register_unit}
    rows = curve_rows(curve)
    return await export_rows(
        export, CurveRow, rows, f"curve-{curve.start:%Y%m%d}", units=units | {"neighbour_load": curve.load.unit}
    )


@ROOM.get("/meters/{meter}/neighbours", right=READ, answer=Rows[Neighbour])
async def list_neighbours(call: CallOf, meter: str) -> Response:
    """Meters to compare a meter with, the nearest first."""
    return answer(await call.ask(METERING, lambda desk: desk.neighbours(meter=meter)))


@ROOM.get("/meters/{meter}/events", right=READ, answer=Page[MeterEvent])
async def list_events(
    call: CallOf, meter: str, listing: ListingOf, start: InstantGiven | None = None, end: InstantGiven | None = None
) -> Response:
    """What happened at a meter."""

    async def fetch(asked: Asked) -> Page[MeterEvent]:
        return await call.ask(METERING, lambda desk: desk.events(meter=meter, start=start, end=end, asked=asked))

    return await list_rows(listing, MeterEvent, "events", fetch)
