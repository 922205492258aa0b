"""Instructions that stand for several (firmware/patches/0040-…, py/bc0.h): what compiled Python
does most takes one instruction instead of two to seven.
"""

# Name and number of the instruction, what it stands for, as mpy-tool.py's Opcode.mapping has it
# (operators by their number alone; numbers count where they are given). The longest that fits is
# taken. Of the arguments that are left open the first is kept.
FUSED = (
    ("CALL_METHOD 0", 0x02, "CALL_METHOD 0"),
    ("CALL_METHOD 1", 0x03, "CALL_METHOD 1"),
    ("CALL_METHOD 2", 0x04, "CALL_METHOD 2"),
    ("CALL_METHOD 3", 0x05, "CALL_METHOD 3"),
    ("CALL_METHOD_POP 0", 0x06, "CALL_METHOD 0, POP_TOP"),
    ("CALL_METHOD_POP 1", 0x07, "CALL_METHOD 1, POP_TOP"),
    ("CALL_METHOD_POP 2", 0x08, "CALL_METHOD 2, POP_TOP"),
    ("CALL_METHOD_POP 3", 0x09, "CALL_METHOD 3, POP_TOP"),
    ("CALL_FUNCTION 1", 0x0A, "CALL_FUNCTION 1"),
    ("CALL_FUNCTION 2", 0x0B, "CALL_FUNCTION 2"),
    ("CALL_FUNCTION 3", 0x0C, "CALL_FUNCTION 3"),
    ("RETURN_NONE", 0x0D, "LOAD_CONST_NONE, RETURN_VALUE"),
    ("RETURN_TRUE", 0x0E, "LOAD_CONST_TRUE, RETURN_VALUE"),
    ("RETURN_FALSE", 0x0F, "LOAD_CONST_FALSE, RETURN_VALUE"),
    (
        "SUBSCR_INCREMENT",
        0x6A,
        "DUP_TOP_TWO, LOAD_SUBSCR, LOAD_CONST_SMALL_INT 1, BINARY_OP 14, ROT_THREE, STORE_SUBSCR",
    ),
    ("SELF_LOAD_ATTR", 0x1D, "LOAD_FAST 0, LOAD_ATTR"),
    ("SELF_STORE_ATTR", 0x1E, "LOAD_FAST 0, STORE_ATTR"),
    ("SELF_LOAD_METHOD", 0x1F, "LOAD_FAST 0, LOAD_METHOD"),
    ("CALL_NAME", 0x38, "LOAD_METHOD, CALL_METHOD 0"),
    ("CALL_NAME_POP", 0x39, "LOAD_METHOD, CALL_METHOD 0, POP_TOP"),
    ("SELF_STORE_ZERO", 0x3A, "LOAD_CONST_SMALL_INT 0, LOAD_FAST 0, STORE_ATTR"),
    (
        "SELF_INCREMENT",
        0x3B,
        "LOAD_FAST 0, DUP_TOP, LOAD_ATTR, LOAD_CONST_SMALL_INT 1, BINARY_OP 14, "
        "ROT_TWO, STORE_ATTR",
    ),
    ("SUBSCR_STRING", 0x3C, "LOAD_CONST_STRING, LOAD_SUBSCR"),
    ("SECOND_LOAD_ATTR", 0x3D, "LOAD_FAST 1, LOAD_ATTR"),
    ("LOAD_OBJ_SELF", 0x3E, "LOAD_CONST_OBJ, LOAD_FAST 0"),
    ("LOAD_OBJ_NULL", 0x3F, "LOAD_CONST_OBJ, LOAD_NULL"),
    ("JUMP_IF_NOT_EQUAL", 0x4C, "BINARY_OP 2, POP_JUMP_IF_FALSE"),
    ("JUMP_IF_NONE", 0x4D, "LOAD_CONST_NONE, BINARY_OP 7, UNARY_OP 3, POP_JUMP_IF_FALSE"),
    ("JUMP_IF_NOT_NONE", 0x4E, "LOAD_CONST_NONE, BINARY_OP 7, POP_JUMP_IF_FALSE"),
    ("CHAIN_LESS_EQUAL", 0x4F, "DUP_TOP, ROT_THREE, BINARY_OP 3, JUMP_IF_FALSE_OR_POP"),
)
# Those whose argument numbers the table of constants.
LOADS_CONSTANT = (0x3E, 0x3F)


class Fuser:
    """Puts the instructions in; `count` tells how many of each."""

    def __init__(self, mpy):
        self._mpy = mpy
        self.count = dict.fromkeys((name for name, _, _ in FUSED), 0)
        self._patterns = sorted(
            ((tuple(text.split(", ")), name, code) for name, code, text in FUSED),
            key=lambda row: -len(row[0]),
        )
        for name, code, _ in FUSED:
            mpy.Opcode.mapping[code] = name

    def fuse(self, code):
        """Rewrite a Code (bytecode.py)."""
        ops, targets = code.ops, code.targets()
        arguments = self._arguments(code)
        words = [self._words(op, arguments) for op in ops]
        place = {op: i for i, op in enumerate(ops)}
        gone, i = set(), 0
        while i < len(ops):
            i += self._fuse_at(ops, i, words, targets, place, gone)
        code.drop(gone)

    def _fuse_at(self, ops, i, words, targets, place, gone):
        """Fuse what begins at `i`, if anything does; how many instructions that is."""
        for pattern, name, number in self._patterns:
            end = i + len(pattern)
            found = ops[i:end]
            if len(found) < len(pattern) or not all(map(_fits, words[i:end], pattern)):
                continue
            if any(op in targets or op.line != ops[i].line for op in found[1:]):
                continue
            jump = found[-1].fmt == self._mpy.MP_BC_FORMAT_OFFSET
            if jump and place[found[-1].arg] <= i:
                # Their offset has no sign.
                continue
            open_ = [
                op for op, word in zip(found, pattern, strict=True) if self._is_open(op, word)
            ]
            if len({op.arg.str for op in open_ if op.fmt == self._mpy.MP_BC_FORMAT_QSTR}) > 1:
                continue
            first = found[0]
            taken = open_[0] if open_ else None
            first.code = number
            first.fmt = taken.fmt if taken else self._mpy.MP_BC_FORMAT_BYTE
            first.arg = taken.arg if taken else None
            first.extra = None
            gone.update(found[1:])
            self.count[name] += 1
            return len(pattern)
        return 1

    def _is_open(self, op, word):
        return op.fmt != self._mpy.MP_BC_FORMAT_BYTE and not (
            op.fmt == self._mpy.MP_BC_FORMAT_VAR_UINT and " " in word
        )

    def _arguments(self, code):
        """How many of the first local variables always have a value."""
        mpy = self._mpy
        *_, positional, keyword, _ = code.rc.prelude_signature
        deleted = [op.arg for op in code.ops if op.code == mpy.Opcode.MP_BC_DELETE_FAST]
        return min([positional + keyword, *deleted])

    def _words(self, op, arguments):
        """What patterns may call an instruction."""
        opcode = self._mpy.Opcode
        words = opcode.mapping[op.code].split()[:2]
        if words[0] == "LOAD_FAST" and int(words[1]) >= arguments:
            return ()
        if op.fmt == self._mpy.MP_BC_FORMAT_VAR_UINT and isinstance(op.arg, int):
            words = [words[0], str(op.arg)]
        return words[0], " ".join(words)


def _fits(words, wanted):
    return wanted in words
