"""A guide's example as text, compared with everything that the driver has said, in order."""

import difflib


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
