"""What the terminal shows: one line after the other, or a live picture where it is a terminal."""

import sys
import time
from collections import deque

_KEPT = 200
_FRAME_S = 0.1
_COLOURS = {"device": "green", "modem": "cyan", "broker": "magenta", "watcher": "yellow"}


class Plain:
    """Prefixed lines: for logs, pipes and `--plain`."""

    def __init__(self, progress, out=None):
        self.progress = progress
        self.out = sys.stdout if out is None else out
        self.chain = ""
        self.counts = progress.counts()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def line(self, source, text):
        """A line of one of the programs."""
        self._print(f"{source:8}| {text}")
        chain = self.progress.chain()
        if chain != self.chain:
            self.chain = chain
            self._print(f"{'state':8}| {chain}")
        counts = self.progress.counts()
        if counts != self.counts:
            self.counts = counts
            self._print(f"{'state':8}| {counts}")

    def note(self, text):
        """Something that the demo itself has to say."""
        self._print(f"{'demo':8}| {text}")

    def refresh(self, force=False):
        """Nothing: lines stand as they were printed."""

    def _print(self, text):
        print(text, file=self.out, flush=True)


class Live:
    """Three panes, the chain of stages above and the counters below (rich)."""

    def __init__(self, progress):
        from rich.console import Console
        from rich.live import Live as RichLive

        self.progress = progress
        self.lines = {name: deque(maxlen=_KEPT) for name in _COLOURS}
        self.notes = deque(maxlen=3)
        self.console = Console()
        self.live = RichLive(console=self.console, auto_refresh=False, screen=True)
        self.drawn_at = 0.0
        self.started = time.monotonic()

    def __enter__(self):
        self.live.__enter__()
        return self

    def __exit__(self, *error):
        self.live.__exit__(*error)
        for note in self.notes:
            self.console.print(note, markup=False, highlight=False)
        self.console.print(self.progress.chain(), markup=False, highlight=False)
        self.console.print(self.progress.counts(), markup=False, highlight=False)

    def line(self, source, text):
        """A line of one of the programs."""
        pane = source if source in self.lines else "broker"
        self.lines[pane].append(text)
        self.refresh()

    def note(self, text):
        """Something that the demo itself has to say."""
        self.notes.append(text)
        self.refresh(force=True)

    def refresh(self, force=False):
        """Draw anew, at most ten times a second."""
        now = time.monotonic()
        if force or now - self.drawn_at >= _FRAME_S:
            self.drawn_at = now
            self.live.update(self._picture(), refresh=True)

    def _picture(self):
        from rich.layout import Layout
        from rich.panel import Panel
        from rich.text import Text

        progress = self.progress
        head = Text(progress.chain(), style="bold", no_wrap=True, overflow="ellipsis")
        seconds = int(time.monotonic() - self.started)
        foot = Text(f"{progress.counts()}   {seconds} s   Ctrl-C ends it\n", overflow="ellipsis")
        foot.append(f"last command  {progress.last_command}  ⇒  {progress.last_reply}\n")
        foot.append(self.notes[-1] if self.notes else "", style="dim")
        foot.no_wrap = True
        height = max(3, self.console.size.height - 8)
        bottom = max(4, height // 4)
        layout = Layout()
        layout.split_column(
            Layout(Panel(head, title="Uplink"), size=3),
            Layout(name="panes"),
            Layout(self._pane("watcher", bottom - 2), size=bottom),
            Layout(Panel(foot), size=5),
        )
        rows = height - bottom - 2
        layout["panes"].split_row(
            *(Layout(self._pane(name, rows)) for name in ("device", "modem", "broker"))
        )
        return layout

    def _pane(self, name, rows):
        from rich.panel import Panel
        from rich.text import Text

        rows = max(1, rows)
        text = Text("\n".join(list(self.lines[name])[-rows:]), no_wrap=True, overflow="ellipsis")
        title = "watcher (mosquitto_sub)" if name == "watcher" else name
        return Panel(text, title=title, border_style=_COLOURS[name])


def choose(progress, plain):
    """The view that fits where the output goes."""
    if plain or not sys.stdout.isatty():
        return Plain(progress)
    try:
        return Live(progress)
    except ImportError:
        return Plain(progress)
