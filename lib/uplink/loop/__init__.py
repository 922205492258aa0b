"""The cooperative scheduler: tasks, sleep, events, limits, watchdog. See README.md."""

from .bridge import serve
from .core import Loop
from .task import Cancelled, Task
from .wait import Event, Queue

__all__ = ("Cancelled", "Event", "Loop", "Queue", "Task", "serve")
