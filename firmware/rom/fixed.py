"""Globals that are constants: they need no slot in RAM, and code that names them no lookup.

A global of a module is fixed when its code stores it once, whatever happens, a value that is known
(find.py), and nothing in its package assigns an attribute of that name to what could be a module.
"""

import re

from bytecode import Constant
from values import Class, Function, Module, Object, is_constant

# What programs outside replace: tools/run by values of the command line, an application its log.
REPLACED = (
    "uplink.app.config.check",
    "uplink.app.config.load",
    "uplink.log.sink",
    "uplink.log.threshold",
)

# Builtins that every port has here, beside those that no option leaves out.
_WITH_OPTION = "bytearray enumerate float max memoryview min property reversed set slice".split()


def builtins(tree):
    """{name: Object} of the interpreter's builtins, from its source."""
    found, depth = {}, 0
    row = re.compile(r"\{ MP_ROM_QSTR\(MP_QSTR_(\w+)\), MP_ROM_PTR\((&\w+)\) \},")
    text = (tree / "py" / "modbuiltins.c").read_text()
    for line in text[text.index("mp_module_builtins_globals_table") :].splitlines():
        depth += line.strip().startswith("#if")
        depth -= line.strip().startswith("#endif")
        match = row.search(line)
        if match and (not depth or match[1] in _WITH_OPTION):
            found[match[1]] = Object(match[2])
    return found


class Fixed:
    """The fixed globals of all modules of a World, and their code without what that leaves
    useless.
    """

    def __init__(self, world, tree):
        self.world = world
        self.builtins = builtins(tree)
        self.opcode = world.mpy.Opcode
        self.modules = {}
        # Names that a module does not define and is asked for: its `__getattr__` makes them.
        self.made = set()
        # (module, name) that another module imports.
        self.offered = set()
        changed = {(m.package, name) for m in world.all for name in _changed(m)}
        for module in world.all:
            module.handed_out, module.is_open = module.hands_out(), module.runs_text()
            module.fixed = {
                name: entry[0]
                for name, entry in module.known.items()
                if entry
                and not module.is_open
                and module.stores[name] == 1
                and None not in module.stores
                and (module.package, name) not in changed
                and f"{module.name}.{name}" not in REPLACED
                and self._is_in_rom(module, entry[0])
            }
        self.changed = changed
        for module in world.all:
            module.inner = {
                name.rpartition(".")[2]: self.object(found)
                for name, found in world.modules.items()
                if name.rpartition(".")[0] == module.name
                and module.stores.get(name.rpartition(".")[2], 0)
                == module.own(name.rpartition(".")[2])
            }
        for module in world.all:
            if not module.is_script:
                for rc, code in module.code.items():
                    _Rewrite(self, module, code, rc is module.cm.raw_code)

    def _is_in_rom(self, module, value):
        if isinstance(value, Module):
            found = self.world.modules.get(value.name)
            if found is None:
                return value.name in self.world.interpreter.modules
            return found.package == module.package
        if isinstance(value, Function):
            return value in value.module.functions
        if isinstance(value, Class):
            return value in self.world.classes
        return isinstance(value, Object) or is_constant(value)

    def object(self, module):
        """The Object that a frozen module is."""
        if module not in self.modules:
            symbol = f"&frozen_module_{module.cm.escaped_name}.context"
            self.modules[module] = Object(symbol)
        return self.modules[module]

    def in_rom(self, value):
        """What stands for a value among constants."""
        if not isinstance(value, Module):
            return value
        if value.name in self.world.modules:
            return self.object(self.world.modules[value.name])
        return self.world.interpreter.modules[value.name]

    def value(self, module, name):
        """(the value,) that code of a module gets for a global's name, or None."""
        if name in module.fixed:
            return (module.fixed[name],)
        if (
            name in self.builtins
            and not module.is_open
            and name not in module.stores
            and name not in module.inner
            and None not in module.stores
            and (module.package, name) not in self.changed
        ):
            return (self.builtins[name],)
        return None

    def attribute(self, asking, value, name):
        """(the value,) of an attribute of a value, or None."""
        if isinstance(value, Class):
            return _of_class(value, name)
        if isinstance(value, Module):
            module = self.world.modules.get(value.name)
            if module is None:
                found = self.world.interpreter.objects.get((value.name, name))
                return found and (found,)
            if module.package == asking.package and name in module.fixed:
                return (module.fixed[name],)
        return None


def _of_class(value, name):
    if name in value.members:
        found = value.members[name]
        return (found,) if isinstance(found, Function) or is_constant(found) else None
    return _of_class(value.base, name) if isinstance(value.base, Class) else None


def _changed(module):
    """Names of attributes that a module's code assigns or deletes, unless of a method's `self`."""
    for rc, code in module.code.items():
        opcode = code.mpy.Opcode
        place = module.methods.get(rc, 0)
        first = opcode.MP_BC_LOAD_FAST_MULTI + place
        own = rc in module.methods and not any(
            op.code == opcode.MP_BC_STORE_FAST_MULTI + place
            or (
                op.code in (opcode.MP_BC_STORE_FAST_N, opcode.MP_BC_DELETE_FAST)
                and op.arg == place
            )
            for op in code.ops
        )
        targets, before = code.targets(), None
        for op in code.ops:
            if op.code == opcode.MP_BC_STORE_ATTR and not (
                own and before.code == first and op not in targets
            ):
                yield op.arg.str
            before = op


class _Rewrite:
    """One function's code with constants for what is fixed."""

    def __init__(self, fixed, module, code, top):
        self.fixed = fixed
        self.module = module
        self.code = code
        self.top = top
        self.opcode = code.mpy.Opcode
        self.targets = code.targets()
        self.local = {op.arg.str for op in code.ops if op.code == self.opcode.MP_BC_STORE_NAME}
        for i, op in enumerate(code.ops):
            if op is not None:
                self._names(i, op)
        code.ops = [op for op in code.ops if op is not None]
        if top:
            self._stores()
            self._imports()
            self._unused()
        else:
            loads = [op for op in code.ops if op.code == self.opcode.MP_BC_IMPORT_FROM]
            fixed.made.update(op.arg.str for op in loads)

    def _names(self, i, op):
        """Follow a name and its attributes as far as they are fixed."""
        opcode, ops = self.opcode, self.code.ops
        if op.code == opcode.MP_BC_LOAD_NAME:
            if op.arg.str in self.local and not self.top:
                return
        elif op.code != opcode.MP_BC_LOAD_GLOBAL:
            return
        found = self.fixed.value(self.module, op.arg.str)
        if found is None:
            return
        last = i
        while last + 1 < len(ops) and ops[last + 1] not in self.targets:
            then = ops[last + 1]
            if then.code not in (opcode.MP_BC_LOAD_ATTR, opcode.MP_BC_LOAD_METHOD):
                break
            inner = self.fixed.attribute(self.module, found[0], then.arg.str)
            if inner is None:
                self._made(getattr(found[0], "name", None), then.arg.str)
                break
            found, last = inner, last + 1
            if then.code == opcode.MP_BC_LOAD_METHOD:
                # A function and no self, as a method of a module is called.
                self._set(then, opcode.MP_BC_LOAD_NULL, self.code.mpy.MP_BC_FORMAT_BYTE, None)
                last -= 1
                break
        self._load(op, found[0])
        ops[i + 1 : last + 1] = [None] * (last - i)

    def _made(self, source, name):
        module = self.fixed.world.modules.get(source)
        self.fixed.offered.add((source, name))
        if module and name not in (*module.stores, *module.fixed, *module.inner):
            self.fixed.made.add(name)

    def _borrowed(self, source, name):
        """Note what comes from elsewhere in the package: who wants it asks there."""
        module = self.module
        if source in self.fixed.world.modules and not source.startswith(f"{module.name}."):
            module.borrowed.add(name)

    def _set(self, op, code, fmt, arg):
        op.code, op.fmt, op.arg, op.extra = code, fmt, arg, None

    def _load(self, op, value):
        """Let an instruction load a value."""
        mpy, opcode = self.code.mpy, self.opcode
        byte, number = mpy.MP_BC_FORMAT_BYTE, mpy.MP_BC_FORMAT_VAR_UINT
        simple = {
            None: opcode.MP_BC_LOAD_CONST_NONE,
            True: opcode.MP_BC_LOAD_CONST_TRUE,
            False: opcode.MP_BC_LOAD_CONST_FALSE,
        }
        if value is None or isinstance(value, bool):
            self._set(op, simple[value], byte, None)
        elif type(value) is int and mpy.mp_small_int_fits(value):
            at = value + opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_EXCESS
            if 0 <= at < opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_NUM:
                self._set(op, opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI + at, byte, None)
            else:
                self._set(op, opcode.MP_BC_LOAD_CONST_SMALL_INT, number, value)
        elif isinstance(value, str) and mpy.global_qstrs.find_by_str(value):
            name = mpy.global_qstrs.find_by_str(value)
            self._set(op, opcode.MP_BC_LOAD_CONST_STRING, mpy.MP_BC_FORMAT_QSTR, name)
        else:
            self._set(op, opcode.MP_BC_LOAD_CONST_OBJ, number, self._constant(value))

    def _constant(self, value):
        value = self.fixed.in_rom(value)
        if isinstance(value, (Function, Class, Object)):
            return value
        for known in self.module.constants:
            if type(known.value) is type(value) and repr(known.value) == repr(value):
                return known
        self.module.constants.append(Constant(value))
        return self.module.constants[-1]

    def _stores(self):
        """The module's own code stores no fixed global, unless all must be in one dict."""
        if self.module.handed_out:
            return
        for op in self.code.ops:
            if op.code == self.opcode.MP_BC_STORE_NAME and op.arg.str in self.module.fixed:
                del self.module.stores[op.arg.str]
                self._set(op, self.opcode.MP_BC_POP_TOP, self.code.mpy.MP_BC_FORMAT_BYTE, None)

    def _imports(self):
        """`from x import a` for its effects alone: `a` is looked up only where it may have to be
        imported itself.
        """
        opcode, ops = self.opcode, self.code.ops
        for i, op in enumerate(ops):
            if op is None or op.code != opcode.MP_BC_IMPORT_NAME:
                continue
            # The level, and the names: a constant, or a tuple that is built of constants.
            names = i - 1
            if ops[names].code == opcode.MP_BC_BUILD_TUPLE:
                names -= ops[names].arg
            source = self._source(op, ops[names - 1])
            at = i + 1
            while ops[at].code == opcode.MP_BC_IMPORT_FROM:
                inner = self.fixed.world.modules.get(f"{source}.{ops[at].arg.str}")
                self._made(source, ops[at].arg.str)
                self._borrowed(source, ops[at].arg.str)
                if ops[at + 1].code == opcode.MP_BC_POP_TOP and not inner:
                    ops[at] = ops[at + 1] = None
                at += 2
            if ops[i + 1 : at].count(None) == at - i - 1 and (
                ops[at].code == opcode.MP_BC_POP_TOP
            ):
                # Nothing is taken from it.
                byte = self.code.mpy.MP_BC_FORMAT_BYTE
                self._set(ops[names], opcode.MP_BC_LOAD_CONST_NONE, byte, None)
                ops[names + 1 : i] = [None] * (i - names - 1)
        self.code.ops = [op for op in ops if op is not None]
        self._of_interpreter()

    def _of_interpreter(self):
        """Drop imports of modules written in C that nothing is taken of: these change nothing."""
        opcode, ops = self.opcode, self.code.ops
        known = self.fixed.world.interpreter.modules
        gone = set()
        for i, op in enumerate(ops[:-1]):
            if (
                op.code == opcode.MP_BC_IMPORT_NAME
                and self._source(op, ops[i - 2]) in known
                and ops[i - 1].code == opcode.MP_BC_LOAD_CONST_NONE
                and ops[i + 1].code == opcode.MP_BC_POP_TOP
            ):
                gone.update(ops[i - 2 : i + 2])
        self.code.drop(gone)

    def _source(self, op, level):
        """The full name of the module that is imported."""
        opcode = self.opcode
        zero = opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI
        zero += opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_EXCESS
        (found,) = self.module.imported(op.arg.str, level.code - zero, ())
        return found.name

    def _unused(self):
        """Drop what is loaded only to be dropped."""
        opcode = self.opcode
        loads = {
            opcode.MP_BC_LOAD_CONST_OBJ,
            opcode.MP_BC_LOAD_CONST_STRING,
            opcode.MP_BC_LOAD_CONST_SMALL_INT,
            opcode.MP_BC_LOAD_CONST_NONE,
            opcode.MP_BC_LOAD_CONST_TRUE,
            opcode.MP_BC_LOAD_CONST_FALSE,
            opcode.MP_BC_DUP_TOP,
        }
        first = opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI
        loads |= set(range(first, first + opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_NUM))

        def loads_only(op):
            return op.code in loads or (op.code == opcode.MP_BC_BUILD_TUPLE and op.arg == 0)

        kept, gone, moved = [], [], {}
        for op in self.code.ops:
            # A jump to what was dropped goes on at what comes next.
            if self.targets.intersection(gone):
                self.targets.add(op)
            moved.update(dict.fromkeys(gone, op))
            gone = []
            kept.append(op)
            if (
                op.code == opcode.MP_BC_POP_TOP
                and op not in self.targets
                and len(kept) > 1
                and loads_only(kept[-2])
            ):
                gone = kept[-2:]
                del kept[-2:]
        self.code.ops = kept
        for op in kept:
            while op.fmt == self.code.mpy.MP_BC_FORMAT_OFFSET and op.arg in moved:
                op.arg = moved[op.arg]
