"""The process above the wrapper, which does nothing but see to it that the tree does not outlive the wrapper.

The wrapper is its child and dies with it in order: it gets SIGTERM. When the wrapper itself is killed, all that was below
it falls to the keeper, which ends it. Only who kills both at once lets the tree go.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Final

from bus.contain.cgroup import Group
from bus.contain.ending import ending
from bus.contain.launch import become_subreaper, die_with
from bus.contain.tree import Tree, named

_HEARD: Final = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BY_SOMEBODY: Final = 0
"""`si_code` of a signal that a process sent; one from a terminal reaches the wrapper as well."""

END_WITHIN: Final = 5.0
"""Seconds that ending the tree of a dead wrapper may take."""


def kept(work: Callable[[], int], run: str, told: Callable[[str], object]) -> int:
    """Do `work` in a child of this process and return what it returns: in the child, and in this one as well.

    To be called where no thread was started yet. Where this system cannot give orphans to us, `work` is done here.
    """
    if not become_subreaper():
        return work()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        die_with(parent, signal.SIGTERM)
        return work()
    status = _wait(child)
    tree = Tree()
    found = tree.look()
    left = tree.end(END_WITHIN)
    died = os.WIFSIGNALED(status)
    if died or found:
        Group.clean(run)
        text = f"the wrapper {ending(status).text}" if died else "the wrapper failed"
        told(f"{text}; ended: {named(found)}" if found else text)
    if left:
        told(f"still alive: {named(left)}")
    return ending(status).code


def _wait(child: int) -> int:
    """Wait for the wrapper's end; pass on to it the signals that it has not got itself."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    while True:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:  # cannot be while the wrapper is ours to wait for
                return 0
            if pid == child:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
                return status
            if pid == 0:
                break
        heard = signal.sigwaitinfo(_HEARD)
        if heard.si_signo != signal.SIGCHLD and heard.si_code == _BY_SOMEBODY:
            os.kill(child, heard.si_signo)
