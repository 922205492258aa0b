"""The C text of what is in ROM, among what mpy-tool.py writes."""

import json

from classes import Classes
from functions import Functions
from module import World
from pack import pack
from values import Closure, Function, Property, Value, Wrapped, is_name, is_shared

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


class Text(Functions, Classes):
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
        self.told = []
        # The C text of the array of modules.
        self.entries = []

    def symbol(self, value):
        if value.symbol is None:
            raise ValueError(f"{value} was not put into ROM")
        return value.symbol

    def place(self):
        """Name all functions and classes."""
        self.place_classes()
        for module in self.world.all:
            for function in module.functions:
                self.place_function(function)

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
        refs = self.values(cm, f"rom_global_{name}", rows.values())
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
        self.declare_classes()

    def values(self, cm, name, values):
        return [self.value(cm, f"{name}_{i}", value) for i, value in enumerate(values)]

    def value(self, cm, name, value):
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
            function = self.value(cm, name + "_fun", value.function)
            print(
                f"static const mp_rom_obj_static_class_method_t {name} = "
                f"{{{{&mp_type_{value.kind}}}, {function}}};"
            )
        elif isinstance(value, Property):
            parts = self.values(cm, name, value.functions)
            parts = ", ".join(f"ROM_OBJ({part})" for part in parts)
            print(f"static const rom_property_t {name} = {{{{&mp_type_property}}, {{{parts}}}}};")
        value.symbol = f"&{name}"
        return f"MP_ROM_PTR({value.symbol})"

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
        self.end_functions()
        self.end_classes()
        count = len(self.world.all)
        print(f"const mp_frozen_module_t mp_frozen_mpy_content[{count}] = {{")
        print("\n".join(self.entries))
        print("};")
        # In RAM: only what the modules' own code stores.
        print(f"mp_obj_dict_t mp_frozen_globals[{count}];")
        print(f"uint8_t mp_frozen_imported[{(count + 7) // 8}];")
        print(f"const size_t mp_frozen_globals_len = {count};")
