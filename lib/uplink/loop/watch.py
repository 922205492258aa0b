"""The hardware watchdog, fed only while every watched task gets on."""

from .. import log
from ..port.ticks import ticks_add, ticks_diff


class Watch:
    """Who is watched (from `spawn(within_ms=…)`), and the watchdog once it is started.

    A task that has ended is not watched any more. A turn without end needs no watching: the
    loop does not get round to feeding.
    """

    def __init__(self):
        self._watched = []  # task, within_ms, task, within_ms, ...
        self._dog = None
        self._every_ms = 0
        self._due = 0
        self._starving = False

    def add(self, task, within_ms):
        self._watched.append(task)
        self._watched.append(within_ms)

    def remove(self, task):
        for i in range(0, len(self._watched), 2):
            if self._watched[i] is task:
                del self._watched[i : i + 2]
                return

    def start(self, dog, ms, now):
        """Feed `dog` every `ms` / 4 from now on."""
        self._dog = dog
        self._every_ms = max(ms // 4, 1)
        self._due = now

    def poll(self, now):
        """Feed when due; the ms until the next time, or -1 without a watchdog."""
        if self._dog is None:
            return -1
        if ticks_diff(now, self._due) >= 0:
            self._due = ticks_add(now, self._every_ms)
            if self._all_in_time(now):
                self._dog.feed()
        return ticks_diff(self._due, now)

    def _all_in_time(self, now):
        i = 0
        while i < len(self._watched):
            task = self._watched[i]
            if ticks_diff(now, task.seen) > self._watched[i + 1]:
                if not self._starving:
                    self._starving = True
                    log.error("loop", "watchdog not fed, task late", task.name)
                return False
            i += 2
        self._starving = False
        return True
