"""The commands as processes: ready line, real sockets, clean end on SIGTERM."""

import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from cityinabox.clock import CityClock, read_clock, unix
from cityinabox.codec import dlt645
from cityinabox.codec import gdw1376 as wire
from cityinabox.codec.bcd import instant, number
from cityinabox.codec.gdw1376 import Splitter
from cityinabox.load import energy_meter, read_city


@pytest.fixture(scope="module")
def city_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("city") / "city.json"
    run = subprocess.run(
        [*command("city"), "--seed", "5", "--homes", "3", "-o", path], capture_output=True, text=True, check=True
    )
    assert run.stderr == "seed 5\n"
    return path


def command(*words):
    return [sys.executable, "-m", "cityinabox.cli", *words]


@contextmanager
def started(*words):
    """A running command and what its ready line says; it must end cleanly within three seconds."""
    process = subprocess.Popen(command(*map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        ready = json.loads(process.stdout.readline())
        assert ready["ready"] is True
        yield ready
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()


def test_the_plain_meter_answers_through_the_public_library(city_file, tmp_path):
    clock = "2026-07-02T19:00+08:00@0/0"
    with (
        started("meter645", "--city", city_file, "--home", tmp_path, "--clock", clock) as ready,
        socket.create_connection(("127.0.0.1", ready["port"]), timeout=30) as link,
    ):
        link.sendall(b"\xfe" * 4 + dlt645.read_request(ready["address"], 0x00010000).encode())
        answer = dlt645.decode(link.recv(300))
        link.sendall(dlt645.read_request(ready["address"], 0x02010100).encode())
        voltage = dlt645.decode(link.recv(300))
    meter = energy_meter(read_city(city_file), ready["device"], journal=NoJournal())
    assert (answer.control, answer.address) == (0x91, ready["address"])
    assert number(answer.data[4:]) == meter.register(unix(2026, 7, 2, 19)) // 100
    assert number(voltage.data[4:]) == meter.voltage(unix(2026, 7, 2, 19))


class NoJournal:
    def off_times(self, meter):
        return []

    def fact(self, name, default=0):
        return default


def test_concentrators_call_the_head_end(city_file, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        head_end = f"127.0.0.1:{server.getsockname()[1]}"
        with started("concentrators", "--city", city_file, "--home", tmp_path, "--head-end", head_end) as ready:
            assert ready["terminals"] == 1
            link, _ = server.accept()
            with link:
                (frame,) = Splitter().feed(link.recv(100))
                assert (frame.region, frame.terminal, frame.afn) == ("4401", 1, 0x02)


class Confirming(socketserver.BaseRequestHandler):
    """A head-end that keeps the pushes it confirms."""

    def handle(self):
        splitter = Splitter()
        while chunk := self.request.recv(4096):
            for frame in splitter.feed(chunk):
                if frame.afn == wire.HISTORY:
                    self.server.kept.append(frame.units)
                self.request.sendall(wire.Frame376("4401", 1, 0, 0x0B, 0x60 | frame.number, wire.unit(0, 1)).encode())


SHOP = 4
"""Measuring point of the shop, which has no fault and misses nothing."""


def quarter_hours(units):
    """Times of the points of the shop's curve in a push."""
    times = []
    while units[2:4] == wire.function_mask(101):
        if units[:2] == wire.point_mask(SHOP):
            times += [instant(units[4:9], "mhDMY") + 900 * i for i in range(units[10])]
        units = units[11 + 4 * units[10] :]
    return times


def test_kills_leave_no_gap_and_the_record_holds_only_what_was_confirmed(city_file, tmp_path):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Confirming) as server:
        server.kept, server.daemon_threads = [], True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        clock = f"2026-07-02T19:00+08:00@7200/{time.time()}"
        head_end = f"127.0.0.1:{server.server_address[1]}"
        words = ["--city", city_file, "--home", tmp_path, "--head-end", head_end, "--clock", clock]
        for wait_s in (0.9, 1.2, 0.7, 1.6):
            process = subprocess.Popen(command("concentrators", *words), stdout=subprocess.PIPE)
            process.stdout.readline()
            time.sleep(wait_s)
            process.kill()
            process.communicate()
        server.shutdown()
    told = {at for units in server.kept for at in quarter_hours(units)}
    assert sorted(told) == list(range(min(told), max(told) + 900, 900))
    assert len(told) >= 24
    rows = [json.loads(line) for line in (tmp_path / "record.jsonl").read_text().splitlines()]
    mine = [row for row in rows if row["point"] == SHOP and row["item"] == "electricity_forward_profile_register"]
    assert {row["at"] for row in mine} <= told
    assert len({row["at"] for row in mine}) == len({(row["at"], row["value"]) for row in mine})


def test_a_wrong_file_is_one_sentence(tmp_path):
    (tmp_path / "city.json").write_text("{}")
    run = subprocess.run(command("meter645", "--city", tmp_path / "city.json"), capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith("cityinabox: ")
    assert run.stderr.count("\n") == 1


def test_reads_the_same_clock_text_as_the_product():
    clock = read_clock("2026-07-01T00:00+08:00@600/1000000000")
    assert clock == CityClock(unix(2026, 7, 1), 600.0, 1e9)
    assert abs(read_clock("").time() - time.time()) < 1
    with pytest.raises(ValueError, match="no UTC offset"):
        read_clock("2026-07-01T00:00@60")


def test_a_company_whose_site_is_not_there_says_so(city_file, tmp_path):
    words = ("company", "--site", "http://127.0.0.1:1", "--system", "water_system", "--party", "water", "--service", "water")
    ran = subprocess.run(
        [*command(*words), "--city", city_file, "--home", tmp_path, "--price", "2.50", "--once"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "CITYINABOX_KEY": "x"},
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("cityinabox: http://127.0.0.1:1 does not answer: ")
