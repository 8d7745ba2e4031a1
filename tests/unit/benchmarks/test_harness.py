"""The harness: which benchmarks there are, how sides take turns, and what is told."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.harness.finding import NoBenchmark, find_benchmarks
from benchmarks.harness.machine import this_machine
from benchmarks.harness.measuring import Cost, Measured, cpu_of, interleave
from benchmarks.harness.model import Benchmark, Effort, NothingToMeasure, Row, at_least, at_most
from benchmarks.harness.showing import as_json, as_table


def measured(*walls: float) -> Measured:
    return Measured(tuple(Cost(wall, wall / 2, 0.0, 10.0) for wall in walls))


def test_every_benchmark_is_found_by_the_file_it_is_in() -> None:
    folder = Path(__file__).parents[3] / "benchmarks"
    files = {file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")}
    there = find_benchmarks()
    assert set(there) == files
    assert all(benchmark.title for benchmark in there.values())


def test_a_module_without_a_benchmark_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "empty_benchmarks"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "nothing.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    import importlib

    module = importlib.import_module("empty_benchmarks")
    with pytest.raises(NoBenchmark, match=r"empty_benchmarks\.nothing"):
        find_benchmarks(module)
    sys.modules.pop("empty_benchmarks.nothing")
    sys.modules.pop("empty_benchmarks")


async def test_sides_take_turns_and_none_is_always_first() -> None:
    seen: list[str] = []

    async def a() -> float:
        seen.append("a")
        return 1.0

    async def b() -> float:
        seen.append("b")
        return 2.0

    found = await interleave({"a": a, "b": b}, 3)
    assert "".join(seen) == "ab" + "ab" + "ba" + "ab"
    assert [cost.amount for cost in found["b"].costs] == [2.0, 2.0, 2.0]


async def test_cpu_time_is_that_of_the_work_and_not_of_waiting() -> None:
    async def work() -> float:
        return float(sum(1 for _ in range(500_000)))

    found = await interleave({"work": work}, 1, pids=[os.getpid()])
    (cost,) = found["work"].costs
    assert cost.cpu > 0
    assert cost.others <= cost.cpu + 0.1
    assert cpu_of(()) == 0.0


def test_a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_medians() -> None:
    # The machine was slow in the second round for both.
    assert measured(2.0, 20.0, 3.0).wall_ratio(measured(1.0, 10.0, 2.0)) == 2.0
    assert measured(2.0, 20.0, 3.0).cpu_ratio(measured(1.0, 10.0, 2.0)) == 2.0


def test_figures_are_medians_per_unit_of_work() -> None:
    assert measured(1.0, 100.0, 2.0).wall_per == 0.2
    assert measured(1.0, 100.0, 2.0).rate == 5.0
    assert measured(1.0, 100.0, 2.0).cpu_per == 0.1


def test_an_aim_is_met_at_its_bound() -> None:
    assert at_most(1.3).met(1.3)
    assert not at_most(1.3).met(1.31)
    assert at_least(0.95).met(0.95)
    assert not at_least(0.95).met(0.9)
    assert Row("x", 5.0, "s").met is None


def test_a_quick_run_has_three_rounds_and_a_whole_one_five() -> None:
    assert (Effort(quick=True).rounds, Effort(quick=False).rounds) == (3, 5)
    assert (Effort(quick=True).pick(10, 2), Effort(quick=False).pick(10, 2)) == (2, 10)


def test_json_is_one_object_on_one_line() -> None:
    text = as_json("speed", this_machine(), [Row("a ratio", 1.5, "×", at_most(1.3)), Row("time", 2.0, "s")])
    assert "\n" not in text
    told = json.loads(text)
    assert set(told) == {"benchmark", "machine", "rows"}
    assert told["rows"] == [
        {"name": "a ratio", "value": 1.5, "unit": "×", "aim": "≤ 1.3", "met": False},
        {"name": "time", "value": 2.0, "unit": "s", "aim": None, "met": None},
    ]


def test_the_machine_is_told_without_its_name_and_folders() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.memory_bytes > 0
    text = as_table("speed", "How fast?", machine, [Row("a ratio", 1.5, "×", at_most(1.3))])
    assert set(asdict(machine)) == {"cpu", "cores", "memory_bytes", "system", "python", "load"}
    assert machine.cpu in text
    assert "NOT met" in text


def test_the_command_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(find_benchmarks())


def test_the_command_refuses_what_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nothing-of-the-kind"])
    assert "there is no benchmark nothing-of-the-kind" in capsys.readouterr().err


def test_what_a_machine_has_not_got_is_left_out_with_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_: Effort) -> list[Row]:
        raise NothingToMeasure("there is no Java")

    monkeypatch.setattr("benchmarks.__main__.find_benchmarks", lambda: {"speed": Benchmark("How fast?", nothing)})
    assert main(["speed", "--quick"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "speed is left out: there is no Java\n"


def test_a_benchmark_that_breaks_off_is_told_and_the_others_still_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Effort) -> list[Row]:
        raise RuntimeError("the stack did not start")

    async def fine(_: Effort) -> list[Row]:
        return [Row("time", 1.0, "s")]

    both = {"first": Benchmark("Does it start?", broken), "second": Benchmark("How long?", fine)}
    monkeypatch.setattr("benchmarks.__main__.find_benchmarks", lambda: both)
    assert main(["--quick"]) == 1
    told = capsys.readouterr()
    assert "the stack did not start" in told.err
    assert told.out.startswith("second: How long?")
