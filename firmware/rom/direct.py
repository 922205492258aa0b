"""Calls of a method that nothing can replace: `self._step()` loads the function, without a search.

Sound where the method's name is private (short.py): no application can override it, so the
classes that can are all known, and so are the attributes that could hide it.
"""

from values import Class, Function


def call_directly(short):
    """Rewrite the calls in the code of a Short, before its names are given, and drop members that
    are then never looked up.
    """
    opcode = short.opcode
    stored = short.everywhere | short.assigned
    for code, owners in short.methods.items():
        if code not in short.codes or len(owners) != 1:
            continue
        ((owner, own),) = owners
        if short.assigns_own(code, own):
            continue
        targets = code.targets()
        for load, call in zip(code.ops, code.ops[1:], strict=False):
            if call.code != opcode.MP_BC_LOAD_METHOD or call in targets:
                continue
            name = call.arg.str
            if name not in short.names or name in stored or not short.loads(load, own):
                continue
            function = _found(owner, name)
            below = [c for c in short.classes if c is not owner and _is_below(c, owner)]
            if function is None or any(name in c.members for c in below):
                continue
            call.code, call.fmt, call.arg, call.extra = load.code, load.fmt, load.arg, load.extra
            load.code, load.fmt = (
                opcode.MP_BC_LOAD_CONST_OBJ,
                short.world.mpy.MP_BC_FORMAT_VAR_UINT,
            )
            load.arg, load.extra = function, None
    _drop(short)


def _found(owner, name):
    """The Function that instances of a class have by a name, or None."""
    while isinstance(owner, Class):
        if name in owner.members:
            member = owner.members[name]
            return member if isinstance(member, Function) else None
        owner = owner.base
    return None


def _is_below(value, owner):
    while isinstance(value, Class):
        if value is owner:
            return True
        value = value.base
    return False


def _drop(short):
    opcode = short.opcode
    lookups = (
        opcode.MP_BC_LOAD_ATTR,
        opcode.MP_BC_LOAD_METHOD,
        opcode.MP_BC_LOAD_SUPER_METHOD,
        opcode.MP_BC_LOAD_NAME,
        opcode.MP_BC_IMPORT_FROM,
    )
    asked = {op.arg.str for code in short.codes for op in code.ops if op.code in lookups}
    for value in short.classes:
        value.members = {
            name: member
            for name, member in value.members.items()
            if name in asked or name not in short.names or not isinstance(member, Function)
        }
