"""The lock of a site."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from console.recording.lock import hold
from console.recording.schema import RecordingError


def test_one_supervisor_holds_the_lock_and_the_other_is_told_whose(tmp_path: Path) -> None:
    path = tmp_path / "site" / "supervisor.lock"
    with hold(path):
        with pytest.raises(RecordingError, match=rf"another supervisor, pid {os.getpid()},"), hold(path):
            pass
        path.with_suffix(".pid").write_text("not a number")
        with pytest.raises(RecordingError, match="another supervisor runs"), hold(path):
            pass
    with hold(path):
        assert path.with_suffix(".pid").read_text().strip() == str(os.getpid())
    assert not path.with_suffix(".pid").exists()


def test_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "supervisor.lock"
    code = """
        import sys
        from pathlib import Path
        from console.recording.lock import hold
        with hold(Path(sys.argv[1])):
            print("held", flush=True)
            sys.stdin.read()
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(RecordingError, match=rf"pid {child.pid},"), hold(path):
            pass
        child.kill()
        child.wait()
        with hold(path):
            pass


def test_a_lock_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(RecordingError, match="cannot be locked"), hold(tmp_path / "site" / "supervisor.lock"):
        pass
