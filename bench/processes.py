"""What the processes of the product cost: peak memory and processor time, asked of the kernel."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

_TICKS_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
REQUIRED = "the bench measures processes through /proc, which only Linux has"


@dataclass(frozen=True)
class Cost:
    """Of one process, since it started or since ``since``: peak resident memory [bytes] and processor time [s]."""

    name: str
    peak_bytes: int
    cpu_s: float

    def since(self, earlier: "Cost") -> "Cost":
        """The same, without the processor time spent before."""
        return Cost(self.name, self.peak_bytes, self.cpu_s - earlier.cpu_s)


def cost_of(name: str, pid: int | str = "self") -> Cost:
    """Peak memory and processor time of a running process so far."""
    if sys.platform != "linux":
        raise SystemExit(REQUIRED)
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak_kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return Cost(name, peak_kib * 1024, (int(fields[11]) + int(fields[12])) / _TICKS_S)


def machine() -> dict[str, object]:
    """What this ran on."""
    names = [
        line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    memory_kib = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "processor": names[0] if names else "",
        "processors": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_kib / 2**20, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "python": sys.version.split()[0],
    }
