"""The desk of admission: which gateways there are, and their credentials."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from metropool.capabilities.admission import operations
from metropool.capabilities.admission.model import Gateway
from metropool.core.errors import NotFound
from metropool.portal.desks.paging import page_of
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import places as schema
from metropool.portal.schemas.basics import Page


class AdmissionDesk:
    """Gateways and their credentials, in one unit of work.

    Args:
        login_of: Called with host, what there is one of them for, and name: what a gateway logs in as.
    """

    def __init__(self, work: Any, login_of: Callable[[str, str, str], str]) -> None:
        self._work = work
        self._login_of = login_of

    def of_household(self, *, account: str) -> schema.GatewayRow:
        """A household's gateway."""
        found: list[Gateway] = self._work.admission_book.gateways(household=account)
        if not found:
            raise NotFound(f"{account} has no gateway", key="places.no_gateway")
        return self._row(found[0])

    def gateways(self, *, asked: Asked) -> Page[schema.GatewayRow]:
        """Those that were asked for."""
        rows = [self._row(one) for one in self._work.admission_book.gateways()]
        return page_of(rows, asked, as_of=self._work.now)

    def enrol(self, *, given: schema.GatewayGiven) -> schema.GatewayRow:
        """Operation: write a gateway down."""
        return self._row(operations.enrol_gateway(work=self._work, **given.model_dump()))

    def issue(self, *, per: str, name: str, by: str) -> schema.CredentialDrawn:
        """Operation: draw a new credential."""
        secret = operations.issue_credential(work=self._work, per=per, name=name, by=by)
        return schema.CredentialDrawn(per=per, name=name, login=self._login(per, name), secret=secret)  # type: ignore[arg-type]

    def revoke(self, *, per: str, name: str) -> schema.GatewayRow:
        """Operation: take a credential back."""
        operations.revoke_credential(work=self._work, per=per, name=name)
        return self._row(self._work.admission_book.gateway(per, name))

    def _row(self, gateway: Gateway) -> schema.GatewayRow:
        times = ("issued_at", "revoked_at", "came_in_at", "heard_at")
        return schema.GatewayRow(
            per=gateway.per,  # type: ignore[arg-type]  # enrolled for one of these
            name=gateway.name,
            place=gateway.place,
            login=self._login(gateway.per, gateway.name),
            has_credential=gateway.secret_hash is not None,
            issued_by=gateway.issued_by,
            **{field: _instant(getattr(gateway, field)) for field in times},
        )

    def _login(self, per: str, name: str) -> str:
        return self._login_of(self._work.system, per, name)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
