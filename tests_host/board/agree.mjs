// Executes an image's start on the board's own core and on rp2040js's, one instruction at a time, and compares
// registers and flags. What is read from a peripheral may differ: their clocks differ by a few cycles.
import { readFileSync } from 'fs';
import { Machine } from '../../tools/board/js/machine.mjs';

const image = readFileSync(process.argv[2]);
const ours = new Machine({ image });
const theirs = new Machine({ image });
const FLAGS = ['N', 'Z', 'C', 'V', 'PM', 'IPSR'];

function differs() {
  for (let i = 0; i < 16; i++) if (ours.core.registers[i] !== theirs.core.registers[i]) return `r${i}`;
  return FLAGS.find((flag) => ours.core[flag] !== theirs.core[flag]) ?? null;
}

let instructions = 0;
let difference = null;
while (instructions < 400_000 && !ours.core.waiting && !difference) {
  const pc = theirs.core.PC;
  const op = theirs.mcu.readUint16(pc);
  ours.leave = false;
  ours.execute(ours.clock.nanos + 1);
  theirs.core.executeInstruction();
  const now = Math.max(ours.clock.nanos, ours.stalled);
  for (const machine of [ours, theirs]) {
    machine.clock.advance(now);
    machine.flash.done();
  }
  instructions++;
  difference = differs();
  if (difference === `r${op & 7}` && op >> 13 === 3) {
    theirs.core.registers[op & 7] = ours.core.registers[op & 7];
    difference = differs();
  }
  if (difference) difference = `${difference} after 0x${op.toString(16)} at 0x${pc.toString(16)}`;
}
console.log(JSON.stringify({ instructions, difference }));
