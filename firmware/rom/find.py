"""What straight-line bytecode makes, on a stack of known values.

Whatever is not known here (an instruction, a value) raises Unknown: the code then stays as it is.
"""

from values import (
    BUILD_CLASS,
    CELL,
    NULL,
    Builtin,
    Class,
    Closure,
    Function,
    Module,
    Property,
    Value,
    Wrapped,
    is_constant,
)

_WRAPPERS = ("staticmethod", "classmethod")


class _Entry:
    """A known value on the stack, made by the instructions from `start` on; `pure`: only to make
    it.
    """

    def __init__(self, start, value, pure=True):
        self.start = start
        self.value = value
        self.pure = pure


class Unknown(Exception):
    """The code makes something that is not known here."""


class Machine:
    """The stack, and what each instruction does to it. `names`: what a name stands for."""

    def __init__(self, module, code, names, cells=()):
        self.module = module
        self.code = code
        self.names = names
        self.cells = cells
        self.stack = []
        opcode = code.mpy.Opcode
        self.opcode = opcode
        self.actions = {
            getattr(opcode, "MP_BC_" + name[1:].upper()): getattr(self, name)
            for name in dir(self)
            if name.startswith("_") and hasattr(opcode, "MP_BC_" + name[1:].upper())
        }

    def step(self, i, op):
        """Do ops[i]. Raises Unknown, and then the stack is to be emptied."""
        first = self.opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI
        if first <= op.code < first + self.opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_NUM:
            excess = self.opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_EXCESS
            return self.put(i, op.code - first - excess)
        first = self.opcode.MP_BC_LOAD_FAST_MULTI
        if first <= op.code < first + self.opcode.MP_BC_LOAD_FAST_MULTI_NUM:
            return self.load_fast(i, op.code - first)
        action = self.actions.get(op.code)
        if action is None:
            raise Unknown
        return action(i, op)

    def push(self, start, value, pure=True):
        entry = _Entry(start, value, pure)
        self.stack.append(entry)
        return entry

    def pop(self, n=1):
        """The n topmost entries, the lowest first."""
        if n > len(self.stack):
            raise Unknown
        found = self.stack[len(self.stack) - n :]
        del self.stack[len(self.stack) - n :]
        return found

    def known(self, n):
        """Values of the n topmost entries, where their code starts, and whether that is pure."""
        found = self.pop(n)
        if any(entry.value is None for entry in found):
            raise Unknown
        values = [entry.value[0] for entry in found]
        return values, found[0].start if found else None, all(entry.pure for entry in found)

    # In an entry, a value is a tuple of one, so that the constant None is no unknown value.

    def put(self, start, value, pure=True):
        return self.push(start, (value,), pure)

    def load_fast(self, i, local):
        if local not in self.cells:
            raise Unknown
        self.put(i, CELL)

    def _load_const_false(self, i, op):
        self.put(i, False)

    def _load_const_none(self, i, op):
        self.put(i, None)

    def _load_const_true(self, i, op):
        self.put(i, True)

    def _load_const_small_int(self, i, op):
        self.put(i, op.arg)

    def _load_const_string(self, i, op):
        self.put(i, op.arg.str)

    def _load_const_obj(self, i, op):
        self.put(i, op.arg if isinstance(op.arg, Value) else op.arg.value)

    def _load_null(self, i, op):
        self.put(i, NULL)

    def _load_build_class(self, i, op):
        self.put(i, BUILD_CLASS)

    def _load_fast_n(self, i, op):
        self.load_fast(i, op.arg)

    def _load_name(self, i, op):
        found = self.names(op.arg.str)
        if found is None:
            self.push(i, None, pure=False)
        else:
            self.push(i, found)

    def _load_global(self, i, op):
        self._load_name(i, op)

    def _load_attr(self, i, op):
        (value,), start, pure = self.known(1)
        if isinstance(value, Module):
            found = self.module.world.attribute(self.module, value, op.arg.str)
        elif isinstance(value, Property) and op.arg.str in ("setter", "deleter"):
            found = ((value, op.arg.str),)
        elif isinstance(value, Class):
            found = value.method(op.arg.str)
        else:
            found = None
        self.push(start, found, pure and found is not None)

    def _build_tuple(self, i, op):
        values, start, pure = self.known(op.arg)
        if not all(map(is_constant, values)):
            raise Unknown
        self.put(i if start is None else start, tuple(values), pure)

    def _dup_top(self, i, op):
        (entry,) = self.pop()
        self.stack.append(entry)
        self.push(i, entry.value, entry.pure)

    def _pop_top(self, i, op):
        self.pop()

    def _make_function(self, i, op):
        return self.make(i, op.arg, ())

    def _make_function_defargs(self, i, op):
        (defaults, keywords), start, pure = self.known(2)
        if keywords is not NULL or not isinstance(defaults, tuple):
            raise Unknown
        return self.make(start, op.arg, defaults, pure)

    def make(self, start, rc, defaults, pure=True):
        mpy = self.code.mpy
        plain = rc.code_kind == mpy.MP_CODE_BYTECODE
        if not pure or not (plain or (rc.code_kind == mpy.MP_CODE_NATIVE_VIPER and not defaults)):
            raise Unknown
        return self.put(start, Function(self.module, rc, defaults))

    def _make_closure(self, i, op):
        (cell,), start, pure = self.known(op.extra)
        return self.close(start, op, cell, (), pure)

    def _make_closure_defargs(self, i, op):
        (defaults, keywords, cell), start, pure = self.known(2 + op.extra)
        if keywords is not NULL or not isinstance(defaults, tuple):
            raise Unknown
        return self.close(start, op, cell, defaults, pure)

    def close(self, start, op, cell, defaults, pure):
        if cell is not CELL or op.arg.code_kind != self.code.mpy.MP_CODE_BYTECODE or not pure:
            raise Unknown
        if self.module.stores_cell(op.arg):
            raise Unknown
        return self.put(start, Closure(Function(self.module, op.arg, defaults)))

    def _call_function(self, i, op):
        if op.arg > 0xFF:
            raise Unknown
        (function, *args), start, pure = self.known(1 + op.arg)
        if not pure:
            raise Unknown
        if function is BUILD_CLASS:
            found = self.module.make_class(*args)
        else:
            found = decorate(function, args)
        if found is None:
            raise Unknown
        return self.put(start, found)

    def _import_name(self, i, op):
        (level, names), start, _ = self.known(2)
        self.push(start, self.module.imported(op.arg.str, level, names), pure=False)

    def _import_from(self, i, op):
        if not self.stack or self.stack[-1].value is None:
            raise Unknown
        value = self.stack[-1].value[0]
        if not isinstance(value, Module):
            raise Unknown
        found = self.module.world.attribute(self.module, value, op.arg.str)
        self.push(i, found, pure=False)


def decorate(function, args):
    """What a decorator of a class body makes of a function, or None."""
    if len(args) != 1 or not isinstance(args[0], (Function, Closure)):
        return None
    if isinstance(function, Builtin) and function.name in _WRAPPERS:
        return Wrapped(function.name, args[0])
    if isinstance(function, Builtin) and function.name == "property":
        return Property([args[0], None, None])
    if isinstance(function, tuple):
        value, part = function
        return value.having(part, args[0])
    return None


class ClassBody:
    """The members of a class by its body's code: {name: value}; raises Unknown."""

    # Every class has them, and nothing of MicroPython looks at them.
    LEFT_OUT = ("__module__", "__qualname__")

    def __init__(self, module, code, names):
        self.members = {}
        self.uses_cell = False
        outer = names

        def lookup(name):
            if name in self.members:
                return (self.members[name],)
            return (NULL,) if name == "__name__" else outer(name)

        opcode = code.mpy.Opcode
        machine = Machine(module, code, lookup, code.cells)
        if code.targets() or len(code.cells) > 1:
            raise Unknown
        for i, op in enumerate(code.ops):
            if op.code == opcode.MP_BC_RETURN_VALUE:
                ((value,), _, _) = machine.known(1)
                if value is not None and value is not CELL:
                    raise Unknown
                return
            if op.code == opcode.MP_BC_STORE_NAME:
                ((value,), _, pure) = machine.known(1)
                self._store(op.arg.str, value, pure)
            else:
                machine.step(i, op)
        raise Unknown

    def _store(self, name, value, pure):
        if name in self.LEFT_OUT:
            return
        if not pure or not (isinstance(value, Value) or is_constant(value)):
            raise Unknown
        if name == "__new__" and isinstance(value, (Function, Closure)):
            value = Wrapped("staticmethod", value)
        self.members[name] = value
