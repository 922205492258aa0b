"""Imports that cannot fail in the firmware that is made: what `except ImportError` has for other
Pythons is left out.
"""

import re
from pathlib import Path

from values import Object

# Objects of the interpreter's modules that the linker knows by name.
_OBJECTS = {
    ("array", "array"): "&mp_type_array",
    ("collections", "deque"): "&mp_type_deque",
    ("micropython", "const"): "&mp_identity_obj",
    ("sys", "print_exception"): "&mp_sys_print_exception_obj",
    ("time", "ticks_add"): "&mp_time_ticks_add_obj",
    ("time", "ticks_diff"): "&mp_time_ticks_diff_obj",
    ("time", "ticks_ms"): "&mp_time_ticks_ms_obj",
}
# Its import does something.
_STARTED = ("random",)
_ROW = re.compile(r"\{ ?MP_ROM_QSTR\(MP_QSTR_(\w+)\), MP_ROM_PTR\((&\w+)\) ?\}")
# Our module in C, and the file with its table, in a tree that has it.
NATIVE = "_uplink"
_TABLE = Path("uplink", "native", "native.c")
# A type of ours whose name no other C code has.
_ALWAYS = "Decoder"


class Interpreter:
    """Modules of the firmware written in C, by the header that the build made of them."""

    def __init__(self, genhdr, tree, pool):
        text = (genhdr / "moduledefs.h").read_text()
        self.modules = {
            name: Object(symbol)
            for name, symbol in _ROW.findall(text)
            if symbol.startswith("&mp_module_") and name not in _STARTED
        }
        self.objects = {
            (module, name): Object(symbol)
            for (module, name), symbol in _OBJECTS.items()
            if module in self.modules
        }
        # {C symbol} that no header of the interpreter declares.
        self.ours = set()
        if (tree / _TABLE).exists():
            self._add_native((tree / _TABLE).read_text(), pool)

    def _add_native(self, text, pool):
        """What is in our module, by the table of its names, whether or not the firmware has that
        table. A type that is not compiled has no name there: `pool` has those of all C code.
        """
        text = text[text.index(" globals_table[]") :]
        rows = _ROW.findall(text[: text.index("};")])
        if _ALWAYS not in pool:
            return
        self.modules[NATIVE] = Object("&mp_module_uplink_native")
        for name, symbol in rows:
            if name in pool or not symbol.endswith("_type"):
                self.objects[NATIVE, name] = Object(symbol)
                self.ours.add(symbol[1:])


class Sure:
    """Takes `try … except` off imports that cannot fail."""

    def __init__(self, world):
        self.world = world
        self.opcode = world.mpy.Opcode
        self._asked = {}
        # A module may become sure by what is taken off it.
        while sum(self._prune(module) for module in world.all if not module.is_script):
            self._asked = {}

    def _prune(self, module):
        opcode, code, pruned = self.opcode, module.code[module.cm.raw_code], 0
        # From the innermost.
        for first in [op for op in code.ops if op.code == opcode.MP_BC_SETUP_EXCEPT][::-1]:
            at = code.ops.index(first)
            handler = code.ops.index(first.arg)
            leave = code.ops[handler - 1]
            if leave.code != opcode.MP_BC_POP_EXCEPT_JUMP:
                continue
            if self._is_sure(module, code.ops[at + 1 : handler - 1]):
                end = code.ops.index(leave.arg)
                code.drop({first, *code.ops[handler - 1 : end]})
                pruned += 1
        return pruned

    def _is_sure(self, module, ops):
        """Whether instructions only import, what is there."""
        opcode, source = self.opcode, None
        small = opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI
        level = 0
        for op in ops:
            if op.code == opcode.MP_BC_IMPORT_NAME:
                (found,) = module.imported(op.arg.str, level, ())
                source = found.name
                if not self._imports(module, source):
                    return False
            elif op.code == opcode.MP_BC_IMPORT_FROM:
                if not self._has(source, op.arg.str):
                    return False
            elif small <= op.code < small + opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_NUM:
                level = op.code - small - opcode.MP_BC_LOAD_CONST_SMALL_INT_MULTI_EXCESS
            elif op.code not in (
                opcode.MP_BC_LOAD_CONST_NONE,
                opcode.MP_BC_LOAD_CONST_STRING,
                opcode.MP_BC_BUILD_TUPLE,
                opcode.MP_BC_STORE_NAME,
                opcode.MP_BC_POP_TOP,
            ):
                return False
        return True

    def _imports(self, asking, name):
        found = self.world.modules.get(name)
        if found is None:
            return name in self.world.interpreter.modules
        if found.package != asking.package or found.is_script:
            return False
        if found not in self._asked:
            # While it is asked (a circle) it is not sure.
            self._asked[found] = False
            top = found.code[found.cm.raw_code]
            plain = [
                op
                for op in top.ops
                if not top.makes_function(op)
                and op.code
                not in (self.opcode.MP_BC_RETURN_VALUE, self.opcode.MP_BC_LOAD_CONST_OBJ)
            ]
            self._asked[found] = self._is_sure(found, plain)
        return self._asked[found]

    def _has(self, source, name):
        found = self.world.modules.get(source)
        if found is None:
            return (source, name) in self.world.interpreter.objects
        return name in found.stores
