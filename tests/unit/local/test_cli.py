from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from mesh import cli


class Failing:
    """A command that fails in the way that it is given."""

    name = "fail"
    help = "fail in a chosen way"

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def configure(self, parser: argparse.ArgumentParser) -> None:
        pass

    def run(self, args: argparse.Namespace) -> int:
        raise self._error


@pytest.fixture
def fails_with(monkeypatch: pytest.MonkeyPatch) -> object:
    def prepare(error: BaseException) -> int:
        monkeypatch.setattr(cli, "found_commands", lambda: {"fail": EntryPoint("fail", "none:none", cli.GROUP)})

        def load(_: EntryPoint) -> Failing:
            return Failing(error)

        monkeypatch.setattr(cli, "load", load)
        return cli.main(["fail"])

    return prepare


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (cli.CommandError("That cannot be.", 3), 3, "vidmesh: That cannot be.\n"),
        (FileNotFoundError(2, "No such file or directory", "clip.mp4"), 1, "clip.mp4: No such file or directory"),
        (ValueError("two\nlines"), 1, "vidmesh: Unexpected ValueError: two lines (VIDMESH_DEBUG=1 shows"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_an_error_is_one_sentence_on_stderr_and_a_non_zero_exit(
    fails_with: object, error: BaseException, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(fails_with)
    assert fails_with(error) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(sentence) or sentence in said.err
    assert said.err.count("\n") == (1 if sentence else 0)


def test_a_traceback_is_shown_to_who_asks_for_it(fails_with: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cli.DEBUG, "1")
    assert callable(fails_with)
    with pytest.raises(ValueError, match="deep"):
        fails_with(ValueError("deep"))


def test_a_command_whose_package_is_missing_says_so_instead_of_spoiling_the_others() -> None:
    command = cli.load(EntryPoint("gone", "no_such_package:GONE", cli.GROUP))
    assert "no_such_package cannot be imported" in command.help
    with pytest.raises(cli.CommandError, match="gone is not available"):
        command.run(argparse.Namespace())


@pytest.mark.parametrize("command", ["up", "down", "status", "doctor", "config"])
def test_a_stack_command_is_found_and_its_help_imports_nothing_heavy(command: str) -> None:
    program = (
        "import sys\nfrom mesh import cli\n"
        f"try: cli.main([{command!r}, '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'grpc', 'pydantic', 'psutil', 'httpx', 'nats', 'aioboto3', 'av'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr.strip() == ""
    assert done.stdout.startswith(f"usage: vidmesh {command} ")
    assert "examples:\n  vidmesh " in done.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = [sys.executable, "-m", "mesh.cli", "config", "--print"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        assert done.wait(30) == 141
        assert done.stderr.read() == ""
