"""The C text of functions: most are numbers, the places of their bytecode (patch 0050)."""

from values import is_shared

# Functions of so many modules, with defaults at so many places, are told by a byte (py/bc.h).
_MODULES = 128
_VALUES = 256
# Where places of objects begin, in a class's table of functions (py/objtype.h).
_OBJECTS_AT = 0x10000 - _VALUES


def _key(value):
    """The same for constants that are the same object in ROM."""
    return (type(value), repr(value)) if is_shared(value) else id(value)


class Functions:
    """A part of emit.Text. `code`: lines of C, the bytecode of functions without objects, and
    `code_size` its bytes; `told`: (key, Module, value) of what is told by its number:
    their default arguments, and functions of classes that are objects.
    """

    def place_function(self, function):
        """Give it its symbol."""
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
            and self._place_values(function.module, function.defaults) < _VALUES
        )

    def _place_values(self, module, values):
        """Where in the table of what is told by its number a module's values are, in a row."""
        wanted = [(_key(value), module, value) for value in values]
        keys, known = [key for key, _, _ in wanted], [key for key, _, _ in self.told]
        at = 0
        while known[at : at + len(keys)] != keys[: len(known) - at]:
            at += 1
        self.told += wanted[len(known) - at :]
        return at

    def place_of(self, function):
        """What a class's table of functions says of one; None: there is no room."""
        if function.place is not None:
            return function.place if function.place < _OBJECTS_AT else None
        at = self._place_values(function.module, [function])
        return _OBJECTS_AT + at if at < _VALUES else None

    def plain(self, function):
        """A function without an object: its bytecode goes to that of all modules."""
        rc, module = function.rc, function.module
        before = [f"{module.index}, // module"]
        if function.defaults:
            at = self._place_values(module, function.defaults)
            before = [f"{at}, 0x80 | {before[0]}, with defaults"]
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
        refs = self.values(cm, f"rom_default_{rc.escaped_name}", function.defaults)
        print(f"static const mp_obj_fun_bc_t rom_fun_{rc.escaped_name} = {{")
        print(f"    .base = {{&mp_type_{kind}}},")
        print(f"    .context = &frozen_module_{cm.escaped_name}.context,")
        if rc.children:
            print(f"    .child_table = (void *)&children_{rc.escaped_name},")
        print(f"    .bytecode = fun_data_{rc.escaped_name},")
        if refs:
            print(f"    .extra_args = {{{', '.join(f'ROM_OBJ({ref})' for ref in refs)}}},")
        print("};")

    def end_functions(self):
        """What belongs to the functions of all modules."""
        print("// functions without objects")
        print("const byte mp_frozen_code[] = {")
        print("\n".join(self.code or ["    0,"]))
        print("};")
        refs = [
            self.value(module.cm, f"rom_told_{i}", value)
            for i, (_, module, value) in enumerate(self.told)
        ]
        print(f"const mp_rom_obj_t mp_frozen_values[] = {{{', '.join(refs or '0')}}};")
