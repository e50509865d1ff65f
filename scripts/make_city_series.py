"""Make ``src/cityinabox/data/series.npz`` from the public data sets (see docs/credits.md for where they come from).

    python scripts/make_city_series.py FOLDER_OF_HOMES

Every series becomes whole weeks of interval amounts that start on a Monday 00:00 local time, as small integers:

    fr_sceaux      15 min, 0.0001 kWh     156 weeks from 2006-12-18
    nl_import      60 min, Wh             156 weeks from 2018-10-01 (both tariffs together)
    nl_export      60 min, Wh             the same weeks, energy given back by the solar panels
    ca_water       15 min, mL             52 weeks from 2012-04-02
    ca_gas         15 min, cm3            the same weeks, the furnace meter
"""

import argparse
import csv
import gzip
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = list[dict[str, str]]
OUT = Path(__file__).parent.parent / "src/cityinabox/data/series.npz"
WEEK_S = 7 * 86400


def main() -> None:
    """Read the three homes and write the one file."""
    parser = argparse.ArgumentParser(description="Make the series of the simulated city from the data of three homes.")
    parser.add_argument("homes", type=Path, help="folder of the data sets, each in a folder of its own")
    homes = parser.parse_args().homes
    series = (
        sceaux(rows(homes / "fr-uci-sceaux/load_15min_2006-12_2009-12.csv.gz"))
        | netherlands(rows(homes / "nl-home-a/registers_hourly_2018-04_2021-12.csv.gz"))
        | canada(rows(homes / "ca-ampds2/water_gas_15min_2012-04_2013-03.csv.gz"))
    )
    np.savez_compressed(OUT, allow_pickle=False, **series)
    for name, amounts in series.items():
        print(name, amounts.dtype, len(amounts), int(amounts.max()), int(amounts.sum()))
    print(OUT.stat().st_size, "bytes")


def rows(path: Path) -> Rows:
    """The rows of one compressed table."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sceaux(table: Rows) -> dict[str, NDArray[np.unsignedinteger]]:
    """Quarter-hour energy; the source is local time without daylight saving steps, runs it imputed are kept."""
    first = datetime.fromisoformat("2006-12-18T00:00:00")
    at = {datetime.fromisoformat(row["ts_local"]): round(float(row["energy_kwh"]) * 10000) for row in table}
    steps = 156 * WEEK_S // 900
    return {"fr_sceaux": np.array([at[first + timedelta(minutes=15 * i)] for i in range(steps)], np.uint16)}


def netherlands(table: Rows) -> dict[str, NDArray[np.unsignedinteger]]:
    """Hourly differences of the Dutch registers at UTC+1; blank or missing hours share what the register grew by."""
    first = datetime.fromisoformat("2018-10-01T00:00:00+01:00")
    hours = [first + timedelta(hours=i) for i in range(156 * 168 + 1)]
    at = {datetime.fromisoformat(row["ts_utc"]): row for row in table}
    return {f"nl_{way}": differences(hours, at, [f"{way}_t1_wh", f"{way}_t2_wh"]) for way in ("import", "export")}


def differences(hours: list[datetime], at: dict[datetime, dict[str, str]], names: list[str]) -> NDArray[np.unsignedinteger]:
    """What the sum of registers ``names`` grew by in each hour [Wh]."""
    total = np.zeros(len(hours), np.int64)
    for name in names:
        cells = [at.get(hour, {}).get(name, "") for hour in hours]
        known = [i for i, cell in enumerate(cells) if cell]
        total += np.rint(np.interp(np.arange(len(hours)), known, [int(cells[i]) for i in known])).astype(np.int64)
    return np.diff(total).astype(np.uint16)


def canada(table: Rows) -> dict[str, NDArray[np.unsignedinteger]]:
    """Quarter-hour differences of the water and furnace gas counters at UTC-7; the last quarter hour is not in the source."""
    first = datetime.fromisoformat("2012-04-02T00:00:00-07:00")
    steps = 52 * WEEK_S // 900
    names = {"ca_water": "water_counter_l", "ca_gas": "gas_furnace_counter_dm3"}
    start = next(i for i, row in enumerate(table) if datetime.fromisoformat(row["ts_utc"]) == first)
    out = {}
    for key, name in names.items():
        counter = np.array([round(float(row[name]) * 1000) for row in table[start : start + steps + 1]], np.int64)
        out[key] = np.append(np.diff(counter), 0)[:steps].astype(np.uint32)
    return out


if __name__ == "__main__":
    main()
