"""The C text of what is in ROM, among what mpy-tool.py writes."""

import json

from module import World
from pack import pack
from values import Class, Closure, Function, Property, Value, Wrapped, is_name, is_shared

# Slots of an instance's type (mp_obj_new_type in py/objtype.c), all but those of one class.
_SLOTS = {
    "make_new": "mp_obj_instance_make_new",
    "print": "mp_obj_instance_print",
    "call": "mp_obj_instance_call",
    "unary_op": "mp_obj_instance_unary_op",
    "binary_op": "mp_obj_instance_binary_op",
    "attr": "mp_obj_instance_attr",
    "subscr": "mp_obj_instance_subscr",
    "iter": "mp_obj_instance_getiter",
    "buffer": "mp_obj_instance_get_buffer",
}
# A type finds a slot by a byte, in words from its end: so many types can share one row of slots.
_GROUP = 34
# Functions of so many modules, with defaults at so many places, are told by a byte (py/bc.h).
_MODULES = 128
_DEFAULTS = 256
_HEAD = """
#include "py/bc.h"
#include "py/builtin.h"
#include "py/objfun.h"
#include "py/objtype.h"
#include "py/runtime.h"
#include "extmod/modtime.h"

#if MICROPY_OBJ_REPR != MICROPY_OBJ_REPR_A || MICROPY_PY_SYS_SETTRACE
#error "functions and classes in ROM: not with this object representation, or settrace"
#endif
#if !MICROPY_OBJ_FROZEN_FUN
#error "functions without objects: not without MICROPY_OBJ_FROZEN_FUN"
#endif
#if !MICROPY_OPT_FUSED_BYTECODE
#error "instructions that stand for several: not without MICROPY_OPT_FUSED_BYTECODE"
#endif

// Objects in ROM. The layouts are those of py/objclosure.c and py/objproperty.c.
typedef struct {
    mp_obj_base_t base;
    mp_obj_t fun;
    size_t n_closed;
    mp_obj_t closed[1];
} rom_closure_t;
typedef struct {
    mp_obj_base_t base;
    mp_obj_t proxy[3];
} rom_property_t;
// A mp_obj_type_t with two slots of its own; it shares the others with the types of its group.
typedef struct {
    mp_obj_base_t base;
    uint16_t flags;
    uint16_t name;
    uint8_t slots[12];
    const void *own[2];
} rom_type_t;
_Static_assert(offsetof(rom_type_t, slots) == offsetof(mp_obj_type_t, slot_index_make_new), "");
_Static_assert(offsetof(rom_type_t, own) == offsetof(mp_obj_type_t, slots), "");
extern const mp_obj_type_t mp_type_closure, mp_type_cell;
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(mp_sys_print_exception_obj);
#include "genhdr/moduledefs.h"
#define ROM_OBJ(x) ((mp_obj_t)(x))
// The place of shared[n] of a group, from its type[i], as a type has it.
#define ROM_SHARED(group, i, n) \
    ((offsetof(group, shared[n]) - offsetof(group, type[i].own)) / sizeof(void *) + 1)

// What picotool lists of a board's image (ports/rp2): it takes 16 bytes and its path a module.
#undef MICROPY_FROZEN_LIST_ITEM
"""


def _key(value):
    """The same for constants that are the same object in ROM."""
    return (type(value), repr(value)) if is_shared(value) else id(value)


def install(mpy, tree, genhdr, public=None, names=None):
    """Let the module mpy-tool.py of a MicroPython tree freeze with functions, classes and names in
    ROM; `genhdr`: the folder of the headers that the build made. `public`: the Public names of a
    package whose others get short; what those stand for goes into the file `names`.
    """
    text = Text(mpy)

    def freeze_bytecode(self):
        text.bytecode(self)
        self.freeze_children()
        self.freeze_raw_code()

    plain_obj = mpy.CompiledModule.freeze_constant_obj
    plain_raw_code = mpy.RawCode.freeze_raw_code

    def freeze_constant_obj(self, name, obj):
        if isinstance(obj, Value):
            return f"MP_ROM_PTR({text.symbol(obj)})"
        if not is_shared(obj):
            return plain_obj(self, name, obj)
        # The same constant of another module, or another place, is not made again.
        key = repr(obj)
        if key not in text.constants:
            text.constants[key] = plain_obj(self, name, obj)
        return text.constants[key]

    def freeze_raw_code(self, *args):
        function = getattr(self, "rom_function", None)
        if function is None:
            plain_raw_code(self, *args)
        elif function.place is None:
            text.object(function)

    plain = mpy.freeze_mpy

    def freeze_mpy(idents, compiled):
        pack(compiled)
        text.world = World(mpy, tree, genhdr, compiled, public, set(idents))
        if names is not None:
            names.write_text(json.dumps(text.world.short.table(), indent=1))
        text.place()
        text.keep_names(compiled)
        plain(idents, compiled)
        text.end()

    mpy.CompiledModule.freeze = lambda cm, index: text.module(cm, index)
    mpy.CompiledModule.freeze_constant_obj = freeze_constant_obj
    mpy.RawCode.freeze_raw_code = freeze_raw_code
    mpy.RawCodeBytecode.freeze = freeze_bytecode
    mpy.freeze_mpy = freeze_mpy


class Text:
    """Prints the C text; a value's symbol is known before its text."""

    def __init__(self, mpy):
        self.mpy = mpy
        self.world = None
        # {repr: C expression}
        self.constants = {}
        # C expressions of the table that modules share.
        self.shared = []
        # The C text of the code of functions that have no object, and its bytes.
        self.code = []
        self.code_size = 0
        # (key, Module, value) of the default arguments of all functions.
        self.defaults = []
        # The C text of the array of modules.
        self.entries = []

    def symbol(self, value):
        if value.symbol is None:
            raise ValueError(f"{value} was not put into ROM")
        return value.symbol

    def place(self):
        """Name all functions and classes."""
        for i, value in enumerate(self.world.classes):
            value.symbol = f"&rom_types_{i // _GROUP}.type[{i % _GROUP}]"
            value.text = f"{value.body.escaped_name}"
        for module in self.world.all:
            for function in module.functions:
                function.rc.rom_function = function
                function.symbol = f"&rom_fun_{function.rc.escaped_name}"
                if self._is_told(function):
                    # Its code comes behind a byte with the module's number (and one before that).
                    self.code_size += 1 + bool(function.defaults)
                    function.place = self.code_size
                    function.symbol = f"MP_ROM_FROZEN_FUN({function.place})"
                    self.code_size += len(function.rc.fun_data)

    def _is_told(self, function):
        """Whether its place alone tells all of a function; it needs no object then."""
        return (
            function.is_plain(self.mpy)
            and function.module.index < _MODULES
            and self._place_defaults(function) < _DEFAULTS
        )

    def _place_defaults(self, function):
        """Where in the table of all functions' defaults those of one are, in a row."""
        wanted = [(_key(value), function.module, value) for value in function.defaults]
        keys, known = [key for key, _, _ in wanted], [key for key, _, _ in self.defaults]
        at = 0
        while known[at : at + len(keys)] != keys[: len(known) - at]:
            at += 1
        self.defaults += wanted[len(known) - at :]
        return at

    def keep_names(self, compiled):
        """Only the names that are still used go into the firmware."""
        names, texts = set(), set()

        def use(value):
            if isinstance(value, str):
                texts.add(value)
            elif isinstance(value, tuple):
                for part in value:
                    use(part)
            elif isinstance(value, Function):
                use(value.defaults)

        for cm in compiled:
            names.update(name.str for name in cm.qstr_table)
            names.update(cm.rom.names_used, cm.rom.table())
            use((*cm.obj_table, *cm.rom.functions, *cm.rom.table().values()))
            for value in cm.rom.classes:
                names.update((value.name, *value.members))
                use(tuple(value.members.values()))
        kept = self.mpy.global_qstrs.qstrs
        # An object would take 10 bytes more.
        names |= set(filter(is_name, texts))
        kept[:] = [None, *map(self.mpy.QStrType, sorted(names))]

    def module(self, cm, index):
        """One module, as mpy-tool.py's CompiledModule.freeze has it."""
        if index == 0:
            self.head()
        name = cm.escaped_name
        print()
        print("/" * 80)
        print(f"// frozen module {name}")
        print(f"// - original source file: {cm.mpy_source_file}")
        print(f"// - frozen file name: {cm.source_file.str}")
        print(f"// - .mpy header: {':'.join('%02x' % b for b in cm.header)}")
        print()
        print(f"// - globals in RAM: {' '.join(sorted(map(str, cm.rom.stores)))}")
        names = map(self.mpy.QStrType, cm.rom.names_used)
        print(f"// - names: {' '.join(name.qstr_id for name in names)}")
        print()
        cm.raw_code.freeze()
        for function in cm.rom.functions:
            if function.place is not None:
                self.plain(function)
            else:
                function.rc.freeze()
        for value in cm.rom.classes:
            self.members(cm, value)
        self.module_constants(cm)
        self.table(cm)
        self.entry(cm, index)

    def entry(self, cm, index):
        """What a module is in the array of all."""
        name = cm.escaped_name
        symbol, at = cm.rom.names_at
        self.entries += (
            f"    {{ // {name}",
            "    .context = {",
            f"        .module = {{{{&mp_type_module}}, &mp_frozen_globals[{index}]}},",
            "        .constants = {",
            f"            .qstr_table = (qstr_short_t *)&{symbol}[{at}],",
        )
        if cm.rom.constants_at is not None:
            self.entries.append("            .obj_table = (mp_obj_t *)rom_constants,")
        elif cm.obj_table:
            objects = f"const_obj_table_data_{name}"
            self.entries.append(f"            .obj_table = (mp_obj_t *)&{objects},")
        self.entries += (
            "        },",
            "    },",
            f"    .proto_fun = &proto_fun_{cm.raw_code.escaped_name},",
            *([f"    .rom = rom_globals_{name}.value,"] if cm.rom.table() else ()),
            f"    .n_rom = {len(cm.rom.table())},",
            f"    .n_inner = {len(cm.rom.inner)},",
            f"    .n_globals = {min(cm.rom.n_globals(), 255)},",
            "    },",
        )

    def module_constants(self, cm):
        """The constants that a module is the first to have, or all of them and their table."""
        if cm.rom.constants_at is None:
            names, cm.qstr_table = cm.qstr_table, []
            cm.freeze_constants()
            cm.qstr_table = names
            return
        for i, obj in enumerate(cm.obj_table):
            name = f"const_obj_{cm.escaped_name}_{i}"
            self.shared[cm.rom.constants_at[i]] = cm.freeze_constant_obj(name, obj)

    def table(self, cm):
        """Globals that are constants: values, and behind them their names."""
        name, rows = cm.escaped_name, cm.rom.table()
        if not rows:
            return
        refs = self._values(cm, f"rom_global_{name}", rows.values())
        size = len(rows)
        print("static const struct {")
        print(f"    mp_rom_obj_t value[{size}];")
        print(f"    qstr_short_t name[{size}];")
        print(f"}} rom_globals_{name} = {{{{")
        print("".join(f"    {ref},\n" for ref in refs), end="")
        print("}, {")
        print("".join(f"    {self.mpy.QStrType(key).qstr_id},\n" for key in rows), end="")
        print("}};")

    def head(self):
        print(_HEAD)
        for name in sorted(self.world.interpreter.ours):
            # Each begins with this, and that is all its users ask of it here.
            print(f"extern const mp_obj_base_t {name};")
        for i, module in enumerate(self.world.all):
            print(f"#define frozen_module_{module.cm.escaped_name} mp_frozen_mpy_content[{i}]")
            for function in module.functions:
                if function.place is None:
                    # (a method that only a vendor left out calls may have gone from its class)
                    symbol = function.symbol[1:]
                    print(f"static const mp_obj_fun_bc_t {symbol} __attribute__((unused));")
        self.shared = [None] * self.world.n_constants
        if self.shared:
            print(f"static const mp_rom_obj_t rom_constants[{len(self.shared)}];")
        for symbol, names in self.world.tables.items():
            print(f"static const qstr_short_t {symbol}[{len(names)}] = {{")
            print("   ", ", ".join(name.qstr_id for name in names))
            print("};")
        for group, classes in self._groups():
            print(f"typedef struct {{ rom_type_t type[{len(classes)}]; ", end="")
            print(f"const void *shared[{len(_SLOTS)}]; }} {group}_t;")
            print(f"static const {group}_t {group};")

    def _groups(self):
        """(symbol, classes) of each group of types."""
        classes = self.world.classes
        for start in range(0, len(classes), _GROUP):
            yield f"rom_types_{start // _GROUP}", classes[start : start + _GROUP]

    def plain(self, function):
        """A function without an object: its bytecode goes to that of all modules."""
        rc, module = function.rc, function.module
        before = [f"{module.index}, // module"]
        if function.defaults:
            before = [f"{self._place_defaults(function)}, 0x80 | {before[0]}, with defaults"]
        size = 1 + bool(function.defaults) + len(rc.fun_data)
        print(f"// - code: {size} bytes of mp_frozen_code: {rc.escaped_name}")
        self.code += [self._scope(rc), *(f"    {row}" for row in before), *rc.rom_code.text()]
        self.mpy.bc_content += len(rc.fun_data)

    def bytecode(self, rc):
        """The bytecode of a function that is an object, or of a module."""
        print(self._scope(rc))
        print(f"static const byte fun_data_{rc.escaped_name}[{len(rc.fun_data)}] = {{")
        for line in rc.rom_code.text():
            print(line)
        print("};")
        self.mpy.bc_content += len(rc.fun_data)

    def _scope(self, rc):
        return f"// frozen bytecode, scope {rc.escaped_name}"

    def object(self, function):
        """The function object, after its bytecode."""
        rc, cm = function.rc, function.module.cm
        kind = "fun_viper"
        if rc.code_kind == self.mpy.MP_CODE_BYTECODE:
            generator = rc.scope_flags & self.mpy.MP_SCOPE_FLAG_GENERATOR
            kind = "gen_wrap" if generator else "fun_bc"
        refs = self._values(cm, f"rom_default_{rc.escaped_name}", function.defaults)
        print(f"static const mp_obj_fun_bc_t rom_fun_{rc.escaped_name} = {{")
        print(f"    .base = {{&mp_type_{kind}}},")
        print(f"    .context = &frozen_module_{cm.escaped_name}.context,")
        if rc.children:
            print(f"    .child_table = (void *)&children_{rc.escaped_name},")
        print(f"    .bytecode = fun_data_{rc.escaped_name},")
        if refs:
            print(f"    .extra_args = {{{', '.join(f'ROM_OBJ({ref})' for ref in refs)}}},")
        print("};")

    def _values(self, cm, name, values):
        return [self._value(cm, f"{name}_{i}", value) for i, value in enumerate(values)]

    def _value(self, cm, name, value):
        """Print what a value needs, and give the expression for it."""
        if type(value) is int and -(2**30) <= value < 2**30:
            return f"MP_ROM_INT({value})"
        if value is None or not isinstance(value, Value) or value.symbol is not None:
            return cm.freeze_constant_obj(name, value)
        if isinstance(value, Closure):
            function, owner = self.symbol(value.function), self.symbol(value.owner)
            print(
                f"static const mp_obj_cell_t {name}_cell = "
                f"{{{{&mp_type_cell}}, ROM_OBJ({owner})}};"
            )
            print(
                f"static const rom_closure_t {name} = {{{{&mp_type_closure}}, "
                f"ROM_OBJ({function}), 1, {{ROM_OBJ(&{name}_cell)}}}};"
            )
        elif isinstance(value, Wrapped):
            function = self._value(cm, name + "_fun", value.function)
            print(
                f"static const mp_rom_obj_static_class_method_t {name} = "
                f"{{{{&mp_type_{value.kind}}}, {function}}};"
            )
        elif isinstance(value, Property):
            parts = self._values(cm, name, value.functions)
            parts = ", ".join(f"ROM_OBJ({part})" for part in parts)
            print(f"static const rom_property_t {name} = {{{{&mp_type_property}}, {{{parts}}}}};")
        value.symbol = f"&{name}"
        return f"MP_ROM_PTR({value.symbol})"

    def members(self, cm, value):
        """What a class has: a dict, a table of functions without objects, or both in a row."""
        functions = value.plain()
        others = [item for item in value.members.items() if item not in functions]
        name = value.text
        kind = f"uint16_t rom_functions_{name}[{2 * len(functions) + 1}]"
        rows = [f"{self.mpy.QStrType(key).qstr_id}, {f.place}" for key, f in functions]
        rows = f"{{{', '.join([*rows, '0'])}}}"
        if others:
            used = len(others)
            size = self._hash_table(cm, name, others)
            print("static const struct {")
            print("    mp_obj_dict_t dict;")
            if functions:
                print(f"    {kind};")
            print(f"}} rom_dict_{name} = {{{{")
            print("    .base = {&mp_type_dict},")
            print("    .map = {")
            # Without hashes in ROM a lookup would compute them: then it is searched like a list.
            print("        .all_keys_are_qstrs = 1, .is_fixed = 1,")
            print(f"        .is_ordered = {int(not self._hash_bytes())},")
            print(f"        .used = {used}, .alloc = {size},")
            print(f"        .table = (mp_map_elem_t *)(mp_rom_map_elem_t *)rom_table_{name},")
            print("    },")
            print(f"}}, {rows}}};" if functions else "}};")
        elif functions:
            print(f"static const {kind} = {rows};")

    def _hash_bytes(self):
        return self.mpy.config.MICROPY_QSTR_BYTES_IN_HASH

    def _hash_table(self, cm, name, members):
        """Members of a class, by the hashes of their names if ROM has those; how many slots."""
        mpy, hash_bytes = self.mpy, self._hash_bytes()
        # A search by hash for what is not there ends at a free slot.
        size = len(members) + (hash_bytes and len(members) > 3)
        table = [None] * size
        for number, (key, member) in enumerate(members):
            ref = self._value(cm, f"rom_member_{name}_{number}", member)
            at = mpy.qstrutil.compute_hash(key.encode(), hash_bytes) % size
            if not hash_bytes:
                at = number
            while table[at]:
                at = (at + 1) % size
            table[at] = f"{{MP_ROM_QSTR({mpy.QStrType(key).qstr_id}), {ref}}}"
        print(f"static const mp_rom_map_elem_t rom_table_{name}[{size}] = {{")
        for row in table:
            print(f"    {row or '{NULL, NULL}'},")
        print("};")
        return size

    def end(self):
        """What belongs to all modules."""
        print()
        if self.shared:
            print("// the constants of all modules")
            print(f"static const mp_rom_obj_t rom_constants[{len(self.shared)}] = {{")
            print("".join(f"    {ref},\n" for ref in self.shared), end="")
            print("};")
        names = f"MP_QSTRnumber_of + {len(self.mpy.global_qstrs.qstrs)}"
        print(f'_Static_assert({names} < 0x4000 - MP_BC_NAME_DIRECT, "too many names");')
        print("// functions without objects")
        print("const byte mp_frozen_code[] = {")
        print("\n".join(self.code or ["    0,"]))
        print("};")
        refs = [
            self._value(module.cm, f"rom_default_{i}", value)
            for i, (_, module, value) in enumerate(self.defaults)
        ]
        print(f"const mp_rom_obj_t mp_frozen_defaults[] = {{{', '.join(refs or '0')}}};")
        print("// classes in ROM")
        for group, classes in self._groups():
            print(f"static const {group}_t {group} = {{{{")
            for i, value in enumerate(classes):
                self._type(group, i, value)
            print(f"}}, {{{', '.join(_SLOTS.values())}}}}};")
        count = len(self.world.all)
        print(f"const mp_frozen_module_t mp_frozen_mpy_content[{count}] = {{")
        print("\n".join(self.entries))
        print("};")
        # In RAM: only what the modules' own code stores.
        print(f"mp_obj_dict_t mp_frozen_globals[{count}];")
        print(f"uint8_t mp_frozen_imported[{(count + 7) // 8}];")
        print(f"const size_t mp_frozen_globals_len = {count};")

    def _type(self, group, i, value):
        flags = (
            "MP_TYPE_FLAG_EQ_NOT_REFLEXIVE | MP_TYPE_FLAG_EQ_CHECKS_OTHER_TYPE | "
            "MP_TYPE_FLAG_EQ_HAS_NEQ_TEST | MP_TYPE_FLAG_ITER_IS_GETITER | "
            # The interpreter sets it when a class is subclassed: here it cannot.
            "MP_TYPE_FLAG_INSTANCE_TYPE | MP_TYPE_FLAG_IS_SUBCLASSED"
        )
        if value.has_accessors():
            flags += " | MP_TYPE_FLAG_HAS_SPECIAL_ACCESSORS"
        functions = value.plain()
        if functions:
            flags += " | MP_TYPE_FLAG_FROZEN_FUNCTIONS"
        slots = [(name, f"ROM_SHARED({group}_t, {i}, {n})") for n, name in enumerate(_SLOTS)]
        members = f"&rom_dict_{value.text}" if value.members else "&mp_const_empty_dict_obj"
        if functions and len(functions) == len(value.members):
            members = f"rom_functions_{value.text}"
        else:
            slots.append(("locals_dict", "1"))
        base = value.base
        if base is not None:
            slots.append(("parent", "2"))
        print(f"    [{i}] = {{ // {value.text}")
        print(f"        .base = {{&mp_type_type}}, .flags = {flags},")
        print(f"        .name = {self.mpy.QStrType(value.name).qstr_id},")
        print("        .slots = {")
        for name, number in slots:
            place = f"offsetof(mp_obj_type_t, slot_index_{name}) - offsetof(rom_type_t, slots)"
            print(f"            [{place}] = {number},")
        print("        },")
        parent = "NULL"
        if base is not None:
            parent = self.symbol(base) if isinstance(base, Class) else f"&mp_type_{base}"
        print(f"        .own = {{{members}, {parent}}},")
        print("    },")
