"""What tests of commands share."""

import pytest

from vettura.cli.app import run_command


@pytest.fixture
def said(capsys):
    """Run a command in this process: its exit code, output and errors."""

    def run(*arguments):
        code = run_command([str(a) for a in arguments])
        heard = capsys.readouterr()
        assert "Traceback" not in heard.err
        return code, heard.out, heard.err

    return run
