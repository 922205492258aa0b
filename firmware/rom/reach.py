"""What of the modules is still reached: from their own code, and the globals that they keep."""

from values import Class, Closure, Function, Object, Property, Value, Wrapped


class Reach:
    """`functions` and `classes` that are reached, the Code of all bytecode, and the names that it
    looks up.
    """

    def __init__(self, world, starting=()):
        self.world = world
        self.functions = set()
        self.classes = set()
        self.code = {}
        self._seen = set()
        opcode = world.mpy.Opcode
        self._lookups = (
            opcode.MP_BC_LOAD_NAME,
            opcode.MP_BC_LOAD_GLOBAL,
            opcode.MP_BC_LOAD_ATTR,
            opcode.MP_BC_LOAD_METHOD,
            opcode.MP_BC_IMPORT_FROM,
        )
        self.used = set(starting)
        for module in world.all:
            self._bytecode(module, module.cm.raw_code)
            for value in module.table().values():
                self._value(value)

    def keep(self):
        """Leave nothing else in the modules."""
        world = self.world
        for module in world.all:
            module.functions = [f for f in module.functions if f in self.functions]
            module.classes = [c for c in module.classes if c in self.classes]
        world.classes = [c for c in world.classes if c in self.classes]

    def _bytecode(self, module, rc):
        if rc in self._seen:
            return
        self._seen.add(rc)
        if rc in module.code:
            code = self.code[rc] = module.code[rc]
            code.finish()
            for op in code.ops:
                if op.code in self._lookups:
                    self.used.add(op.arg.str)
                if isinstance(op.arg, Value):
                    self._value(op.arg)
        for child in rc.children:
            self._bytecode(module, child)

    def _value(self, value):
        if isinstance(value, (Object, str, bytes)):
            return
        if isinstance(value, (tuple, list)):
            for part in value:
                self._value(part)
        elif isinstance(value, (Closure, Wrapped)):
            self._value(value.function)
            self._value(getattr(value, "owner", None))
        elif isinstance(value, Property):
            self._value(value.functions)
        elif isinstance(value, Function) and value not in self.functions:
            self.functions.add(value)
            self._bytecode(value.module, value.rc)
        elif isinstance(value, Class) and value not in self.classes:
            self.classes.add(value)
            self._value(tuple(value.members.values()))
            self._value(value.base)
