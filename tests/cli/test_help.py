"""The frame of the command line: help, version, exit codes, what is loaded when."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dltrain
from dltrain.cli.app import _command_names
from tests.cli.conftest import Run

COMMANDS = _command_names()


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(dltrain.__file__).parents[1])},
    )


def test_help_names_every_command(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert all(command in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_holds_an_example(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"dltrain {command} " in " ".join(out.split("Example")[-1].split())


def test_help_loads_neither_numpy_nor_numba_nor_rich_nor_pydantic() -> None:
    program = (
        "import sys; from dltrain.cli.app import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'numba', 'rich', 'pydantic', 'yaml', 'PIL'} & sys.modules.keys()))"
    )
    assert python("-c", program).stdout.splitlines()[-1] == "[]"


def test_python_m_dltrain_works() -> None:
    assert python("-m", "dltrain", "--version").stdout == f"dltrain {dltrain.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--version"], ["list", "--version"], ["-q", "list", "layers", "--version"]]
)
def test_the_version_is_told_everywhere(run: Run, arguments: list[str]) -> None:
    assert run(*arguments) == (0, f"dltrain {dltrain.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [["-v", "list", "losses"], ["list", "-q", "losses"], ["list", "losses", "-v"]]
)
def test_quiet_and_verbose_may_stand_anywhere(run: Run, arguments: list[str]) -> None:
    code, out, _ = run(*arguments)
    assert code == 0
    assert "categorical_crossentropy" in out


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["validate"], ["validate", "a", "b"], ["list", "--colour"]]
)
def test_a_wrong_command_line_exits_2_without_a_traceback(run: Run, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    assert err


def test_a_closed_pipe_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "dltrain", "schema"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(dltrain.__file__).parents[1])},
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_bug_shows_a_traceback_and_exits_1() -> None:
    program = (
        "import dltrain.config.json_schema as j; from dltrain.cli.app import main\n"
        "j.json_schema = lambda: 1 / 0\n"
        "main(['schema'])"
    )
    done = python("-c", program)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "this is a bug in dltrain" in done.stderr


def test_ctrl_c_exits_130() -> None:
    program = (
        "import dltrain.config.json_schema as j; from dltrain.cli.app import main\n"
        "def stop(): raise KeyboardInterrupt\n"
        "j.json_schema = stop\n"
        "main(['schema'])"
    )
    done = python("-c", program)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")
