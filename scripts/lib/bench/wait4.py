"""Runs a program and writes down what it cost: `wait4.py RESULT COMMAND…`.

A process of its own and a small one (8 MiB), because Linux counts the memory that a process had before it became a
program to the program's peak. CPU time is that of the program and all its descendants that were waited for, the peak
that of the largest of them. Work of the container engine does not count.
"""

import os
import sys
import time

began = time.monotonic()
_, status, usage = os.wait4(os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ), 0)
cost = f'"began": {began}, "ended": {time.monotonic()}, "cpu": {usage.ru_utime + usage.ru_stime}'
with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write(f'{{{cost}, "peak": {usage.ru_maxrss / 1024}}}')
sys.exit(os.waitstatus_to_exitcode(status))
