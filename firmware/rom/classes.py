"""The C text of classes: their types, and what they have."""

from values import Class, Function

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


class Classes:
    """A part of emit.Text."""

    def place_classes(self):
        """Give them their symbols."""
        for i, value in enumerate(self.world.classes):
            value.symbol = f"&rom_types_{i // _GROUP}.type[{i % _GROUP}]"
            value.text = f"{value.body.escaped_name}"

    def _groups(self):
        """(symbol, classes) of each group of types."""
        classes = self.world.classes
        for start in range(0, len(classes), _GROUP):
            yield f"rom_types_{start // _GROUP}", classes[start : start + _GROUP]

    def declare_classes(self):
        for group, classes in self._groups():
            print(f"typedef struct {{ rom_type_t type[{len(classes)}]; ", end="")
            print(f"const void *shared[{len(_SLOTS)}]; }} {group}_t;")
            print(f"static const {group}_t {group};")

    def members(self, cm, value):
        """What a class has: a dict, a table of functions, or both in a row."""
        for key, member in value.members.items():
            place = self.place_of(member) if isinstance(member, Function) else None
            if place is not None:
                value.functions[key] = place
        functions = value.functions
        others = [item for item in value.members.items() if item[0] not in functions]
        name = value.text
        kind = f"uint16_t rom_functions_{name}[{2 * len(functions) + 1}]"
        rows = [f"{self.mpy.QStrType(key).qstr_id}, {place}" for key, place in functions.items()]
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
            ref = self.value(cm, f"rom_member_{name}_{number}", member)
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

    def end_classes(self):
        print("// classes in ROM")
        for group, classes in self._groups():
            print(f"static const {group}_t {group} = {{{{")
            for i, value in enumerate(classes):
                self._type(group, i, value)
            print(f"}}, {{{', '.join(_SLOTS.values())}}}}};")

    def _type(self, group, i, value):
        flags = (
            "MP_TYPE_FLAG_EQ_NOT_REFLEXIVE | MP_TYPE_FLAG_EQ_CHECKS_OTHER_TYPE | "
            "MP_TYPE_FLAG_EQ_HAS_NEQ_TEST | MP_TYPE_FLAG_ITER_IS_GETITER | "
            # The interpreter sets it when a class is subclassed: here it cannot.
            "MP_TYPE_FLAG_INSTANCE_TYPE | MP_TYPE_FLAG_IS_SUBCLASSED"
        )
        if value.has_accessors():
            flags += " | MP_TYPE_FLAG_HAS_SPECIAL_ACCESSORS"
        functions = value.functions
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
