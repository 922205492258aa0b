"""A table of commands, filled by decorators."""


class Table(dict):
    """name -> handler(command)."""

    def command(self, *names):
        """Enter a handler under `names` (without AT and +)."""

        def enter(handler):
            for name in names:
                self[name] = handler
            return handler

        return enter

    def stored(self, name, choice):
        """A command that keeps one number out of `choice` in the settings: set, read, test."""
        sign = name if name[0] == "#" else "+" + name

        def handler(c):
            settings = c.modem.settings
            if c.op == "read":
                c.info(f"{sign}: {settings[name]}")
                c.ok()
            elif c.op == "test":
                c.info(f"{sign}: ({','.join(map(str, choice))})")
                c.ok()
            elif c.op == "set" and len(c.args) == 1 and c.number(0) in choice:
                settings.set(name, c.number(0))
                c.ok()
            else:
                c.error()

        self[name] = handler
