"""The bytecode of one function as a list of instructions that can be replaced, and back.

The format: py/bc.h and py/bc0.h of MicroPython 1.25 (persistent bytecode version 6.3).
"""

from fuse import LOADS_CONSTANT

# From it on, a name's number is not a place in its module's table, but the interpreter's own
# (py/bc.h). What that is the C compiler knows; the bytes here stand for 0.
DIRECT = 0x2000


class Op:
    """One instruction. `arg` is a number, or what it stands for: a name (QStrType), a constant
    (Constant, or a value of values.py), a child (RawCode), the Op a jump goes to.
    """

    def __init__(self, code, fmt, arg, extra, line):
        self.code = code
        self.fmt = fmt
        self.arg = arg
        self.extra = extra
        self.line = line
        self.offset = 0


class Constant:
    """An entry of a module's table of constants, by identity."""

    def __init__(self, value):
        self.value = value


class Code:
    """`ops` of the bytecode `rc` (a RawCodeBytecode); `constants` are the module's Constants."""

    def __init__(self, mpy, rc, constants):
        self.mpy = mpy
        self.rc = rc
        self.names = [rc.qstr_table[i] for i in rc.names]
        self.cells = list(rc.fun_data[rc.offset_closure_info : rc.offset_opcodes])
        self.children = list(rc.children)
        self.ops = self._decode(constants)
        # (where in the bytes, name) of each name that is not numbered by a table: two bytes.
        self.direct = None

    def _decode(self, constants):
        mpy, rc, code = self.mpy, self.rc, self.mpy.Opcode
        data, ip, found, starts = rc.fun_data, rc.offset_opcodes, [], {}
        lines = _Lines(data[rc.offset_line_info : rc.offset_closure_info])
        while ip < len(data):
            fmt, size, arg, extra = mpy.mp_opcode_decode(data, ip)
            op = Op(data[ip], fmt, arg, extra, lines.at(ip - rc.offset_opcodes))
            starts[ip] = op
            found.append(op)
            ip += size
            if fmt == mpy.MP_BC_FORMAT_OFFSET:
                # From the end of the offset, which an extra byte may follow.
                op.arg = arg + ip - (extra is not None)
            elif fmt == mpy.MP_BC_FORMAT_QSTR:
                op.arg = rc.qstr_table[arg]
            elif op.code == code.MP_BC_LOAD_CONST_OBJ:
                op.arg = constants[arg]
            elif self.makes_function(op):
                op.arg = rc.children[arg]
        for op in found:
            if op.fmt == mpy.MP_BC_FORMAT_OFFSET:
                op.arg = starts[op.arg]
        return found

    def makes_function(self, op):
        code = self.mpy.Opcode
        return op.code in (
            code.MP_BC_MAKE_FUNCTION,
            code.MP_BC_MAKE_FUNCTION_DEFARGS,
            code.MP_BC_MAKE_CLOSURE,
            code.MP_BC_MAKE_CLOSURE_DEFARGS,
        )

    def loads_constant(self, op):
        return op.code == self.mpy.Opcode.MP_BC_LOAD_CONST_OBJ or op.code in LOADS_CONSTANT

    def targets(self):
        """The instructions that a jump goes to."""
        return {op.arg for op in self.ops if op.fmt == self.mpy.MP_BC_FORMAT_OFFSET}

    def replace(self, first, last, constant):
        """A load of `constant` in place of ops[first] … ops[last], which only the first of is a
        jump's target.
        """
        op = self.ops[first]
        op.code, op.fmt = self.mpy.Opcode.MP_BC_LOAD_CONST_OBJ, self.mpy.MP_BC_FORMAT_VAR_UINT
        op.arg, op.extra = constant, None
        for i in range(first + 1, last + 1):
            self.ops[i] = None

    def drop(self, gone):
        """Without some instructions; a jump to one of them goes on at what comes behind it."""
        moved, kept, waiting = {}, [], []
        for op in self.ops:
            if op in gone:
                waiting.append(op)
            else:
                moved.update(dict.fromkeys(waiting, op))
                waiting = []
                kept.append(op)
        self.ops = kept
        for op in kept:
            if op.fmt == self.mpy.MP_BC_FORMAT_OFFSET:
                op.arg = moved.get(op.arg, op.arg)

    def trim(self):
        """Without what is never reached; what a jump returns at, it does itself."""
        opcode = self.mpy.Opcode
        ends = {
            opcode.MP_BC_RETURN_VALUE,
            opcode.MP_BC_RAISE_LAST,
            opcode.MP_BC_RAISE_OBJ,
            opcode.MP_BC_RAISE_FROM,
            opcode.MP_BC_JUMP,
            opcode.MP_BC_POP_EXCEPT_JUMP,
            opcode.MP_BC_UNWIND_JUMP,
        }
        count = 0
        while count != len(self.ops):
            count, kept, targets, alive = len(self.ops), [], self.targets(), True
            for op in self.ops:
                if alive or op in targets:
                    kept.append(op)
                    alive = op.code not in ends
            for op, then in zip(kept, kept[1:], strict=False):
                if op.code == opcode.MP_BC_JUMP and op.arg.code == opcode.MP_BC_RETURN_VALUE:
                    op.code, op.fmt, op.arg = op.arg.code, op.arg.fmt, op.arg.arg
                elif op.code == opcode.MP_BC_JUMP and op.arg is then:
                    op.code = None
            self.ops = kept
            self.drop({op for op in kept if op.code is None})

    def finish(self):
        """Drop the children that nothing makes any more."""
        used = {op.arg for op in self.ops if self.makes_function(op)}
        self.rc.children = self.children = [rc for rc in self.children if rc in used]

    def encode(self, name_index, constant_index):
        """Put the bytecode back into its RawCode; the arguments number names (by text; one that
        has none is DIRECT) and constants.
        """
        mpy, rc = self.mpy, self.rc
        children = {child: i for i, child in enumerate(self.children)}
        for op in self.ops:
            if op.fmt == mpy.MP_BC_FORMAT_QSTR:
                op.number = name_index.get(op.arg.str, DIRECT)
            elif self.loads_constant(op):
                op.number = constant_index[op.arg]
            elif self.makes_function(op):
                op.number = children[op.arg]
            else:
                op.number = op.arg
        body = self._place()
        names, direct = bytearray(), []
        for name in self.names:
            number = name_index.get(name.str, DIRECT)
            if number == DIRECT:
                direct.append((len(names), name))
            names += mpy.mp_encode_uint(number)
        info = names + _Lines.encode((op.offset, op.line) for op in self.ops)
        size = mpy.encode_prelude_size(len(info), len(self.cells))
        signature = rc.fun_data[: rc.offset_prelude_size]
        left_out = len(rc.names) - len(self.names)
        rc.fun_data = bytes(signature + size + info + bytes(self.cells) + body)
        (
            rc.offset_prelude_size,
            rc.offset_source_info,
            rc.offset_line_info,
            rc.offset_closure_info,
            rc.offset_opcodes,
            rc.prelude_signature,
            rc.prelude_size,
            rc.names,
        ) = mpy.extract_prelude(rc.fun_data + bytes(256), 0)
        self.direct = [(rc.offset_source_info + at, name) for at, name in direct]
        self.direct += [
            (rc.offset_opcodes + op.offset + 1, op.arg)
            for op in self.ops
            if op.fmt == mpy.MP_BC_FORMAT_QSTR and op.number == DIRECT
        ]
        if left_out:
            # Of a function that is never called by keyword (and has no line numbers).
            rc.names = rc.names[: len(self.names)]
            rc.offset_line_info = rc.offset_source_info + len(names)

    def text(self):
        """The bytes as lines of C."""
        rc, mpy = self.rc, self.mpy
        tokens = [f"0x{byte:02x}" for byte in rc.fun_data]
        for at, name in self.direct:
            tokens[at] = f"{DIRECT >> 7 | 0x80:#04x} | {name.qstr_id} >> 7"
            tokens[at + 1] = f"{name.qstr_id} & 0x7f"
        parts = [
            (rc.offset_source_info, "prelude"),
            (rc.offset_line_info, f"names: {', '.join(name.str for name in self.names)}"),
            (rc.offset_opcodes, "code info"),
        ]
        for op, after in zip(self.ops, [*self.ops[1:], None], strict=True):
            what = mpy.Opcode.mapping[op.code]
            if op.fmt == mpy.MP_BC_FORMAT_QSTR:
                what += f" {op.arg.str!r}"
            elif op.fmt == mpy.MP_BC_FORMAT_OFFSET:
                what += f" {op.arg.offset}"
            elif op.fmt == mpy.MP_BC_FORMAT_VAR_UINT:
                what += f" {op.number}"
            end = rc.offset_opcodes + after.offset if after else len(tokens)
            parts.append((end, what))
        start = 0
        for end, what in parts:
            yield f"    {' '.join(f'{token},' for token in tokens[start:end])} // {what}"
            start = end

    def _place(self):
        """The bytes of the instructions; jumps may become shorter until nothing moves."""
        mpy, moved = self.mpy, True
        while moved:
            moved, misfit, out = False, False, bytearray()
            for op in self.ops:
                if op.offset != len(out):
                    op.offset, moved = len(out), True
                coded = mpy.Opcode(op.offset, op.fmt, op.code, op.number, op.extra)
                if op.fmt == mpy.MP_BC_FORMAT_OFFSET:
                    coded.target = op.arg
                overflow, encoded = mpy.mp_opcode_encode(coded)
                out += encoded
                misfit = misfit or overflow
        if misfit:
            raise ValueError(f"{self.rc.escaped_name}: a jump does not fit")
        return out


class _Lines:
    """Line numbers: pairs of (bytes of code, lines) to step, from line 1."""

    def __init__(self, data):
        self._starts = []
        offset, line, i = 0, 1, 0
        self.known = len(data) > 0
        while i < len(data):
            first = data[i]
            if first & 0x80:
                step, lines = first & 0xF, (first << 4) & 0x700 | data[i + 1]
                i += 2
            else:
                step, lines = first & 0x1F, first >> 5
                i += 1
            offset += step
            line += lines
            self._starts.append((offset, line))

    def at(self, offset):
        """The line of the code at `offset`, None where no lines are kept."""
        if not self.known:
            return None
        found = 1
        for start, line in self._starts:
            if start > offset:
                break
            found = line
        return found

    @staticmethod
    def encode(places):
        """Bytes for (offset, line) of each instruction, in order."""
        out, at, line = bytearray(), 0, 1
        for offset, wanted in places:
            # Lines only ever go up here; an instruction of an earlier line counts to the last.
            if wanted is None or wanted <= line:
                continue
            step, lines = offset - at, wanted - line
            at, line = offset, wanted
            while step or lines:
                if lines <= 3 or step > 0xF:
                    now, up = min(step, 0x1F), min(lines, 3) if step <= 0x1F else 0
                    out.append(now | up << 5)
                else:
                    now, up = step, min(lines, 0x7FF)
                    out += bytes((0x80 | now | up >> 4 & 0x70, up & 0xFF))
                step -= now
                lines -= up
        return out
