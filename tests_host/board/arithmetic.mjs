// Arithmetic and logic on random registers and flags, on the board's own core and on rp2040js's. Prints which
// instructions differ in what.
import { readFileSync } from 'fs';
import { Machine } from '../../tools/board/js/machine.mjs';
import { random } from '../../tools/board/js/flash.mjs';

const image = readFileSync(process.argv[2]);
const ours = new Machine({ image });
const theirs = new Machine({ image });
const VALUES = [0, 1, 2, 31, 32, 33, 0x7f, 0x80, 0xff, 0x100, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0xfffffffe];
const CODE = 0x20001000;
const NAMES = 'AND EOR LSL LSR ASR ADC SBC ROR TST RSB CMP CMN ORR MUL BIC MVN'.split(' ');
const next = random(12345);

function* instructions() {
  for (let op = 0; op < 0x4400; op++) yield op;
  for (let op = 0x4400; op < 0x4700; op++) {
    const d = ((op >> 4) & 8) | (op & 7);
    const m = (op >> 3) & 15;
    const unpredictable = op >> 8 === 0x45 && d < 8 && m < 8;
    if (d !== 13 && d !== 15 && m !== 13 && !unpredictable) yield op;
  }
  for (let op = 0xa000; op < 0xb100; op += 3) yield op;
  for (let op = 0xb200; op < 0xb300; op++) yield op;
  for (let op = 0xba00; op < 0xba80; op++) yield op;
}
const name = (op) => (op >= 0x4000 && op < 0x4400 ? NAMES[(op >> 6) & 15] : `0x${op.toString(16)}`);

const found = {};
let cases = 0;
for (const op of instructions()) {
  for (let k = 0; k < 12; k++) {
    const registers = Array.from({ length: 13 }, () => (next() & 1 ? VALUES[next() % VALUES.length] : next()));
    const f = next();
    for (const { mcu, core } of [ours, theirs]) {
      mcu.sramView.setUint16(CODE - 0x20000000, op, true);
      core.registers.set([...registers, 0x20002000, 0x20003000, CODE]);
      Object.assign(core, { Z: !!(f & 1), N: (f & 3) === 2, C: !!(f & 4), V: !!(f & 8), interruptsUpdated: false });
    }
    ours.leave = false;
    ours.execute(ours.clock.nanos + 1);
    theirs.core.executeInstruction();
    cases++;
    const differ = ['N', 'Z', 'C', 'V'].filter((flag) => ours.core[flag] !== theirs.core[flag]);
    for (let i = 0; i < 16; i++) if (ours.core.registers[i] !== theirs.core.registers[i]) differ.push(`r${i}`);
    if (differ.length) {
      const key = `${name(op)} ${differ.join(' ')}`;
      found[key] ??= { count: 0, by: [] };
      found[key].count++;
      // What the instruction was given: Rdn, Rm, carry in; and our flag.
      found[key].by.push([registers[op & 7], registers[(op >> 3) & 7], f & 4 ? 1 : 0, ours.core[differ[0]] ? 1 : 0]);
    }
  }
}
console.log(JSON.stringify({ cases, found }));
