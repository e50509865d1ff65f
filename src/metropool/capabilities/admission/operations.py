"""What is done with gateways and their credentials. Each is one unit of work."""

from dataclasses import replace

from metropool.capabilities.admission.model import HOME, NAME, PLACE, Gateway, hashed, is_right
from metropool.capabilities.admission.ports import AdmissionWork
from metropool.core.errors import Fault, Invalid, NotFound


def enrol_gateway(*, work: AdmissionWork, per: str, name: str, place: str, household: str | None = None) -> Gateway:
    """Write down that there is a gateway, without a credential; one that is there already stays as it is.

    Args:
        per: What there is one of them for; one of those the plan lets this system vouch for.
        name: What it is called; a home's as its home.
        place: Where it stands.
        household: Whose home it is the gateway of.

    Raises:
        Invalid: Not a name or place, nothing that this system vouches for, or a home without a household; each fault is told.
    """
    if faults := _faults(work, per, name, place, household):
        raise Invalid("no gateway can be enrolled so", key="admission.cannot_enrol", faults=faults)
    known = work.admission_book.gateway(per, name)
    if known is not None:
        return known
    enrolled = Gateway(
        per=per,
        name=name,
        place=place,
        household=household,
        salt=None,
        secret_hash=None,
        issued=0,
        issued_at=None,
        issued_by=None,
        revoked_at=None,
        dropped=0,
        came_in_at=None,
        heard_at=None,
    )
    work.admission_book.put(enrolled)
    work.changed("gateways")
    return enrolled


def issue_credential(*, work: AdmissionWork, per: str, name: str, by: str) -> str:
    """Draw a new secret for a gateway and return it, for the only time; one given before holds no longer.

    Raises:
        NotFound: No such gateway is enrolled.
    """
    secret, salt = work.ids.fresh_id() + work.ids.fresh_id(), work.ids.fresh_id()
    kept = {"salt": salt, "secret_hash": hashed(secret, salt), "revoked_at": None}
    _change(work, per, name, **kept, issued_at=work.now.isoformat(), issued_by=by)
    return secret


def revoke_credential(*, work: AdmissionWork, per: str, name: str) -> None:
    """Take a gateway's credential back: nobody comes in by it, and who came in by it is put out.

    Raises:
        NotFound: No such gateway is enrolled.
    """
    _change(work, per, name, salt=None, secret_hash=None, revoked_at=work.now.isoformat())


def let_in(*, work: AdmissionWork, per: str, name: str, secret: str) -> bool:
    """Note that a gateway came in, where its secret is right still; whether it is."""
    if not may_come_in(work=work, per=per, name=name, secret=secret):
        return False
    work.admission_book.came_in(per, name, at=work.now.isoformat())
    return True


def may_come_in(*, work: AdmissionWork, per: str, name: str, secret: str) -> bool:
    """Whether a gateway's secret is right."""
    return is_right(work.admission_book.gateway(per, name), secret)


def note_heard(*, work: AdmissionWork, per: str, name: str) -> None:
    """A gateway says that it is there."""
    work.admission_book.heard(per, name, at=work.now.isoformat())


def _faults(work: AdmissionWork, per: str, name: str, place: str, household: str | None) -> list[Fault]:
    found: list[Fault] = []
    if per not in work.rows:
        found.append(Fault("per", "fault.gateway_per", f"this system vouches for: {', '.join(work.rows)}"))
    if not NAME.fullmatch(name):
        found.append(Fault("name", "fault.gateway_name", "it is part of topics"))
    if not PLACE.fullmatch(place):
        found.append(Fault("place", "fault.gateway_place", "take the id it has in the registry"))
    if per == HOME and (place != name or not household):
        found.append(Fault("household", "fault.gateway_home", "name its household"))
    if per != HOME and household:
        found.append(Fault("household", "fault.gateway_no_home", "leave it out"))
    return found


def _change(work: AdmissionWork, per: str, name: str, **values: str | None) -> None:
    known = work.admission_book.gateway(per, name)
    if known is None:
        raise NotFound(f"no gateway {name} of a {per} is enrolled", key="admission.no_gateway")
    work.admission_book.put(replace(known, issued=known.issued + 1, **values))  # type: ignore[arg-type]
    work.changed("gateways")
