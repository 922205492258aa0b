"""What patch 0030 remembers of methods and names is what a whole search would find."""

import gc


class Base:
    def name(self):
        return "base"

    def other(self):
        return "other"


class Derived(Base):
    pass


def call(obj):
    """One place in the code: what it remembers of one object is tried with the next."""
    return obj.name()


def test_an_instance_hides_a_method():
    first, second = Derived(), Derived()
    assert call(first) == call(second) == "base"
    second.name = lambda: "instance"
    assert call(first) == "base" and call(second) == "instance"
    del second.name
    assert call(second) == "base"


def test_a_class_gets_loses_and_changes_a_method():
    class Fresh(Base):
        pass

    obj = Fresh()
    assert call(obj) == "base"
    Fresh.name = lambda self: "changed"
    assert call(obj) == "changed"
    del Fresh.name
    assert call(obj) == "base"


def test_a_base_changes_below_its_subclasses():
    class Low:
        def name(self):
            return "low"

    class High(Low):
        pass

    obj = High()
    assert call(obj) == "low"
    Low.name = lambda self: "new"
    assert call(obj) == "new"


def make(text):
    class One:
        def name(self):
            return text

    return One()


def test_classes_that_are_collected():
    for i in range(300):
        assert call(make(i)) == i
        if i % 20 == 0:
            gc.collect()


def test_kinds_of_members():
    class Kinds:
        value = 3

        def plain(self):
            return self

        def static():
            return "static"

        static = staticmethod(static)

        def klass(cls):
            return cls

        klass = classmethod(klass)

        @property
        def prop(self):
            return lambda: "property"

        def __getattr__(self, name):
            if name == "absent":
                raise AttributeError(name)
            return lambda: name

    obj = Kinds()
    for _ in range(3):
        assert obj.plain() is obj
        assert obj.static() == "static"
        assert obj.klass() is Kinds
        assert obj.prop() == "property"
        assert obj.made_up() == "made_up"
        assert obj.value == 3
        try:
            obj.absent()
            raise AssertionError("nothing is there")
        except AttributeError:
            pass


def test_native_types():
    for data in (bytearray(b"a,b"), b"a,b", "a,b"):
        comma = "," if isinstance(data, str) else b","
        for _ in range(2):
            assert data.find(comma) == 1
    items = [3, 1, 2]
    items.append(0)
    items.sort()
    assert items == [0, 1, 2, 3]

    class Mine(list):
        def append(self, x):
            super().append(x + 1)

    mine = Mine()
    mine.append(1)
    mine.append(2)
    assert list(mine) == [2, 3]


def test_properties_and_setters_are_asked():
    class Box:
        def __init__(self):
            self._x = 0
            self.set = 0

        @property
        def x(self):
            return self._x

        @x.setter
        def x(self, value):
            self._x = value
            self.set += 1

    box = Box()
    for i in range(4):
        box.x = i
        assert box.x == i and box.set == i + 1


def test_names_in_globals_and_objects():
    class Many:
        pass

    many = Many()
    # More names than a table has places, and as many again in another order.
    for i in range(300):
        setattr(many, "name%d" % i, i)
    for i in range(299, -1, -1):
        assert getattr(many, "name%d" % i) == i
    for i in range(0, 300, 2):
        delattr(many, "name%d" % i)
    for i in range(300):
        assert hasattr(many, "name%d" % i) == (i % 2 == 1)
    many.a = 1
    many.a += 1
    del many.a
    try:
        many.a  # noqa: B018
        raise AssertionError("it is gone")
    except AttributeError:
        pass


def test_small_integers_at_their_bounds():
    big = 0x3FFFFFFF
    least = -big - 1
    assert big + 1 == 0x40000000 and least - 1 == -0x40000001
    assert big - least == 0x7FFFFFFF and least + least == -0x80000000
    big64 = (1 << 62) - 1
    assert big64 + 1 == 1 << 62 and -big64 - 2 == -(1 << 62) - 1
    for a in (0, 1, -1, big, least, big64):
        for b in (0, 1, -1, big, least, big64):
            assert (a < b) == (not a >= b) and (a > b) == (not a <= b)
            assert (a == b) == (not a != b)
            assert a + b - b == a and a - b + b == a
            assert (a & b) + (a | b) == a + b
    assert True + True == 2 and (True < 2) and 1 == 1.0 and 3 > 2.5


def refused(f, error):
    try:
        f()
    except error:
        return True
    return False


def test_elements_and_their_bounds():
    from array import array

    for x in ([1, 2, 3], (1, 2, 3), bytearray(b"\1\2\3"), b"\1\2\3", array("i", (1, 2, 3))):
        assert x[0] == x[-3] == 1 and x[2] == x[-1] == 3
        assert refused(lambda x=x: x[3], IndexError)
        assert refused(lambda x=x: x[-4], IndexError)
    a = array("i", (0, 0))
    a[1] = -0x80000000
    assert a[1] == -0x80000000
    a[0] = 0x7FFFFFFF
    assert a[0] == 0x7FFFFFFF
    items = [0, 0]
    items[1] = items
    items[-1] = 5
    assert items == [0, 5]

    def beyond():
        items[2] = 1

    assert refused(beyond, IndexError)
    assert {1: 2}[1] == 2 and "abc"[1] == "b"


def positional(a, b, c=3, d=4):
    return (a, b, c, d)


def cells(a, b):
    def inner():
        return a

    a += 1
    return inner() + b


def test_calls():
    assert positional(1, 2) == (1, 2, 3, 4) and positional(1, 2, 5) == (1, 2, 5, 4)
    assert positional(1, 2, 5, 6) == (1, 2, 5, 6) and positional(1, b=2, d=0) == (1, 2, 3, 0)
    assert cells(1, 2) == 4
    assert refused(lambda: positional(1), TypeError)
    assert refused(lambda: positional(1, 2, 3, 4, 5), TypeError)
    assert (lambda *a: a)(1, 2) == (1, 2)
    assert (lambda a, *b: (a, b))(1) == (1, ())
    assert (lambda **k: k)(x=1) == {"x": 1}
    assert refused(lambda: Base.name(), TypeError)
    assert Base.name(None) == "base"


def test_truth():
    seen = [bool(x) for x in (0, 1, None, True, False, "", "a", [], [0], 0.0, 1 << 70)]
    assert seen == [False, True, False, True, False, False, True, False, True, False, True]
    count = 0
    for x in (0, 1, None, True, False, "", "a", [], [0], 0.0, 1 << 70):
        if x:
            count += 1
        if not x:
            count += 100
    assert count == 605
