"""The cooperative scheduler: tasks, sleep, events, limits, watchdog. See README.md."""

from .core import Loop, serve
from .wait import Cancelled, Event, Queue, Task

__all__ = ("Cancelled", "Event", "Loop", "Queue", "Task", "serve")
