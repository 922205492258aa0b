"""Nothing but functions, constants and a class: its import takes its globals, and no more."""

ONE = 1


class Many:
    A = 1
    B = "two"
    C = b"three"

    def a(self):
        pass

    def b(self):
        pass

    def c(self, x=1):
        pass

    def d(self):
        yield

    def e(self):
        super().__init__()

    @property
    def f(self):
        pass

    @staticmethod
    def g():
        pass

    def h(self):
        return [x or 1 for x in self.d()]


class More(Many):
    def a(self):
        pass


def i(x=(1, 2)):
    return lambda: 1


def j():
    pass
