"""`python -m tools.diagram [text|mermaid|dot]`: the modem's life as it is in the tables."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))

from uplink.modem import states

ANY = "any other state"
# In the order of their letters, from @ to Z.
EVENTS = (
    "command,start,stop,timer,alive,RDY,down,dark,skip,done,silent,other baud,no SIM,no network,"
    "no data,sleep,wake,retry,reopen,data,network,radio,reset,power,wait,hope,check"
).split(",")
ROWS = [states.NEXT[i : i + 3] for i in range(0, len(states.NEXT), 3)]


def name(state):
    """What a reader calls the state (its letter, an int)."""
    return ANY if state == ord("*") else states.STATES[state - ord("a")]


def event_name(event):
    """… and the event."""
    return EVENTS[event - ord("@")]


def grouped(rows=None):
    """{(from, to): [events]} in the table's order."""
    arrows = {}
    for state, event, following in rows or ROWS:
        arrows.setdefault((state, following), []).append(event_name(event))
    return arrows


def mermaid():
    """A Mermaid state diagram (GitHub draws it in Markdown)."""
    lines = ["stateDiagram-v2", f'    state "{ANY}" as any', "    [*] --> off"]
    lines += [f'    state "{s}" as {s.replace("-", "_")}' for s in states.STATES if "-" in s]
    for (state, following), events in grouped().items():
        left = "any" if name(state) == ANY else name(state).replace("-", "_")
        lines.append(f"    {left} --> {name(following).replace('-', '_')}: {', '.join(events)}")
    return "\n".join(lines)


def dot():
    """Graphviz: `python -m tools.diagram dot | dot -Tsvg`."""
    lines = ["digraph modem {", '  rankdir=LR; node [shape=box, style=rounded, fontname="sans"];']
    for (state, following), events in grouped().items():
        lines.append(f'  "{name(state)}" -> "{name(following)}" [label="{", ".join(events)}"];')
    return "\n".join([*lines, "}"])


def text():
    """One block a state, and the ladder as steps."""
    lines = ["The modem's states", ""]
    for state in b"abcdefghijklmnopqrstuvwxyz*":
        rows = [(e, t) for (s, e, t) in ROWS if s == state]
        lines.append(f"  {name(state)}")
        for i, (event, following) in enumerate(rows):
            branch = "└─" if i == len(rows) - 1 else "├─"
            lines.append(f"    {branch} {event_name(event):<12} → {name(following)}")
    lines += ["", "The recovery ladder (a failure takes the next try)", ""]
    for i, rung in enumerate(states.RUNGS):
        tries, pause_s = (int(chr(c)) for c in states.LADDER[2 * i : 2 * i + 2])
        times = f"{tries} times" if tries > 1 else "once"
        lines.append(f"  {'  ' * i}└ {rung}: {times}, after {pause_s} s")
    lines.append("  then power cycles and waits in turn; each wait is twice as long, 1 h at most")
    return "\n".join(lines)


def main():
    """Print one of the forms."""
    forms = {"text": text, "mermaid": mermaid, "dot": dot}
    parser = argparse.ArgumentParser(prog="python -m tools.diagram", description=__doc__)
    parser.add_argument("form", nargs="?", choices=forms, default="text")
    print(forms[parser.parse_args().form]())


if __name__ == "__main__":
    main()
