"""``python -m bench``: run the benches, print the table, keep the JSON."""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import bills, evidence, exchange, homes, ingest, month
from bench.peer import Peer, open_peer
from bench.processes import machine
from bench.report import Result, as_json, print_table, write_json
from metropool.runtime.serve import quiet_log

LATEST = Path(__file__).parent / "results" / "latest.json"
BENCHES: dict[str, Callable[..., Result]] = {
    "ingest": ingest.measure,
    "month": month.measure,
    "bills": bills.measure,
    "evidence": evidence.measure,
    "homes": homes.measure,
    "exchange": exchange.measure,
}


def main() -> None:
    options = _options()
    quiet_log()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("the bench was ended"))
    names = options.only or list(BENCHES)
    before = machine()
    with open_peer() as peer:
        results = [_run(name, options.meters, options.repeat, peer) for name in names]
        about = {"peer": peer.name, "meters": options.meters, "repeat": options.repeat, "machine": before}
    text = as_json(results, about=about)
    write_json(text, options.to)
    if options.json:
        print(text, end="")
    else:
        print_table(results, about=about)


def _run(name: str, meters: int, repeat: int, peer: Peer) -> Result:
    began = time.perf_counter()
    result = BENCHES[name](meters=meters, repeat=repeat, peer=peer)
    print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return result


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--meters", type=int, default=10_000, help="meters of the city (100000 is what the marks are about)")
    parser.add_argument("--repeat", type=int, default=3, help="repeats of each bench; medians are shown")
    parser.add_argument("--only", action="append", choices=list(BENCHES), help="only this bench; may be given again")
    parser.add_argument(
        "--to", type=Path, default=LATEST, metavar="FILE", help="where the JSON is kept (bench/results/latest.json)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args()


if __name__ == "__main__":
    main()
