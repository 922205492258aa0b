"""The rewritten code as bytes, and the tables of names and constants that it numbers.

Modules that use much the same names share a table, of what is used three times or more: a number
below 128 is a byte, and two bytes of table. Other names have the interpreter's own number, in
two bytes. A module finds its file's name at the beginning of its table (py/vm.c); so those stand
before the names, and each module's table begins at its own:

    file of c | file of b | file of a | names …
    c ▲         b ▲         a ▲

All share one table of constants.
"""

from collections import Counter

from bytecode import Constant
from fuse import Fuser
from values import Value, is_name, is_shared

_ONE_BYTE = 128
# With less uses a name has no place in a table: one costs two bytes, and saves one a use.
_FEW = 3


class _Writer:
    """One module: its Code that is reached, and how often that uses names and constants."""

    def __init__(self, module, fuser):
        self.module = module
        mpy = module.world.mpy
        self.live = [code for rc, code in module.code.items() if rc in module.world.reach.code]
        self.names = Counter()
        self.constants = Counter()
        for code in self.live:
            if not module.has_native:
                _texts(mpy, code)
            code.trim()
            if not module.has_native:
                fuser.fuse(code)
            self.names.update(name.str for name in code.names)
            for op in code.ops:
                if op.fmt == mpy.MP_BC_FORMAT_QSTR:
                    self.names[op.arg.str] += 1
                elif code.loads_constant(op):
                    self.constants[op.arg] += 1

    def write(self, symbol, at, table, skip, shared):
        """Encode with the names of `table[at:]`, of which the first `skip` are files, and the
        Constants `shared`.
        """
        cm = self.module.cm
        self.module.names_at = (symbol, at)
        self.module.names_used = sorted(self.names)
        names, index = table[at:], {}
        for i, name in enumerate(names):
            if i >= skip:
                index.setdefault(name.str, i)
        if self.module.has_native:
            # Machine code has its numbers in it.
            new = [value for value in self.constants if isinstance(value, Value)]
            constants = [*self.module.constants, *new]
            numbers = {constant: i for i, constant in enumerate(constants)}
        else:
            numbers, constants = shared.take(self.constants)
            self.module.constants_at = [numbers[constant] for constant in constants]
        for code in self.live:
            code.encode(index, numbers)
        cm.qstr_table[:] = names
        cm.obj_table[:] = [c.value if isinstance(c, Constant) else c for c in constants]


class _Constants:
    """The table that all modules without machine code share: what is used most comes first."""

    def __init__(self, writers):
        uses = Counter()
        for writer in writers:
            for constant, count in writer.constants.items():
                uses[_key(constant)] += count
        order = sorted(uses, key=lambda key: -uses[key])
        self._numbers = {key: i for i, key in enumerate(order)}
        self._left = set(order)

    def __len__(self):
        return len(self._numbers)

    def take(self, constants):
        """({constant: number}, those that no module before this had)."""
        numbers = {constant: self._numbers[_key(constant)] for constant in constants}
        new = []
        for constant in constants:
            if _key(constant) in self._left:
                self._left.remove(_key(constant))
                new.append(constant)
        return numbers, new


def _key(constant):
    """The same for what may be one object."""
    if isinstance(constant, Constant) and is_shared(constant.value):
        return type(constant.value), repr(constant.value)
    return constant


def _texts(mpy, code):
    """A text that is not too long is smaller as a name than as an object."""
    for op in code.ops:
        if op.code == mpy.Opcode.MP_BC_LOAD_CONST_OBJ and isinstance(op.arg, Constant):
            text = op.arg.value
            if isinstance(text, str) and is_name(text):
                op.code, op.fmt = mpy.Opcode.MP_BC_LOAD_CONST_STRING, mpy.MP_BC_FORMAT_QSTR
                op.arg = mpy.QStrType(text)


def write(world):
    """Encode all modules; ({C symbol: names} of their tables, number of shared constants)."""
    mpy, tables = world.mpy, {}
    fuser = Fuser(mpy)
    writers = [_Writer(module, fuser) for module in world.all]
    shared = _Constants([w for w in writers if not w.module.has_native])
    native = [[writer] for writer in writers if writer.module.has_native]
    for group in native + _groups([w for w in writers if not w.module.has_native]):
        symbol = f"rom_names_{group[0].module.cm.escaped_name}"
        if group[0].module.has_native:
            tables[symbol] = list(group[0].module.cm.qstr_table)
            group[0].write(symbol, 0, tables[symbol], 0, shared)
            continue
        files = [mpy.QStrType(w.module.file or w.module.cm.source_file.str) for w in group[::-1]]
        uses = sum((w.names for w in group), Counter())
        order = sorted(uses, key=lambda name: (-uses[name], name))[: _ONE_BYTE - len(files)]
        order = [name for name in order if uses[name] >= _FEW]
        tables[symbol] = [*files, *map(mpy.QStrType, order)]
        for i, writer in enumerate(group):
            writer.write(symbol, len(group) - 1 - i, tables[symbol], i + 1, shared)
    return tables, len(shared)


def _groups(writers):
    """Which share a table: two are put together as long as that saves bytes."""
    groups = [([writer], writer.names) for writer in writers]
    costs = [_cost(uses, 1) for _, uses in groups]
    saved = {}
    while True:
        for i, (a, a_uses) in enumerate(groups):
            for j, (b, b_uses) in enumerate(groups[:i]):
                key = id(a), id(b)
                if key not in saved:
                    both = _cost(a_uses + b_uses, len(a) + len(b))
                    saved[key] = costs[i] + costs[j] - both
        pairs = [(i, j) for i in range(len(groups)) for j in range(i)]
        if not pairs:
            break
        i, j = max(pairs, key=lambda pair: saved[id(groups[pair[0]][0]), id(groups[pair[1]][0])])
        if saved[id(groups[i][0]), id(groups[j][0])] <= 0:
            break
        merged = (groups[j][0] + groups[i][0], groups[j][1] + groups[i][1])
        # Kept alive, as their ids are.
        saved[id(merged[0]), None] = groups[i], groups[j]
        costs = [cost for k, cost in enumerate(costs) if k not in (i, j)]
        groups = [group for k, group in enumerate(groups) if k not in (i, j)]
        groups.append(merged)
        costs.append(_cost(merged[1], len(merged[0])))
    return [group for group, _ in groups]


def _cost(uses, files):
    """Bytes of a table, and of the numbers in code."""
    counts = sorted(uses.values(), reverse=True)
    listed = [count for count in counts[: _ONE_BYTE - files] if count >= _FEW]
    return 2 * (len(listed) + files) + 2 * sum(counts) - sum(listed)
