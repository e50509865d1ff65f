"""The desks of what companies ask of who measures, at either end."""

from typing import Any

from metropool.capabilities.billing.telling import request_switch
from metropool.core.errors import NotFound
from metropool.core.periods import business_date
from metropool.facts.registry.tables import supply_agreement
from metropool.facts.registry.tables import usage_point as points
from metropool.portal.desks.paging import page_of
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import requests as schema
from metropool.portal.schemas.basics import Page

SWITCH = "SR"


class RequestsDesk:
    """What a company asks, in one unit of work of billing."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def ask_switch(self, *, wanted: schema.NewSwitchRequest, by: str) -> schema.SwitchRequest:
        """Operation: ask for a customer's supply to be cut or given back.

        Raises:
            NotFound: No customer of ours for this service.
        """
        (point, *_) = self._points(wanted.account_number, wanted.service)
        request = self._fresh(SWITCH)
        request_switch(work=self._work, request=request, usage_point_id=point, close=wanted.restore, reason=wanted.reason, by=by)
        told = {"id": request, "usage_point": point, "asked_at": self._work.now, "asked_by": by}
        return schema.SwitchRequest.model_validate(wanted.model_dump() | told)

    def _points(self, account: str, service: str) -> list[str]:
        registry, party = self._work.registry, self._work.party
        served = [row["usage_point"] for row in registry.rows(supply_agreement, account_number=account, supplier=party)]
        found = [row["id"] for row in registry.rows(points, id=served, service=service)] if served else []
        if not found:
            raise NotFound(f"{party} has no {service} customer {account}")
        return found

    def _fresh(self, kind: str) -> str:
        return f"{kind}{business_date(self._work.now):%Y%m%d}-{self._work.context.ids.fresh_id()[:12]}"


class HeardRequestsDesk:
    """What companies asked, in one unit of work of metering."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def heard(self, *, asked: Asked) -> Page[schema.HeardDataRequest]:
        """The requests for meter data, newest first."""
        rows = [schema.HeardDataRequest.model_validate(row) for row in self._work.customers.requests()]
        return page_of(rows, asked, as_of=self._work.now)
