"""Frozen modules: what their names stand for, and their code rewritten."""

from bytecode import Code, Constant
from find import ClassBody, Machine, Unknown
from fixed import Fixed
from idle import Idle
from reach import Reach
from short import Short, texts_of
from sure import Interpreter, Sure
from values import (
    Builtin,
    Class,
    Closure,
    Function,
    Module as ModuleName,
    Object,
    Property,
    Value,
    Wrapped,
    is_constant,
)
from write import write

# Classes of the interpreter that a class in ROM may have as its base: `object`, and exceptions.
EXCEPTIONS = (
    "BaseException Exception ArithmeticError AssertionError AttributeError EOFError GeneratorExit "
    "ImportError IndentationError IndexError KeyboardInterrupt KeyError LookupError MemoryError "
    "NameError NotImplementedError OSError OverflowError RuntimeError StopIteration SyntaxError "
    "SystemExit TypeError ValueError ViperTypeError ZeroDivisionError"
).split()
BUILTINS = {*EXCEPTIONS, "object", "staticmethod", "classmethod", "property"}

# A port runs these as scripts, with the globals of __main__: what they define stays in RAM.
SCRIPTS = ("boot", "main", "_boot", "_boot_fat", "_mkfs", "frozentest")


class World:
    """All modules that are frozen together, by full name."""

    def __init__(self, mpy, tree, genhdr, compiled, public=None, pool=()):
        self.mpy = mpy
        self.interpreter = Interpreter(genhdr, tree, pool)
        self.modules = {}
        for index, cm in enumerate(compiled):
            module = cm.rom = Module(self, cm, index)
            self.modules.setdefault(module.name, module)
        self.all = [cm.rom for cm in compiled]
        Sure(self)
        for module in self.all:
            module.count()
        self.classes = []
        self.changed = {(m.package, name) for m in self.all for name in m.changed()}
        self.assigned = {(m.package, name) for m in self.all for name in m.assigned()}
        for module in self.all:
            module.read()
        self.fixed = Fixed(self, tree)
        if public is not None:
            public.keep(self.modules)
            Idle(self, public.package)
        self.reach = self._reach(public, pool)
        self.short = None
        if public is not None:
            self.short = Short(self, public, pool)
            self.short.apply()
        self.tables, self.n_constants = write(self)

    def _reach(self, public, pool):
        """The Reach of all modules. Of a package with short names, only what is public or asked
        for by name somewhere stays a global.
        """
        reach = Reach(self)
        if public is not None:
            ours = [module for module in self.all if module.package == public.package]
            # C code may ask for what the interpreter has names for.
            texts, used = texts_of(ours) | pool, None
            while reach.used != used:
                used = reach.used
                for module in ours:
                    module.rows = {
                        name: value
                        for name, value in module.all_rows().items()
                        if name in module.inner
                        or module.has_native
                        or name == "__getattr__"
                        or (name == "__version__" and module.name == module.package)
                        or (module.offers(name, value) and name in public.names)
                        or (module.has(name, value) and (name in used or name in texts))
                    }
                reach = Reach(self, starting=used)
        reach.keep()
        return reach

    def attribute(self, asking, value, name):
        """(the value,) of an attribute of a module, or None."""
        full = f"{value.name}.{name}"
        module = self.modules.get(value.name)
        if value.name in self.interpreter.modules and module is None:
            found = self.interpreter.objects.get((value.name, name))
            return found and (found,)
        # Another package may be replaced by files of the user's, which come first in sys.path.
        if module is None or module.package != asking.package:
            return None
        inner = self.modules.get(full)
        if inner is not None:
            return (ModuleName(full),) if module.stores.get(name, 0) == module.own(name) else None
        module.read()
        found = module.constant(name)
        if found and is_constant(found[0]) and (asking.package, name) in self.changed:
            # A setting, which may be changed before it is read.
            return None
        return found


class Module:
    """One frozen module. `code`: RawCode → Code of all its bytecode."""

    def __init__(self, world, cm, index):
        self.world = world
        self.cm = cm
        self.index = index
        path = cm.source_file.str.removesuffix(".py")
        self.is_package = path.endswith("/__init__")
        self.name = path.removesuffix("/__init__").replace("/", ".")
        self.package = self.name.split(".")[0]
        self.constants = [Constant(value) for value in cm.obj_table]
        self.code = {}
        self.has_native = False
        self._decode(cm.raw_code)
        self.stores = {}
        self.count()
        self.is_script = self.name in SCRIPTS
        self.known = {}
        # Set by Fixed.
        self.fixed = {}
        self.inner = {}
        # Names that it imports from elsewhere in its package, not from what is in it.
        self.borrowed = set()
        self.rows = None
        # Its table of names: (C symbol, index where it begins there).
        self.names_at = None
        self.names_used = ()
        # Places in the table of constants of those that it has first; None: it has its own.
        self.constants_at = None
        # What a traceback calls the module's file, if that is not its path.
        self.file = None
        self.functions = []
        # RawCode of methods → number of the local that is an instance of their class.
        self.methods = {}
        self.classes = []
        self._state = 0

    def _decode(self, rc):
        if rc.code_kind == self.world.mpy.MP_CODE_BYTECODE:
            rc.rom_code = self.code[rc] = Code(self.world.mpy, rc, self.constants)
        else:
            self.has_native = True
        for child in rc.children:
            self._decode(child)

    def count(self):
        """Set `stores`: {name: how often the module's code stores or deletes that global}; None:
        any name.
        """
        opcode, found = self.world.mpy.Opcode, {}
        top = (opcode.MP_BC_STORE_NAME, opcode.MP_BC_DELETE_NAME)
        anywhere = (opcode.MP_BC_STORE_GLOBAL, opcode.MP_BC_DELETE_GLOBAL)
        for rc, code in self.code.items():
            for op in code.ops:
                if op.code in anywhere or (op.code in top and rc is self.cm.raw_code):
                    found[op.arg.str] = found.get(op.arg.str, 0) + 1
                elif op.code == opcode.MP_BC_IMPORT_STAR:
                    found[None] = 1
        self.stores = found

    def hands_out(self):
        """Whether the module's code may take its globals as a dict."""
        return self._asks_for("globals", "locals", "exec", "eval")

    def runs_text(self):
        """Whether the module's code may run text, which may assign any global."""
        return self._asks_for("exec", "eval")

    def _asks_for(self, *names):
        opcode = self.world.mpy.Opcode
        loads = (opcode.MP_BC_LOAD_NAME, opcode.MP_BC_LOAD_GLOBAL)
        return any(
            op.code in loads and op.arg.str in names
            for code in self.code.values()
            for op in code.ops
        )

    def own(self, name):
        """How often a package's own code stores a submodule of it by its name."""
        opcode, ops = self.world.mpy.Opcode, self.code[self.cm.raw_code].ops
        return sum(
            load.code == opcode.MP_BC_IMPORT_FROM
            and store.code == opcode.MP_BC_STORE_NAME
            and load.arg.str == store.arg.str == name
            for load, store in zip(ops, ops[1:], strict=False)
        )

    def changed(self):
        """Names of attributes that the module's code assigns, of whatever they are."""
        for code in self.code.values():
            for op in code.ops:
                if op.code == self.world.mpy.Opcode.MP_BC_STORE_ATTR:
                    yield op.arg.str

    def assigned(self):
        """Names of what has an attribute assigned (`Name.x = …`): such a class is no constant."""
        opcode = self.world.mpy.Opcode
        loads = (opcode.MP_BC_LOAD_NAME, opcode.MP_BC_LOAD_GLOBAL, opcode.MP_BC_LOAD_ATTR)
        for code in self.code.values():
            for load, then in zip(code.ops, code.ops[1:], strict=False):
                # The second is `Name.x += …`.
                if load.code in loads and then.code in (
                    opcode.MP_BC_STORE_ATTR,
                    opcode.MP_BC_DUP_TOP,
                ):
                    yield load.arg.str

    def constant(self, name):
        """(the value,) that a global has whenever it has one, or None."""
        return self.known.get(name)

    def lookup(self, name):
        if name in self.known:
            return self.known[name]
        if name in BUILTINS and name not in self.stores and None not in self.stores:
            return (Builtin(name),)
        return None

    def imported(self, name, level, names):
        """(a ModuleName,) of what `import` gives, or None."""
        if level:
            parts = self.name.split(".")
            parts = parts[: len(parts) - level + self.is_package]
            name = ".".join(parts + [name] * bool(name))
        return (ModuleName(name if names is not None else name.split(".")[0]),)

    def stores_cell(self, rc, closed=1):
        """Whether a function assigns to what it closes over, its first `closed` locals
        (`nonlocal __class__`).
        """
        opcode = self.world.mpy.Opcode
        stores = (opcode.MP_BC_STORE_DEREF, opcode.MP_BC_DELETE_DEREF)
        closes = (opcode.MP_BC_MAKE_CLOSURE, opcode.MP_BC_MAKE_CLOSURE_DEFARGS)
        for op in self.code[rc].ops:
            if op.code in stores and op.arg < closed:
                return True
            if op.code in closes and (
                op.arg not in self.code or self.stores_cell(op.arg, op.extra)
            ):
                return True
        return False

    def make_class(self, body, name, *bases):
        """The Class that a class statement makes, or None."""
        base = bases[0] if bases else None
        if len(bases) > 1 or not isinstance(body, Function) or body.rc not in self.code:
            return None
        if (self.package, name) in self.world.assigned:
            return None
        if isinstance(base, Builtin):
            base = base.name
            if base not in EXCEPTIONS and base != "object":
                return None
        elif base is not None and not isinstance(base, Class):
            return None
        try:
            members = ClassBody(self, self.code[body.rc], self.lookup).members
        except Unknown:
            return None
        return Class(self, body.rc, name, base, members)

    def read(self):
        """Find the constants that the module's own code makes."""
        if self._state:
            return
        self._state = 1
        if self.is_script:
            return
        self._replace(self.cm.raw_code, top=True)
        done = {self.cm.raw_code, *(found.body for found in self.classes)}
        for rc in self.code:
            if rc not in done:
                self._replace(rc, top=False)
        self._state = 2

    def _replace(self, rc, top):
        code = self.code[rc]
        mpy, opcode = code.mpy, code.mpy.Opcode
        targets = code.targets()
        position = {op: i for i, op in enumerate(code.ops)}
        jumps = [
            (i, position[op.arg])
            for i, op in enumerate(code.ops)
            if op.fmt == mpy.MP_BC_FORMAT_OFFSET
        ]
        # Names of the module in its own code only: elsewhere they may be looked up too early.
        machine = Machine(self, code, self.lookup if top else lambda name: None)
        found = {}
        for i, op in enumerate(code.ops):
            if op in targets:
                machine.stack.clear()
            try:
                if op.code == opcode.MP_BC_STORE_NAME and top:
                    (entry,) = machine.pop()
                    always = not any(a < i < b for a, b in jumps)
                    if always and self.stores[op.arg.str] == 1 and None not in self.stores:
                        self.known[op.arg.str] = entry.value
                    continue
                made = machine.step(i, op)
            except Unknown:
                machine.stack.clear()
                continue
            value = made.value[0] if made is not None and made.value is not None else None
            if isinstance(value, Class) and not (
                top
                and code.ops[i + 1].code == opcode.MP_BC_STORE_NAME
                and not any(b <= i <= a for a, b in jumps)
            ):
                # It is made anew each time, or a decorator has it, which may change it.
                machine.stack.clear()
            elif isinstance(value, (Function, Class)) and made.pure:
                found[i] = (made.start, value)
        self._put(code, found, opcode)

    def _put(self, code, found, opcode):
        covered = len(code.ops)
        for last in sorted(found, reverse=True):
            first, value = found[last]
            if last >= covered:
                continue
            before = code.ops[first - 1] if first else None
            if before is not None and before.code == opcode.MP_BC_LOAD_BUILD_CLASS:
                # The body of a class that could not be made: it is called once.
                continue
            covered = first
            code.replace(first, last, value)
            self._keep(value)
        code.ops = [op for op in code.ops if op is not None]

    def _keep(self, value):
        if isinstance(value, Class):
            self.world.classes.append(value)
            self.classes.append(value)
            for member in value.members.values():
                self._keep_member(member, value)
        elif value not in value.module.functions:
            value.module.functions.append(value)

    def _keep_member(self, member, owner):
        if isinstance(member, Function):
            self._keep(member)
            if member.rc in owner.body.children:
                self.methods[member.rc] = 0
        elif isinstance(member, Closure):
            member.owner = owner
            self._keep(member.function)
            if member.function.rc in owner.body.children:
                # Behind what it closes over.
                self.methods[member.function.rc] = 1
        elif isinstance(member, Wrapped):
            self._keep_member(member.function, owner)
        elif isinstance(member, Property):
            for function in filter(None, member.functions):
                self._keep_member(function, owner)

    def n_globals(self):
        """Slots that the module's globals need: what it stores, and one that is free (a search
        for what is not there ends at it).
        """
        return len(self.stores) + bool(self.stores)

    def has(self, name, value):
        """Whether what the module's code or others ask for by its name may be this global."""
        borrowed = name in self.borrowed and isinstance(value, Class)
        return not borrowed and not isinstance(value, Object)

    def offers(self, name, value):
        """Whether a global is the module's own, or what it has for others."""
        if (self.name, name) in self.world.fixed.offered:
            return True
        if name in self.borrowed:
            return False
        return (
            self.is_package
            or not isinstance(value, Value)
            or (getattr(value, "module", None) is self)
            or (isinstance(value, Object) and value.symbol[1:] in self.world.interpreter.ours)
        )

    def table(self):
        """{name: value} of the globals that are in ROM, first the submodules."""
        return self.all_rows() if self.rows is None else self.rows

    def all_rows(self):
        """{name: value} of all that could be."""
        rows = dict(self.inner)
        for name, value in self.fixed.items():
            if name not in self.stores:
                rows[name] = self.world.fixed.in_rom(value)
        return rows
