"""Things to do at a time: a heap of callbacks, in integer microseconds."""

import heapq


class Timers:
    """Callbacks in order of time, then of planning."""

    def __init__(self):
        self._heap = []
        self._count = 0
        # So many may be planned before what was cancelled is swept out.
        self._room = 64

    def at(self, when_us: int, call, *args):
        """Plan `call(*args)` at `when_us`; returns a handle for `cancel`."""
        if len(self._heap) >= self._room:
            self._heap = [entry for entry in self._heap if entry[2] is not None]
            heapq.heapify(self._heap)
            self._room = 2 * len(self._heap) + 64
        self._count += 1
        entry = [int(when_us), self._count, call, args]
        heapq.heappush(self._heap, entry)
        return entry

    @staticmethod
    def cancel(entry):
        """Forget a planned call (None and calls already made are fine)."""
        if entry is not None:
            entry[2:] = None, ()

    def next(self):
        """The time of the earliest call, or None."""
        heap = self._heap
        while heap and heap[0][2] is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run(self, now_us: int) -> bool:
        """Make the earliest call if it is due; returns whether there was one."""
        when = self.next()
        if when is None or when > now_us:
            return False
        entry = heapq.heappop(self._heap)
        call, entry[2] = entry[2], None
        call(*entry[3])
        return True
