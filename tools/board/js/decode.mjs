// What an ARMv6-M instruction is, by its first halfword: a table of 65536 small numbers.

// The numbers are literals here and in core.mjs, so that the engine makes a jump table of the `switch` there.

/** Everything that is rare is SLOW: rp2040js executes it. */
const SLOW = 0, LSL_I = 1, LSR_I = 2, ASR_I = 3, ADD_R = 4, SUB_R = 5, ADD_I3 = 6, SUB_I3 = 7, MOV_I = 8;
const CMP_I = 9, ADD_I8 = 10, SUB_I8 = 11, AND = 12, EOR = 13, LSL_R = 14, LSR_R = 15, ASR_R = 16, ADC = 17;
const SBC = 18, ROR = 19, TST = 20, RSB = 21, CMP_R = 22, CMN = 23, ORR = 24, MUL = 25, BIC = 26, MVN = 27;
const ADD_HI = 28, CMP_HI = 29, MOV_HI = 30, BX = 31, BLX = 32, LDR_PC = 33, STR_R = 34, STRH_R = 35;
const STRB_R = 36, LDRSB = 37, LDR_R = 38, LDRH_R = 39, LDRB_R = 40, LDRSH = 41, STR_I = 42, LDR_I = 43;
const STRB_I = 44, LDRB_I = 45, STRH_I = 46, LDRH_I = 47, STR_SP = 48, LDR_SP = 49, ADR = 50, ADD_SP = 51;
const SP_UP = 52, SP_DOWN = 53, SXTH = 54, SXTB = 55, UXTH = 56, UXTB = 57, PUSH = 58, POP = 59, REV = 60;
const REV16 = 61, STM = 62, LDM = 63, BEQ = 64, BNE = 65, BCS = 66, BCC = 67, BMI = 68, BPL = 69, BVS = 70;
const BVC = 71, BHI = 72, BLS = 73, BGE = 74, BLT = 75, BGT = 76, BLE = 77, B = 78, BL = 79, NOP = 80;
const SEV = 81, CPSID = 82, CPSIE = 83, WIDE = 84;

const DATA = [AND, EOR, LSL_R, LSR_R, ASR_R, ADC, SBC, ROR, TST, RSB, CMP_R, CMN, ORR, MUL, BIC, MVN];
const OFFSET_R = [STR_R, STRH_R, STRB_R, LDRSB, LDR_R, LDRH_R, LDRB_R, LDRSH];
const CONDITIONS = [BEQ, BNE, BCS, BCC, BMI, BPL, BVS, BVC, BHI, BLS, BGE, BLT, BGT, BLE];

function miscellaneous(op) {
  switch ((op >> 8) & 15) {
    case 0:
      return op & 0x80 ? SP_DOWN : SP_UP;
    case 2:
      return [SXTH, SXTB, UXTH, UXTB][(op >> 6) & 3];
    case 4:
    case 5:
      return PUSH;
    case 6:
      return op === 0xb662 ? CPSIE : op === 0xb672 ? CPSID : SLOW;
    case 10:
      return (op & 0xc0) === 0 ? REV : (op & 0xc0) === 0x40 ? REV16 : SLOW;
    case 12:
    case 13:
      return POP;
    case 15:
      return op === 0xbf00 || op === 0xbf10 ? NOP : op === 0xbf40 ? SEV : SLOW;
  }
  return SLOW;
}

function classify(op) {
  switch (op >> 12) {
    case 0:
      return op & 0x800 ? LSR_I : LSL_I;
    case 1:
      if (!(op & 0x800)) return ASR_I;
      return [ADD_R, SUB_R, ADD_I3, SUB_I3][(op >> 9) & 3];
    case 2:
      return op & 0x800 ? CMP_I : MOV_I;
    case 3:
      return op & 0x800 ? SUB_I8 : ADD_I8;
    case 4:
      if (op & 0x800) return LDR_PC;
      if (!(op & 0x400)) return DATA[(op >> 6) & 15];
      return [ADD_HI, CMP_HI, MOV_HI, op & 0x80 ? BLX : BX][(op >> 8) & 3];
    case 5:
      return OFFSET_R[(op >> 9) & 7];
    case 6:
      return op & 0x800 ? LDR_I : STR_I;
    case 7:
      return op & 0x800 ? LDRB_I : STRB_I;
    case 8:
      return op & 0x800 ? LDRH_I : STRH_I;
    case 9:
      return op & 0x800 ? LDR_SP : STR_SP;
    case 10:
      return op & 0x800 ? ADD_SP : ADR;
    case 11:
      return miscellaneous(op);
    case 12:
      return op & 0x800 ? LDM : STM;
    case 13:
      return CONDITIONS[(op >> 8) & 15] ?? SLOW;
    case 14:
      return op & 0x800 ? SLOW : B;
    default:
      return op & 0x800 ? SLOW : (op & 0xffe0) === 0xf380 || (op & 0xfff0) === 0xf3b0 || op === 0xf3ef ? WIDE : BL;
  }
}

export const TABLE = new Uint8Array(65536).map((_, op) => classify(op));
