"""Imports of modules that do nothing when they are imported.

Once their globals are constants, most modules only import others; code that uses them has their
functions' addresses. What imports such a module for its effects alone need not: there are none.
Only what a program outside imports itself then stands in sys.modules.
"""


class Idle:
    """Drops such imports in the modules of one package, whose code Fixed has rewritten."""

    def __init__(self, world, package):
        self.world = world
        self.opcode = world.mpy.Opcode
        ours = [m for m in world.all if m.package == package and not m.is_script]
        # All may be, until something is found that one does: circles of imports are none.
        self.idle = {m.name for m in ours if not m.has_native and not self._stores(m)}
        count = -1
        while count != len(self.idle):
            count = len(self.idle)
            self.idle = {name for name in self.idle if self._does_nothing(world.modules[name])}
        for module in ours:
            self._drop(module)

    def _stores(self, module):
        """Whether a function of a module assigns a global. (What its own code assigns is seen
        there.)
        """
        stores = (self.opcode.MP_BC_STORE_GLOBAL, self.opcode.MP_BC_DELETE_GLOBAL)
        return any(op.code in stores for code in module.code.values() for op in code.ops)

    def _does_nothing(self, module):
        ops = self._top(module).ops
        taken = set()
        for level, end, asked in self._imports_of(module):
            if self._needed(module, asked):
                return False
            taken.update(ops[level:end])
        end = (self.opcode.MP_BC_LOAD_CONST_NONE, self.opcode.MP_BC_RETURN_VALUE)
        return tuple(op.code for op in ops if op not in taken) == end

    def _drop(self, module):
        code = self._top(module)
        targets, gone = code.targets(), set()
        for level, end, asked in self._imports_of(module):
            ops = code.ops[level:end]
            if not self._needed(module, asked) and not targets.intersection(ops[1:]):
                gone.update(ops)
        code.drop(gone)

    def _top(self, module):
        return module.code[module.cm.raw_code]

    def _imports_of(self, module, taken=False):
        """(first, end, modules) of the instructions of each import that nothing is taken of (or
        something), and the full names of the modules.
        """
        opcode, ops = self.opcode, self._top(module).ops
        ends = (opcode.MP_BC_POP_TOP, *[opcode.MP_BC_STORE_NAME] * taken)
        zero = opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI
        zero += opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_EXCESS
        for i, op in enumerate(ops):
            if op.code != opcode.MP_BC_IMPORT_NAME:
                continue
            first = i - 1
            if ops[first].code == opcode.MP_BC_BUILD_TUPLE:
                first -= ops[first].arg
            first -= 1
            (source,) = module.imported(op.arg.str, ops[first].code - zero, ())
            asked, end = [source.name], i + 1
            while ops[end].code == opcode.MP_BC_IMPORT_FROM and ops[end + 1].code in ends:
                asked.append(f"{source.name}.{ops[end].arg.str}")
                end += 2
            if ops[end].code not in ends:
                continue
            yield first, end + 1, asked

    def _needed(self, module, asked):
        """Of modules that are imported those that do something. The packages that a module is in
        were imported before it, and what these import.
        """
        names = set().union(*map(_with_packages, asked))
        before = _with_packages(module.name)
        for package in before - {module.name}:
            for _, _, imported in self._imports_of(self.world.modules[package], taken=True):
                before |= set().union(*map(_with_packages, imported))
        return names - self.idle - before


def _with_packages(name):
    """The names of a module and of the packages that it is in."""
    parts = name.split(".")
    return {".".join(parts[: i + 1]) for i in range(len(parts))}
