"""Runs one program and writes down what it cost: `measure.py RESULT COMMAND…`.

A process of its own and a small one, because Linux counts the memory that a process had before it
became the program to the program's peak. What is left of that is this interpreter: about 8 MiB, less
than any tool here needs. The interpreter starts with -I -S for the same reason.

The CPU time is that of the program and of all its descendants that were waited for; the peak is that of
the largest single process among them. Work that the container engine does is nobody's.
"""

import os
import sys
import time


def main() -> None:
    result, command = sys.argv[1], sys.argv[2:]
    began = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    ended = time.monotonic()
    code = os.waitstatus_to_exitcode(status)
    with open(result, "w", encoding="ascii") as file:
        file.write(
            f'{{"code": {code}, "began": {began}, "ended": {ended}, '
            f'"cpu": {usage.ru_utime + usage.ru_stime}, "peak": {usage.ru_maxrss * 1024}}}\n'
        )


main()
