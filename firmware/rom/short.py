"""Short names for what is private to a package: README.md tells the rule, and why it holds."""

import re
from collections import Counter, defaultdict
from itertools import islice

from direct import call_directly
from values import Class, Closure, Function

# Names of builtins and of what the interpreter looks for in objects that it is given.
_NEVER = frozenset(
    "args value errno read write readinto readline ioctl seek tell flush close send throw append "
    "keys values items count index add remove update pop name".split()
)
# So many short names are compared for an identifier.
_CHOICE = 40
_WORD = re.compile(r"[A-Za-z_]\w*\Z")


class Public:
    """The file of names that stay: `package NAME`, then words; `word=` is an argument that may be
    passed by its name; `word@module` stays where that module of the package is frozen; `#` begins
    a comment.
    """

    def __init__(self, path):
        words = re.sub(r"#.*", "", path.read_text()).split()
        if words[0] != "package":
            raise ValueError(f"{path}: `package NAME` comes first")
        self.package = words[1]
        self._modules = {
            word: f"{self.package}.{module}"
            for word, at, module in (word.partition("@") for word in words[2:])
            if at
        }
        self.names = {word.partition("@")[0] for word in words[2:] if not word.endswith("=")}
        self.arguments = {word[:-1] for word in words[2:] if word.endswith("=")}

    def keep(self, modules):
        """Leave out the names of modules that are not among these."""
        self.names -= {word for word, module in self._modules.items() if module not in modules}


def texts_of(modules):
    """All strings that code of some modules can have in its hands."""
    found = set()

    def add(value):
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, tuple):
            for part in value:
                add(part)
        elif isinstance(value, Function):
            add(value.defaults)
        elif isinstance(value, Class):
            add(tuple(value.members.values()))

    for module in modules:
        add(tuple(constant.value for constant in module.constants))
        add((*module.functions, *module.classes, *module.table().values()))
        if module.has_native:
            found.update(name.str for name in module.cm.qstr_table)
        # (The body of a class in ROM does not run; it would load the class's name.)
        bodies = {value.body for value in module.classes}
        for rc, code in module.code.items():
            if rc not in bodies:
                found.update(_strings(code))
    return found


def _strings(code):
    """The strings that code loads, but for the names of `from … import`."""
    opcode, found, before, built = code.mpy.Opcode, [], None, 0
    for op in code.ops:
        if op.code == opcode.MP_BC_LOAD_CONST_STRING:
            found.append(op.arg.str)
        elif op.code == opcode.MP_BC_BUILD_TUPLE:
            built = op.arg
        elif op.code == opcode.MP_BC_IMPORT_NAME and before == opcode.MP_BC_BUILD_TUPLE:
            del found[len(found) - built :]
        before = op.code
    return found


class Table:
    """A hash table with some names, as far as it is filled."""

    # What a dict grows to (py/map.c).
    _SIZES = (1, 2, 4, 6, 8, 10, 12, 17, 23, 29, 37, 47, 59, 73, 97, 127, 167, 223, 293)

    def __init__(self, names):
        self.names = set(names)
        self._size = next(size for size in self._SIZES if size >= len(self.names))
        self._places = Counter()

    def put(self, value):
        self._places[value % self._size] += 1

    def taken(self, value):
        """How many are there already, and beside it."""
        at = value % self._size
        return 2 * self._places[at] + self._places[at - 1]


class Short:
    """`names`: {identifier: what stands for it in the image} for one package of a World."""

    def __init__(self, world, public, pool):
        self.world = world
        self.public = public
        self.opcode = world.mpy.Opcode
        self.pool = pool
        self.modules = [m for m in world.all if m.package == public.package]
        self.codes = {
            code: module
            for module in self.modules
            for rc, code in module.code.items()
            if rc in world.reach.code
        }
        self.classes = [c for c in world.classes if c.module in self.modules]
        for code, module in self.codes.items():
            self._refuse_two_bases(code, module)
        self.methods = self._methods()
        self.texts = texts_of(self.modules)
        # What a function is called, with its class.
        self.titles = {
            code: ".".join(
                [*(v.name for v, _ in self.methods.get(code, ())[:1]), code.names[0].str]
            )
            for code in self.codes
        }
        self.used = Counter()
        self.everywhere = set()
        # Attributes that are assigned at all.
        self.assigned = set()
        self.scopes = []
        # Hash tables that are searched.
        self.tables = []
        self._uses()
        self._scopes()
        kept = self._kept()
        # What the package does not define is another's, or made by a `__getattr__`.
        defined = set().union(self.everywhere, *self.scopes)
        defined.update(code.names[0].str for code in self.codes)
        defined.update(value.name for value in self.classes)
        self.names = self._give(
            [name for name in defined if _WORD.match(name) and name not in kept]
        )

    def _refuse_two_bases(self, code, module):
        """An instance of such a class would have what two families of classes have, who may share
        names. (Classes in ROM have one base at most.)
        """
        opcode = self.opcode
        begun = False
        for op in code.ops:
            begun = begun or op.code == opcode.MP_BC_LOAD_BUILD_CLASS
            if begun and op.code == opcode.MP_BC_CALL_FUNCTION:
                # (body, name, bases …)
                if op.arg & 0xFF > 3:
                    raise ValueError(
                        f"{module.name}: a class with two bases cannot have short names"
                    )
                begun = False

    def _methods(self):
        """{Code: [(class, number of the local that is `self`)]}: classes may share one."""
        found = defaultdict(list)
        for value in self.classes:
            for member in value.members.values():
                function, own = member, 0
                if isinstance(member, Closure):
                    function, own = member.function, 1
                if isinstance(function, Function) and function.rc in value.body.children:
                    found[function.module.code[function.rc]].append((value, own))
        return found

    def _uses(self):
        """Count what is an identifier, and find attributes that may be given to any object."""
        mpy, opcode = self.world.mpy, self.opcode
        apart = (opcode.MP_BC_LOAD_CONST_STRING, opcode.MP_BC_IMPORT_NAME)
        for code in self.codes:
            self.used[code.names[0].str] += 1
            for op in code.ops:
                if op.fmt == mpy.MP_BC_FORMAT_QSTR and op.code not in apart:
                    self.used[op.arg.str] += 1
        for value in self.classes:
            self.used.update((value.name, *value.members))
        for module in self.modules:
            self.used.update(list(module.table()))

    def _scopes(self):
        """Sets of identifiers that one object may have."""
        own = {value: set(value.members) for value in self.classes}
        attributes = {value: set() for value in self.classes}
        for code, module in self.codes.items():
            if code.rc is not module.cm.raw_code:
                self.everywhere.update(
                    op.arg.str for op in code.ops if op.code == self.opcode.MP_BC_STORE_NAME
                )
            for name, is_own in self._stored(code):
                self.assigned.add(name)
                if not is_own:
                    self.everywhere.add(name)
                for value, _ in self.methods.get(code, ()):
                    own[value].add(name)
                    attributes[value].add(name)
        for value in self.classes:
            scope, base, stored = set(), value, set()
            while isinstance(base, Class):
                scope |= own.get(base, set())
                stored |= attributes.get(base, set())
                base = base.base
            self._scope(scope)
            self.tables += [Table(stored), Table(value.members)]
        for module in self.modules:
            names = {op.arg.str for op in module.code[module.cm.raw_code].ops if self._stores(op)}
            self._scope({name for name in (*names, *module.stores, *module.table()) if name})

    def _stores(self, op):
        return op.code == self.opcode.MP_BC_STORE_NAME

    def _scope(self, names):
        self.scopes.append(names)
        if "__getattr__" in names or "__getattribute__" in names or "__setattr__" in names:
            # What it has not may be asked of another object.
            self.everywhere |= names

    def _stored(self, code):
        """(name, whether that is on the method's `self`) of each attribute that is assigned, but
        for `x.name += 1`: that object has it.
        """
        opcode = self.opcode
        places = {place for _, place in self.methods.get(code, ())}
        own = places.pop() if len(places) == 1 else None
        if own is not None and self.assigns_own(code, own):
            own = None
        targets = code.targets()
        again = {
            then.arg.str
            for op, then in zip(code.ops, code.ops[1:], strict=False)
            if op.code == opcode.MP_BC_DUP_TOP and then.code == opcode.MP_BC_LOAD_ATTR
        }
        before = None
        for op in code.ops:
            if op.code == opcode.MP_BC_STORE_ATTR:
                name = op.arg.str
                if before.code == opcode.MP_BC_ROT_TWO and name in again:
                    pass
                else:
                    is_self = own is not None and op not in targets and self.loads(before, own)
                    yield name, is_self
            before = op

    def assigns_own(self, code, local):
        return any(self.assigns(op, local) for op in code.ops)

    def assigns(self, op, local):
        opcode = self.opcode
        if op.code == opcode.MP_BC_STORE_FAST_MULTI + local:
            return True
        numbered = (
            opcode.MP_BC_STORE_FAST_N,
            opcode.MP_BC_DELETE_FAST,
            opcode.MP_BC_STORE_DEREF,
            opcode.MP_BC_DELETE_DEREF,
        )
        return op.code in numbered and op.arg == local

    def loads(self, op, local):
        opcode = self.opcode
        return op.code == opcode.MP_BC_LOAD_FAST_MULTI + local or (
            op.code in (opcode.MP_BC_LOAD_FAST_N, opcode.MP_BC_LOAD_DEREF) and op.arg == local
        )

    def _kept(self):
        """Identifiers that stay as they are."""
        kept = self.texts | self.public.names | self.public.arguments | self.pool
        kept |= self.world.fixed.made
        for module in self.modules:
            kept.update(module.inner)
        for module in self.world.all:
            if module not in self.modules:
                kept.update(name.str for name in module.cm.qstr_table)
        kept.update(name for name in self.used if name.startswith("__"))
        return kept

    def _give(self, wanted):
        """{identifier: name}: names that the interpreter has cost nothing; one stands for several
        where no object can have two of them.
        """
        taken = set(self.used) | self.texts | _NEVER
        taken |= self.public.names | self.public.arguments
        for module in self.world.all:
            if module not in self.modules:
                taken.update(name.str for name in module.cm.qstr_table)
        free = sorted(
            name
            for name in self.pool
            if _WORD.match(name)
            and name not in taken
            and not name.startswith("_")
            and name.upper() == name
        )
        free += [f"{a}{b}" for a in "qxzjkwvy" for b in "0123456789abcdefghijklmnopqrstuvwxyz"]
        free = [name for name in free if name not in taken]
        scopes = defaultdict(list)
        for scope in self.scopes:
            for name in scope:
                scopes[name].append(scope)
        tables = defaultdict(list)
        for table in self.tables:
            for name in table.names:
                tables[name].append(table)
                if name not in wanted:
                    table.put(self._hash(name))
        given = {}
        alone = {name for name in wanted if name in self.everywhere}
        for name in sorted(wanted, key=lambda n: (n not in alone, -self.used[n], n)):
            near = {given.get(other) for scope in scopes[name] for other in scope}
            could = list(islice((short for short in free if short not in near), _CHOICE))
            # The one that is found soonest.
            given[name] = short = min(
                could,
                key=lambda s: (sum(t.taken(self._hash(s)) for t in tables[name]), free.index(s)),
            )
            for table in tables[name]:
                table.put(self._hash(short))
            if name in alone:
                free.remove(short)
        return given

    def _hash(self, name):
        mpy = self.world.mpy
        return mpy.qstrutil.compute_hash(name.encode(), mpy.config.MICROPY_QSTR_BYTES_IN_HASH or 2)

    def apply(self):
        """Put the short names into code, classes and tables."""
        call_directly(self)
        mpy, opcode = self.world.mpy, self.opcode
        apart = (opcode.MP_BC_LOAD_CONST_STRING, opcode.MP_BC_IMPORT_NAME)
        words = self._keywords()
        for code in self.codes:
            for op in code.ops:
                if op.fmt == mpy.MP_BC_FORMAT_QSTR and op.code not in apart:
                    op.arg = mpy.QStrType(self.new(op.arg.str))
            own = mpy.QStrType(self.new(code.names[0].str))
            args = [name if name.str in words else own for name in code.names[1:]]
            # Line numbers stand behind the names, which are skipped by their number.
            keep = any(name is not own for name in args) or any(op.line for op in code.ops)
            code.names = [own, *(args if keep else ())]
        imports = {
            op.arg.str
            for code in self.codes
            for op in code.ops
            if op.code == opcode.MP_BC_IMPORT_NAME
        }
        for module in self.modules:
            # Names that are there all the same.
            module.file = module.name
            if module.name not in imports:
                module.file = module.name.rpartition(".")[2]
        for value in self.classes:
            value.name = self.new(value.name)
            value.members = {self.new(name): member for name, member in value.members.items()}
        for module in self.modules:
            module.rows = {self.new(name): value for name, value in module.table().items()}
            module.stores = {self.new(name): n for name, n in module.stores.items()}

    def new(self, name):
        return self.names.get(name, name)

    def table(self):
        """What tools/image needs to put the long names back: JSON values. To be asked after
        `apply`.
        """
        names, files = defaultdict(list), {}
        for long, short in sorted(self.names.items()):
            names[short].append(long)
        for code, module in self.codes.items():
            file = files.setdefault(module.file, {})
            functions = file.setdefault(module.cm.source_file.str, {})
            functions.setdefault(code.names[0].str, []).append(self.titles[code])
        for functions in (f for file in files.values() for f in file.values()):
            for titles in functions.values():
                titles[:] = sorted(set(titles))
        return {"names": names, "files": files}

    def _keywords(self):
        """Names of arguments that a call of the package, or an application, may use."""
        opcode, found = self.opcode, set(self.public.arguments)
        calls = (opcode.MP_BC_CALL_FUNCTION, opcode.MP_BC_CALL_METHOD)
        with_dict = (opcode.MP_BC_CALL_FUNCTION_VAR_KW, opcode.MP_BC_CALL_METHOD_VAR_KW)
        for code in self.codes:
            if any(
                op.code in with_dict or (op.code in calls and op.arg > 0xFF) for op in code.ops
            ):
                if any(op.code in with_dict for op in code.ops):
                    found |= self.texts
                found.update(
                    op.arg.str for op in code.ops if op.code == opcode.MP_BC_LOAD_CONST_STRING
                )
        return found
