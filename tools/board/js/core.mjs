// Executes the common instructions of the Cortex-M0+ in one loop; the rare ones, and all that concerns
// exceptions, are left to rp2040js's core, whose registers this works on. Cycles are rp2040js's, plus what it
// leaves out: LR in PUSH, and taking and leaving an exception.
import { TABLE } from './decode.mjs';

const RAM = 0x20000000;
const RAM_BYTES = 264 * 1024;
const FLASH_MASK = 0xffffff;
const EXCEPTION_ENTRY = 15;
const EXCEPTION_EXIT = 10;

export function makeExecutor(machine) {
  const { mcu, clock, core } = machine;
  const registers = new Int32Array(core.registers.buffer);
  const ramBytes = mcu.sram;
  const ramHalves = new Uint16Array(ramBytes.buffer);
  const ramWords = new Int32Array(ramBytes.buffer);
  const flash = machine.bytes;
  const flash16 = new Uint16Array(flash.buffer);
  const flash32 = new Int32Array(flash.buffer);
  const rom16 = new Uint16Array(mcu.bootrom.buffer);
  const FLASH_BYTES = flash.length;

  function load(address) {
    const at = (address - RAM) >>> 0;
    if (at < RAM_BYTES && !(at & 3)) return ramWords[at >> 2];
    return mcu.readUint32(address >>> 0) | 0;
  }
  function store(address, value) {
    const at = (address - RAM) >>> 0;
    if (at < RAM_BYTES && !(at & 3)) ramWords[at >> 2] = value;
    else mcu.writeUint32(address >>> 0, value >>> 0);
  }
  function codeOf(pc) {
    switch (pc >>> 28) {
      case 1:
        return flash16;
      case 2:
        return ramHalves;
      case 0:
        return rom16;
    }
    return null;
  }

  // What the loop below keeps in locals, handed over to and taken back from rp2040js's core.
  function give(pc, nz, c, v, nanos) {
    registers[15] = pc;
    core.N = nz < 0;
    core.Z = nz === 0;
    core.C = c !== 0;
    core.V = v !== 0;
    clock.nanos = nanos;
  }

  /** Runs until `limit` (ns) or the next alarm, or until the core waits, is interrupted, or `machine.leave`. */
  return function execute(limit) {
    const cycle = machine.cycleNanos;
    // Locals: the engine then knows that they do not change.
    const r = registers;
    const table = TABLE;
    const ram = ramBytes;
    const ram16 = ramHalves;
    const ram32 = ramWords;
    if (core.interruptsUpdated && core.checkForInterrupts()) {
      core.waiting = false;
      clock.nanos += EXCEPTION_ENTRY * cycle;
      if (clock.nanos >= clock.due) return;
    }
    let pc = r[15] & ~1;
    let code = codeOf(pc);
    if (code === null) {
      machine.stop(`the processor ran off to 0x${(pc >>> 0).toString(16)}`);
      return;
    }
    let nz = core.N ? -1 : core.Z ? 0 : 1;
    let c = core.C ? 1 : 0;
    let v = core.V ? 1 : 0;
    let start = clock.nanos;
    let budget = Math.min(1 << 28, Math.ceil((Math.min(limit, clock.due) - start) / cycle));
    let left = budget;

    while (left > 0) {
      const op = code[(pc & FLASH_MASK) >> 1];
      pc = (pc + 2) | 0;
      left--;
      // Where a load or store leaves the RAM and the flash, `kind` says which one it is.
      let kind = 0;
      let address = 0;
      let rt = op & 7;
      switch (table[op]) {
        case 1: { // LSL_I
          const n = (op >> 6) & 31;
          const x = r[(op >> 3) & 7];
          if (n) c = (x >>> (32 - n)) & 1;
          r[rt] = nz = x << n;
          continue;
        }
        case 2: { // LSR_I
          const n = (op >> 6) & 31;
          const x = r[(op >> 3) & 7];
          if (n) {
            c = (x >>> (n - 1)) & 1;
            r[rt] = nz = x >>> n;
          } else {
            c = x >>> 31;
            r[rt] = nz = 0;
          }
          continue;
        }
        case 3: { // ASR_I
          const n = (op >> 6) & 31 || 32;
          const x = r[(op >> 3) & 7];
          c = (n === 32 ? x >>> 31 : x >>> (n - 1)) & 1;
          r[rt] = nz = n === 32 ? x >> 31 : x >> n;
          continue;
        }
        case 4: // ADD_R
        case 6: // ADD_I3
        case 10: { // ADD_I8
          let a;
          let b;
          if (op & 0x2000) {
            rt = (op >> 8) & 7;
            a = r[rt];
            b = op & 0xff;
          } else {
            a = r[(op >> 3) & 7];
            b = op & 0x400 ? (op >> 6) & 7 : r[(op >> 6) & 7];
          }
          const x = (a + b) | 0;
          c = x >>> 0 < a >>> 0 ? 1 : 0;
          v = ((a ^ x) & (b ^ x)) >>> 31;
          r[rt] = nz = x;
          continue;
        }
        case 5: // SUB_R
        case 7: { // SUB_I3
          const a = r[(op >> 3) & 7];
          const b = op & 0x400 ? (op >> 6) & 7 : r[(op >> 6) & 7];
          const x = (a - b) | 0;
          c = a >>> 0 >= b >>> 0 ? 1 : 0;
          v = ((a ^ b) & (a ^ x)) >>> 31;
          r[rt] = nz = x;
          continue;
        }
        case 11: { // SUB_I8
          rt = (op >> 8) & 7;
          const a = r[rt];
          const b = op & 0xff;
          const x = (a - b) | 0;
          c = a >>> 0 >= b ? 1 : 0;
          v = ((a ^ b) & (a ^ x)) >>> 31;
          r[rt] = nz = x;
          continue;
        }
        case 8: // MOV_I
          r[(op >> 8) & 7] = nz = op & 0xff;
          continue;
        case 9: { // CMP_I
          const a = r[(op >> 8) & 7];
          const b = op & 0xff;
          nz = (a - b) | 0;
          c = a >>> 0 >= b ? 1 : 0;
          v = ((a ^ b) & (a ^ nz)) >>> 31;
          continue;
        }
        case 22: { // CMP_R
          const a = r[rt];
          const b = r[(op >> 3) & 7];
          nz = (a - b) | 0;
          c = a >>> 0 >= b >>> 0 ? 1 : 0;
          v = ((a ^ b) & (a ^ nz)) >>> 31;
          continue;
        }
        case 29: { // CMP_HI
          const a = r[((op >> 4) & 8) | rt];
          const b = r[(op >> 3) & 15];
          nz = (a - b) | 0;
          c = a >>> 0 >= b >>> 0 ? 1 : 0;
          v = ((a ^ b) & (a ^ nz)) >>> 31;
          continue;
        }
        case 23: { // CMN
          const a = r[rt];
          const b = r[(op >> 3) & 7];
          nz = (a + b) | 0;
          c = nz >>> 0 < a >>> 0 ? 1 : 0;
          v = ((a ^ nz) & (b ^ nz)) >>> 31;
          continue;
        }
        case 12: // AND
          r[rt] = nz = r[rt] & r[(op >> 3) & 7];
          continue;
        case 13: // EOR
          r[rt] = nz = r[rt] ^ r[(op >> 3) & 7];
          continue;
        case 24: // ORR
          r[rt] = nz = r[rt] | r[(op >> 3) & 7];
          continue;
        case 26: // BIC
          r[rt] = nz = r[rt] & ~r[(op >> 3) & 7];
          continue;
        case 27: // MVN
          r[rt] = nz = ~r[(op >> 3) & 7];
          continue;
        case 20: // TST
          nz = r[rt] & r[(op >> 3) & 7];
          continue;
        case 25: // MUL
          r[rt] = nz = Math.imul(r[rt], r[(op >> 3) & 7]);
          continue;
        case 21: { // RSB
          const b = r[(op >> 3) & 7];
          const x = -b | 0;
          c = b === 0 ? 1 : 0;
          v = (b & x) >>> 31;
          r[rt] = nz = x;
          continue;
        }
        case 14: { // LSL_R
          const n = r[(op >> 3) & 7] & 0xff;
          const x = r[rt];
          if (n === 0) nz = x;
          else if (n < 32) {
            c = (x >>> (32 - n)) & 1;
            r[rt] = nz = x << n;
          } else {
            c = n === 32 ? x & 1 : 0;
            r[rt] = nz = 0;
          }
          continue;
        }
        case 15: { // LSR_R
          const n = r[(op >> 3) & 7] & 0xff;
          const x = r[rt];
          if (n === 0) nz = x;
          else if (n < 32) {
            c = (x >>> (n - 1)) & 1;
            r[rt] = nz = x >>> n;
          } else {
            c = n === 32 ? x >>> 31 : 0;
            r[rt] = nz = 0;
          }
          continue;
        }
        case 16: { // ASR_R
          const n = r[(op >> 3) & 7] & 0xff;
          const x = r[rt];
          if (n === 0) nz = x;
          else if (n < 32) {
            c = (x >>> (n - 1)) & 1;
            r[rt] = nz = x >> n;
          } else {
            c = x >>> 31;
            r[rt] = nz = x >> 31;
          }
          continue;
        }
        case 19: { // ROR
          const n = r[(op >> 3) & 7] & 0xff;
          const x = r[rt];
          if (n === 0) nz = x;
          else {
            const m = n & 31;
            nz = m ? (x >>> m) | (x << (32 - m)) : x;
            r[rt] = nz;
            c = nz >>> 31;
          }
          continue;
        }
        case 17: { // ADC
          const a = r[rt];
          const b = r[(op >> 3) & 7];
          const x = (a + b + c) | 0;
          c = (a >>> 0) + (b >>> 0) + c > 0xffffffff ? 1 : 0;
          v = ((a ^ x) & (b ^ x)) >>> 31;
          r[rt] = nz = x;
          continue;
        }
        case 18: { // SBC
          const a = r[rt];
          const b = r[(op >> 3) & 7];
          const x = (a - b - 1 + c) | 0;
          c = a >>> 0 >= (b >>> 0) + 1 - c ? 1 : 0;
          v = ((a ^ b) & (a ^ x)) >>> 31;
          r[rt] = nz = x;
          continue;
        }
        case 28: { // ADD_HI
          const d = ((op >> 4) & 8) | rt;
          const m = (op >> 3) & 15;
          const b = m === 15 ? pc + 2 : r[m];
          if (d === 15) {
            pc = (pc + 2 + b) & ~1;
            left--;
            code = codeOf(pc) ?? rom16;
          } else if (d === 13) r[13] = (r[13] + b) & ~3;
          else r[d] = r[d] + b;
          continue;
        }
        case 30: { // MOV_HI
          const d = ((op >> 4) & 8) | rt;
          const m = (op >> 3) & 15;
          const x = m === 15 ? pc + 2 : r[m];
          if (d === 15) {
            pc = x & ~1;
            left--;
            code = codeOf(pc) ?? rom16;
          } else r[d] = d === 13 ? x & ~3 : x;
          continue;
        }
        case 31: { // BX
          const x = r[(op >> 3) & 15];
          if (x >>> 28 === 15) break;
          pc = x & ~1;
          left--;
          code = codeOf(pc) ?? rom16;
          continue;
        }
        case 32: { // BLX
          const x = r[(op >> 3) & 15];
          r[14] = pc | 1;
          pc = x & ~1;
          left--;
          code = codeOf(pc) ?? rom16;
          continue;
        }
        case 33: { // LDR_PC
          address = ((pc + 2) & ~3) + ((op & 0xff) << 2);
          left--;
          if (address >>> 26 === 4) r[(op >> 8) & 7] = flash32[(address & FLASH_MASK) >> 2];
          else r[(op >> 8) & 7] = load(address);
          continue;
        }
        case 43: // LDR_I
          address = (r[(op >> 3) & 7] + ((op >> 4) & 0x7c)) | 0;
          kind = 1;
          break;
        case 38: // LDR_R
          address = (r[(op >> 3) & 7] + r[(op >> 6) & 7]) | 0;
          kind = 1;
          break;
        case 49: // LDR_SP
          address = (r[13] + ((op & 0xff) << 2)) | 0;
          rt = (op >> 8) & 7;
          kind = 1;
          break;
        case 47: // LDRH_I
          address = (r[(op >> 3) & 7] + ((op >> 5) & 0x3e)) | 0;
          kind = 2;
          break;
        case 39: // LDRH_R
          address = (r[(op >> 3) & 7] + r[(op >> 6) & 7]) | 0;
          kind = 2;
          break;
        case 41: // LDRSH
          address = (r[(op >> 3) & 7] + r[(op >> 6) & 7]) | 0;
          kind = 4;
          break;
        case 45: // LDRB_I
          address = (r[(op >> 3) & 7] + ((op >> 6) & 31)) | 0;
          kind = 3;
          break;
        case 40: // LDRB_R
          address = (r[(op >> 3) & 7] + r[(op >> 6) & 7]) | 0;
          kind = 3;
          break;
        case 37: // LDRSB
          address = (r[(op >> 3) & 7] + r[(op >> 6) & 7]) | 0;
          kind = 5;
          break;
        case 42: // STR_I
          address = (r[(op >> 3) & 7] + ((op >> 4) & 0x7c)) | 0;
          kind = 6;
          break;
        case 34: // STR_R
          address = (r[(op >> 3) & 7] + r[(op >> 6) & 7]) | 0;
          kind = 6;
          break;
        case 48: // STR_SP
          address = (r[13] + ((op & 0xff) << 2)) | 0;
          rt = (op >> 8) & 7;
          kind = 6;
          break;
        case 46: // STRH_I
          address = (r[(op >> 3) & 7] + ((op >> 5) & 0x3e)) | 0;
          kind = 7;
          break;
        case 35: // STRH_R
          address = (r[(op >> 3) & 7] + r[(op >> 6) & 7]) | 0;
          kind = 7;
          break;
        case 44: // STRB_I
          address = (r[(op >> 3) & 7] + ((op >> 6) & 31)) | 0;
          kind = 8;
          break;
        case 36: // STRB_R
          address = (r[(op >> 3) & 7] + r[(op >> 6) & 7]) | 0;
          kind = 8;
          break;
        case 50: // ADR
          r[(op >> 8) & 7] = ((pc + 2) & ~3) + ((op & 0xff) << 2);
          continue;
        case 51: // ADD_SP
          r[(op >> 8) & 7] = r[13] + ((op & 0xff) << 2);
          continue;
        case 52: // SP_UP
          r[13] = r[13] + ((op & 0x7f) << 2);
          continue;
        case 53: // SP_DOWN
          r[13] = r[13] - ((op & 0x7f) << 2);
          continue;
        case 54: // SXTH
          r[rt] = (r[(op >> 3) & 7] << 16) >> 16;
          continue;
        case 55: // SXTB
          r[rt] = (r[(op >> 3) & 7] << 24) >> 24;
          continue;
        case 56: // UXTH
          r[rt] = r[(op >> 3) & 7] & 0xffff;
          continue;
        case 57: // UXTB
          r[rt] = r[(op >> 3) & 7] & 0xff;
          continue;
        case 60: { // REV
          const x = r[(op >> 3) & 7];
          r[rt] = (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
          continue;
        }
        case 61: { // REV16
          const x = r[(op >> 3) & 7];
          r[rt] = ((x & 0x00ff00ff) << 8) | ((x >>> 8) & 0x00ff00ff);
          continue;
        }
        case 58: { // PUSH
          let at = r[13];
          if (op & 0x100) {
            at -= 4;
            store(at, r[14]);
            left--;
          }
          for (let i = 7; i >= 0; i--) {
            if (op & (1 << i)) {
              at -= 4;
              store(at, r[i]);
              left--;
            }
          }
          r[13] = at;
          continue;
        }
        case 59: { // POP
          let at = r[13];
          if (op & 0x100) {
            let n = 0;
            for (let m = op & 0xff; m; m &= m - 1) n++;
            const x = load(at + 4 * n);
            if (x >>> 28 === 15) break; // the end of an exception
            for (let i = 0; i < 8; i++) {
              if (op & (1 << i)) {
                r[i] = load(at);
                at += 4;
              }
            }
            r[13] = at + 4;
            left -= n + 2;
            pc = x & ~1;
            code = codeOf(pc) ?? rom16;
            continue;
          }
          for (let i = 0; i < 8; i++) {
            if (op & (1 << i)) {
              r[i] = load(at);
              at += 4;
              left--;
            }
          }
          r[13] = at;
          continue;
        }
        case 63: { // LDM
          const n = (op >> 8) & 7;
          let at = r[n];
          if (at >>> 28 !== 1 && at >>> 28 !== 2) break;
          for (let i = 0; i < 8; i++) {
            if (op & (1 << i)) {
              r[i] = load(at);
              at += 4;
              left--;
            }
          }
          if (!(op & (1 << n))) r[n] = at;
          continue;
        }
        case 62: { // STM
          const n = (op >> 8) & 7;
          let at = r[n];
          if (at >>> 28 !== 2) break;
          for (let i = 0; i < 8; i++) {
            if (op & (1 << i)) {
              store(at, r[i]);
              at += 4;
              left--;
            }
          }
          r[n] = at;
          continue;
        }
        case 64: // BEQ
          if (nz === 0) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 65: // BNE
          if (nz !== 0) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 66: // BCS
          if (c) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 67: // BCC
          if (!c) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 68: // BMI
          if (nz < 0) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 69: // BPL
          if (nz >= 0) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 70: // BVS
          if (v) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 71: // BVC
          if (!v) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 72: // BHI
          if (c && nz !== 0) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 73: // BLS
          if (!c || nz === 0) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 74: // BGE
          if (nz >>> 31 === v) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 75: // BLT
          if (nz >>> 31 !== v) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 76: // BGT
          if (nz !== 0 && nz >>> 31 === v) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 77: // BLE
          if (nz === 0 || nz >>> 31 !== v) {
            pc += ((op << 24) >> 23) + 2;
            left--;
          }
          continue;
        case 78: // B
          pc += ((op << 21) >> 20) + 2;
          left--;
          continue;
        case 79: { // BL
          const low = code[(pc & FLASH_MASK) >> 1];
          if ((low & 0xd000) !== 0xd000) break;
          const s = (op >> 10) & 1;
          const i1 = 1 ^ s ^ ((low >> 13) & 1);
          const i2 = 1 ^ s ^ ((low >> 11) & 1);
          r[14] = (pc + 2) | 1;
          pc += 2 + ((-s << 24) | (i1 << 23) | (i2 << 22) | ((op & 0x3ff) << 12) | ((low & 0x7ff) << 1));
          left -= 2;
          continue;
        }
        case 80: // NOP
          continue;
        case 81: // SEV
          core.eventRegistered = true;
          continue;
        case 82: // CPSID
          core.PM = true;
          continue;
        case 83: // CPSIE
          core.PM = false;
          if (core.pendingInterrupts & core.enabledInterrupts || core.pendingPendSV || core.pendingSystick) {
            core.interruptsUpdated = true;
            give(pc, nz, c, v, start + (budget - left) * cycle);
            return;
          }
          continue;
        case 84: { // WIDE
          const low = code[(pc & FLASH_MASK) >> 1];
          if (op === 0xf3bf && (low & 0xffc0) === 0x8f40) {
            pc += 2; // DMB, DSB, ISB
            left -= 2;
            continue;
          }
          if ((low & 0xff) !== 16) break; // PRIMASK is all that is common
          if (op === 0xf3ef) r[(low >> 8) & 15] = core.PM ? 1 : 0;
          else if (op >> 4 === 0xf38 && low === 0x8810) {
            core.PM = (r[op & 15] & 1) !== 0;
            if (!core.PM) core.interruptsUpdated = true;
          } else break;
          pc += 2;
          left -= 2;
          if (core.interruptsUpdated) {
            give(pc, nz, c, v, start + (budget - left) * cycle);
            return;
          }
          continue;
        }
      }

      if (kind) {
        const at = (address - RAM) >>> 0;
        if (at < RAM_BYTES) {
          left--;
          switch (kind) {
            case 1:
              r[rt] = at & 3 ? load(address) : ram32[at >> 2];
              continue;
            case 2:
              r[rt] = ram16[at >> 1];
              continue;
            case 3:
              r[rt] = ram[at];
              continue;
            case 4:
              r[rt] = (ram16[at >> 1] << 16) >> 16;
              continue;
            case 5:
              r[rt] = (ram[at] << 24) >> 24;
              continue;
            case 6:
              if (at & 3) store(address, r[rt]);
              else ram32[at >> 2] = r[rt];
              continue;
            case 7:
              ram16[at >> 1] = r[rt];
              continue;
            case 8:
              ram[at] = r[rt];
              continue;
          }
        }
        if (kind < 6 && address >>> 26 === 4) {
          const at = address & FLASH_MASK;
          left--;
          if (at < FLASH_BYTES) {
            switch (kind) {
              case 1:
                r[rt] = flash32[at >> 2];
                continue;
              case 2:
                r[rt] = flash16[at >> 1];
                continue;
              case 3:
                r[rt] = flash[at];
                continue;
              case 4:
                r[rt] = (flash16[at >> 1] << 16) >> 16;
                continue;
              case 5:
                r[rt] = (flash[at] << 24) >> 24;
                continue;
            }
          }
          left++;
        }
        // Peripherals: they need the time, may set alarms, and may interrupt. The access itself comes at its
        // end, as on the bus.
        const block = address >>> 28;
        if (block !== 13) left -= block === 4 ? (kind < 6 ? 3 : 4) : 1;
        const now = start + (budget - left) * cycle;
        clock.nanos = now;
        r[15] = pc;
        const where = address >>> 0;
        switch (kind) {
          case 1:
            r[rt] = mcu.readUint32(where);
            break;
          case 2:
            r[rt] = mcu.readUint16(where);
            break;
          case 3:
            r[rt] = mcu.readUint8(where);
            break;
          case 4:
            r[rt] = (mcu.readUint16(where) << 16) >> 16;
            break;
          case 5:
            r[rt] = (mcu.readUint8(where) << 24) >> 24;
            break;
          case 6:
            mcu.writeUint32(where, r[rt] >>> 0);
            break;
          case 7:
            mcu.writeUint16(where, r[rt] & 0xffff);
            break;
          default:
            mcu.writeUint8(where, r[rt] & 0xff);
        }
        if (machine.leave || core.interruptsUpdated) {
          give(pc, nz, c, v, now);
          return;
        }
        if (block !== 13) {
          start = now;
          budget = left = Math.min(1 << 28, Math.ceil((Math.min(limit, clock.due) - now) / cycle));
        }
        continue;
      }

      // What is rare: rp2040js does it.
      left++;
      give((pc - 2) | 0, nz, c, v, start + (budget - left) * cycle);
      const handler = core.IPSR;
      const before = core.interruptsUpdated;
      core.interruptsUpdated = false;
      const cycles = core.executeInstruction();
      core.interruptsUpdated = core.interruptsUpdated || before;
      clock.nanos += (cycles + (core.IPSR !== handler ? EXCEPTION_EXIT : 0)) * cycle;
      return;
    }
    give(pc, nz, c, v, start + (budget - left) * cycle);
  };
}
