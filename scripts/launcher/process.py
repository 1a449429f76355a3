# Boost Software License 1.0, see LICENSE
"""Processes that are named by pid and start time, so that a signal never hits another one that got the same pid."""

import ctypes
import os
import select
import signal
import subprocess

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def start_time(pid):
    """When the process was started, in ticks since boot, or None when there is none, not even a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return None


class Process:
    def __init__(self, pid, started):
        self.pid = pid
        self.started = started

    def alive(self):
        return not self.wait(0)

    def send(self, number):
        """Sends a signal. False when the process is no more."""
        handle = self._open()
        if handle is None:
            return False
        try:
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)
        return True

    def wait(self, seconds):
        """True when the process has ended within the time, with all its threads: then its ports are free. A zombie has ended, too; whoever
        should fetch its exit code may be in no hurry."""
        handle = self._open()
        if handle is None:
            return True
        try:
            poll = select.poll()  # select() knows no handles above 1023
            poll.register(handle, select.POLLIN)
            ended = bool(poll.poll(1000 * seconds))
        finally:
            os.close(handle)
        if ended:
            self._reap()
        return ended

    def _open(self):
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        # The order matters: what the handle names cannot change any more.
        if start_time(self.pid) != self.started:
            os.close(handle)
            return None
        return handle

    def _reap(self):
        try:
            os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            pass  # another process's child


def spawn(argv, log, *, outlive=False, env=None, cwd=None):
    """Starts a program whose output goes to the end of the file `log`."""
    parent = os.getpid()

    def die_with_parent():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    with open(log, "ab") as output:
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=cwd, start_new_session=True,
            preexec_fn=None if outlive else die_with_parent)
    # The exit code is fetched in Process, not by Popen.
    child.returncode = 0
    return Process(child.pid, start_time(child.pid))
