"""The module's settings: some save themselves, some with AT&W, the rest are gone at a restart."""


class Settings:
    """Values by name, over three layers: factory, saved in flash, in force."""

    def __init__(self, factory, auto_save, profile):
        """`factory`: {name: value}; `auto_save`, `profile`: names saved at once / by AT&W."""
        self._factory = dict(factory)
        self.auto_save = frozenset(auto_save)
        self.profile = frozenset(profile)
        self.flash = {}
        self.values = dict(factory)
        self.flash_writes = 0

    def __getitem__(self, name):
        return self.values[name]

    def set(self, name, value):
        """Put a value in force, and into flash where it saves itself (equal or not: it wears)."""
        self.values[name] = value
        if name in self.auto_save:
            self.flash[name] = value
            self.flash_writes += 1

    def store(self):
        """AT&W."""
        for name in self.profile:
            self.flash[name] = self.values[name]
        self.flash_writes += 1

    def recall(self):
        """ATZ: what AT&W stored (or the factory's) is in force again."""
        for name in self.profile:
            self.values[name] = self.flash.get(name, self._factory[name])

    def factory(self):
        """AT&F: the factory's values are in force; the flash stays as it is."""
        for name in self.profile:
            self.values[name] = self._factory[name]

    def restart(self):
        """Only what is in flash survives."""
        self.values = dict(self._factory)
        self.values.update(self.flash)
