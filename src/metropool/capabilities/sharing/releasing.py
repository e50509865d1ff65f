"""What may leave through sharing: asked when it is told, and again before it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metropool.access.consents import Consent
from metropool.access.looking import provision_of_answer, subjects_of
from metropool.access.provisions import Provision
from metropool.capabilities.sharing.ports import SharingWork
from metropool.core.periods import day_period
from metropool.exchange.capability import Release, Way
from metropool.exchange.messages import HouseholdUsageTold, ViewAnswered
from metropool.exchange.ways import PLACES
from metropool.facts.registry.tables import supply_agreement


def usage_may_leave(*, work: SharingWork, message: HouseholdUsageTold, way: Way) -> HouseholdUsageTold | None:
    """Rows of households that agree, of days that began after they did; all of them where no consent is needed.

    A consent that was withdrawn and given again covers nothing of the time between.
    """
    if not way.needs_consent:
        return message
    accounts = _accounts_of(work, message.rows["usage_point"].unique().to_pylist())
    live = work.consents.live(receiver=way.receiver_party, message=way.phrase, accounts=sorted(set(accounts.values())))
    kept = _covered(message.rows, accounts, live)
    rows = _without_places(message.rows if pc.all(kept).as_py() else message.rows.filter(kept))
    if rows is message.rows:
        return message
    return msgspec.structs.replace(message, rows=rows) if rows.num_rows else None


def _without_places(rows: pa.Table) -> pa.Table:
    """Rows that do not say where a household lives: nobody agreed to that."""
    for name in PLACES:
        if rows[name].null_count < rows.num_rows:
            rows = rows.set_column(rows.schema.get_field_index(name), name, pa.nulls(rows.num_rows, pa.string()))
    return rows


def usage_told(*, work: SharingWork, message: HouseholdUsageTold, way: Way, key: str) -> None:
    """Record what was put on its way to another organisation."""
    if not way.needs_consent:
        return
    accounts = sorted(set(_accounts_of(work, message.rows["usage_point"].unique().to_pylist()).values()))
    live = work.consents.live(receiver=way.receiver_party, message=way.phrase, accounts=accounts)
    given = Provision(
        id=key,
        giver=work.system,
        receiver=way.receiver,
        receiver_party=way.receiver_party,
        what=way.phrase,
        fields="usage",
        rows=message.rows.num_rows,
        subjects=len(accounts),
        agreement=accounts[0] if len(accounts) == 1 else "consents",
        purpose=" ".join(sorted({consent.purpose for consent in live.values()})),
        legal_basis="consent",
        allowed_by="residents",
    )
    work.provisions.note(given, of=accounts)


def usage_withheld(*, work: SharingWork, message: HouseholdUsageTold | None, way: Way, key: str) -> None:
    """A consent ended while the letter waited."""
    points = [] if message is None else message.rows["usage_point"].unique().to_pylist()
    rows = 0 if message is None else message.rows.num_rows
    work.provisions.withhold(key, rows=rows, of=_accounts_of(work, points).values())


def answer_may_leave(*, work: SharingWork, message: ViewAnswered, way: Way) -> ViewAnswered | None:
    """Content while the request stands, and no longer than its owner allowed; decisions without content always."""
    if message.state != "approved":
        return message
    known = work.passed_requests.one(asker=message.asker, request=message.request)
    is_over = message.expires_at is not None and message.expires_at <= work.now
    return message if known is not None and known.is_open(work.now) and not is_over else None


def answer_told(*, work: SharingWork, message: ViewAnswered, way: Way, key: str) -> None:
    """Record content that passed through here, so that residents see who looked at them."""
    known = work.passed_requests.one(asker=message.asker, request=message.request)
    if message.state != "approved" or known is None:
        return
    told_of, by = _accounts_of(work, subjects_of(message)).values(), work.speaker
    given = provision_of_answer(
        message, id=key, giver=by, asked=known.asked, of=told_of, allowed_by=by, expires_at=message.expires_at
    )
    work.provisions.note(replace(given, receiver=way.receiver, receiver_party=way.receiver_party), of=told_of)


def answer_withheld(*, work: SharingWork, message: ViewAnswered | None, way: Way, key: str) -> None:
    """A page was held back before it was sent."""
    work.provisions.withhold(key)


def _accounts_of(work: SharingWork, subjects: Sequence[str]) -> dict[str, str]:
    """Usage point, or a company's account number, to the household's combined account, where this system knows it."""
    if not subjects:
        return {}
    found = [
        (row[name], row["combined_account"])
        for name in ("usage_point", "account_number")
        for row in work.registry.rows(supply_agreement, **{name: list(subjects)})
    ]
    return {subject: account for subject, account in found if account}


def _covered(rows: pa.Table, accounts: Mapping[str, str], live: Mapping[str, Consent]) -> pa.Array:
    """Which rows are of a household that agrees, and of a day that began after it did."""
    since = {account: datetime.fromtimestamp(consent.changed_at, UTC) for account, consent in live.items()}
    points, days = rows["usage_point"].combine_chunks().dictionary_encode(), rows["business_date"].to_numpy()
    first = [since.get(accounts.get(point, "")) for point in points.dictionary.to_pylist()]
    begins = np.array([_first_day(instant) for instant in first], dtype="datetime64[D]")
    return pa.array(days >= begins[points.indices.to_numpy()])


def _first_day(since: datetime | None) -> np.datetime64:
    """The first business day that began after an instant; one that never comes where there is none."""
    if since is None:
        return np.datetime64("9999-12-31")
    day = np.datetime64(since.astimezone(UTC).date())
    candidates = (day + np.timedelta64(offset, "D") for offset in range(3))
    return next(one for one in candidates if day_period(one.astype(object)).start >= since)


USAGE = Release(may_leave=usage_may_leave, told=usage_told, withheld=usage_withheld)
ANSWERS = Release(may_leave=answer_may_leave, told=answer_told, withheld=answer_withheld)
