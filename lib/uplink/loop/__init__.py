"""The cooperative scheduler: tasks, sleep, events, limits, watchdog. See README.md."""

try:
    # the same in C: firmware/native, in images of ours
    from _uplink import Cancelled, Event, Loop, Queue, Task
except ImportError:
    from .core import Loop
    from .wait import Cancelled, Event, Queue, Task
from .bridge import serve

__all__ = ("Cancelled", "Event", "Loop", "Queue", "Task", "serve")
