"""A guide's example as text, compared with what the driver has said, in order.

`exactly`: all that the driver said by itself, where it says more than the guide, or otherwise.
`Words`: the guide's own commands and answers, as they are printed, each of them exchanged.
"""

import difflib
import re

from uplink.errors import ATError


def ours(text, why):
    """What the driver says by `text`. Its lines:

    AT…               the guide's command
    + word  AT…       ours, besides; `word` is the reason, of the dict `why`
    - word  AT…       the guide's, not said here
    AT…  ~ word AT…   the guide's, which the driver says as it stands behind
    """
    wanted = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word = None
        if line[0] in "+-":
            mark, word, command = line.split(None, 2)
            if mark == "+":
                wanted.append(command)
        elif " ~ " in line:
            word, command = line.partition(" ~ ")[2].split(None, 1)
            wanted.append(command)
        else:
            wanted.append(line)
        assert word is None or word in why, line
    return wanted


def exactly(said, text, why):
    """That `said` is what `text` has, no more and no less, in that order."""
    wanted = ours(text, why)
    assert said == wanted, "\n".join(difflib.ndiff(wanted, said))


class Lines:
    """Records both directions of `world`'s line, in order, as `(direction, bytes)`."""

    def __init__(self, world):
        self.said = []
        peer = world.vm
        receive, take = peer.receive, peer.take

        def heard(data, now_us):
            self._add(">", bytes(data))
            return receive(data, now_us)

        def answered(now_us):
            data = take(now_us)
            self._add("<", bytes(data))
            return data

        peer.receive, peer.take = heard, answered

    def _add(self, way, data):
        if not data:
            return
        if self.said and self.said[-1][0] == way:
            self.said[-1] = (way, self.said[-1][1] + data)
        else:
            self.said.append((way, data))

    def clear(self):
        del self.said[:]

    def cut(self, command):
        """Leave out what was said before the driver's last `command`."""
        at = [i for i, (_, data) in enumerate(self.said) if data.startswith(command.encode())]
        del self.said[: at[-1]]

    def dialogue(self):
        """What was said since `clear`: `> ` what the driver said, `< ` the answer; a line each.

        Line ends around answers are left out: the virtual modem's are tested byte for byte.
        """
        return [way + " " + shown(data) for way, data in self.said]

    def play(self, text):
        """`text` is exactly what was said: the guide's lines as they stand there, behind `> `
        and `< `; a `+` before a line marks what the driver says, or is answered, besides.
        """
        wanted = [line.strip().removeprefix("+ ") for line in text.splitlines()]
        found = self.dialogue()
        assert found == [line for line in wanted if line], "\n".join(found)
        self.clear()

    def commands(self):
        """The driver's command lines alone."""
        text = b"\r".join(data for way, data in self.said if way == ">")
        return [one.decode("latin-1") for one in text.split(b"\r") if one]


def shown(data):
    """Bytes of the line as text, ` | ` for the line ends inside of them."""
    return re.sub(r"(?:\r\n)+", " | ", data.decode("latin-1").strip("\r\n "))


def spoken(command):
    """A command as it goes out: without the blanks of the guide's typesetting, which mean nothing
    outside of strings (V.250, 5.2.1).
    """
    parts = command.split('"')
    return '"'.join(part if i % 2 else part.replace(" ", "") for i, part in enumerate(parts))


# What asks only: the driver may say it at any time.
QUESTIONS = re.compile(r"AT.*\?|AT\+CSQ|AT\+QSSLSTATE|AT#SSLS=1")


class Words:
    """A dialogue word for word. A line of its text: what is said, and its answers, ` | ` before
    each; `...` in an answer is any text. `<name>` alone is the bytes `data[name]` (with what ends
    them), `<size>` how many the guide counts. `+ ` before a line: ours, besides.

    `ask` puts the commands by `ServiceModem.ask()`; `told` only notes what other calls of the
    driver are to exchange; `compare`, at the end, looks at all that went over the line since
    the first: each line of the guide in its place, with its answers. Of what is said besides,
    questions may be anything, the rest is named by its beginning.
    """

    def __init__(self, lines, asked, loop, until, data=None):
        self.lines = lines
        self.asked = asked
        self.loop = loop
        self.until = until
        self.data = data or {}
        self.wanted = []
        lines.clear()

    def told(self, text):
        """(said, answers) of each line of `text`, which are wanted from now on."""
        found = []
        rows = [line for line in map(str.strip, text.splitlines()) if line]
        for line, after in zip(rows, [*rows[1:], ""], strict=True):
            said, *answers = line.removeprefix("+ ").split(" | ")
            if said.startswith("AT"):
                said = spoken(said)
            if "<size>" in said:
                data = self.data[after.split(" | ")[0][1:-1]]
                said = said.replace("<size>", str(len(data.removesuffix(b"\x1a"))))
            found.append((said, " | ".join(answers)))
        self.wanted += found
        return found

    def ask(self, text):
        rows = self.told(text)
        for (said, answer), (after, _) in zip(rows, [*rows[1:], ("", "")], strict=True):
            if not said.startswith("AT"):
                continue  # (the data of the command before)
            more = {}
            if answer in (">", "CONNECT"):
                more = {"data": self.data[after[1:-1]], "prompt": answer.encode()}
            elif said == "AT+QILOCIP":
                more = {"count": 1}
            found = self._question(said, more)
            if "ERROR" in answer:
                assert isinstance(found, ATError), said
            elif not more:
                assert not isinstance(found, ATError), found
                # whoever asks is told the lines of the guide's answer
                told = answer.split(" | ")[:-1]
                assert len(found) == len(told), (found, told)
                for one, wanted in zip(found, told, strict=True):
                    assert like(wanted, one.decode()), (found, told)

    def _question(self, command, more):
        found = []

        async def run():
            try:
                found.append(await self.asked(command.encode(), **more))
            except ATError as error:
                found.append(error)

        self.loop.spawn(run())
        self.until(lambda: found)
        return found[0]

    def exchanges(self):
        """[what was said, what was answered] in order."""
        names = {data: f"<{name}>" for name, data in self.data.items()}
        found = []
        for way, data in self.lines.said:
            if way == ">":
                found.append([names.get(data) or shown(data), ""])
            elif found:
                found[-1][1] = shown(data)
        return found

    def compare(self, besides, why):
        """`besides`: how ours begins, and the word for its reason in `why`."""
        wanted = list(self.wanted)
        found = self.exchanges()
        text = "\n".join(" | ".join(one) for one in found)
        for said, answers in found:
            if wanted and wanted[0][0] == said and like(wanted[0][1], answers):
                del wanted[0]
            elif not QUESTIONS.fullmatch(said):
                words = [why[word] for begin, word in besides.items() if said.startswith(begin)]
                assert words, f"not in the guide: {said}; wanted: {wanted[:1]}\n{text}"
        assert not wanted, f"not exchanged: {wanted[0]}\n{text}"


def like(pattern, text):
    """Whether an answer is the guide's, `...` in it being any text."""
    return re.fullmatch(re.escape(pattern).replace(re.escape("..."), ".*"), text, re.DOTALL)
