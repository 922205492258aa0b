// A stand-in for the RP2040's boot ROM, which is in no package: header, function table and data table as
// the pico-sdk's headers describe them (boot/bootrom_constants.h, pico/bootrom/sf_table.h). Every routine is
// `BKPT #n; BX LR`; the host does the work on the registers and charges the cycles that it takes.

const STUBS = 0x100; // 4 bytes each
const FUNC_TABLE = 0x40;
const DATA_TABLE = 0x44;
const FLOAT_TABLE = 0x804; // the byte count in words stands 2 bytes before it
const FLOAT_ENTRIES = 33;
const BKPT = 0xbe00;
const BX_LR = 0x4770;

const code = (name) => name.charCodeAt(0) | (name.charCodeAt(1) << 8);

const bits = new DataView(new ArrayBuffer(8));
function toFloat(u) {
  bits.setUint32(0, u);
  return bits.getFloat32(0);
}
// The ROM flushes denormals to zero and knows no NaN.
function fromFloat(f) {
  bits.setFloat32(0, f);
  const u = bits.getUint32(0);
  if ((u & 0x7f800000) === 0) return u & 0x80000000;
  if ((u & 0x7f800000) === 0x7f800000) return u & 0xff800000;
  return u;
}

const clamp = (x, low, high) => (x < low ? low : x > high ? high : x);
const toInt = (x) => clamp(Math.floor(x), -0x80000000, 0x7fffffff);
const toUint = (x) => clamp(Math.floor(x), 0, 0xffffffff);

function wide(r, signed) {
  const low = BigInt(r[0] >>> 0);
  return signed ? (BigInt(r[1] | 0) << 32n) | low : (BigInt(r[1] >>> 0) << 32n) | low;
}
function setWide(r, x, low, high) {
  let v = Number.isFinite(x) ? BigInt(Math.floor(x)) : x > 0 ? high : low;
  v = v < low ? low : v > high ? high : v;
  v = BigInt.asUintN(64, v);
  r[0] = Number(v & 0xffffffffn);
  r[1] = Number(v >> 32n);
}
const I64 = [-(1n << 63n), (1n << 63n) - 1n];
const U64 = [0n, (1n << 64n) - 1n];

const two = (f) => (r) => {
  r[0] = fromFloat(f(toFloat(r[0]), toFloat(r[1])));
};
const one = (f) => (r) => {
  r[0] = fromFloat(f(toFloat(r[0])));
};
const sincos = (r) => {
  const x = toFloat(r[0]);
  r[0] = fromFloat(Math.sin(x));
  r[1] = fromFloat(Math.cos(x));
};
const compare = (r) => {
  const a = toFloat(r[0]);
  const b = toFloat(r[1]);
  r[0] = a < b ? -1 : a > b ? 1 : 0;
};

// [routine, cycles]: cycles are about what the RP2040's datasheet gives (2.8.3.2).
const FLOAT = [
  [two((a, b) => a + b), 71],
  [two((a, b) => a - b), 71],
  [two((a, b) => a * b), 69],
  [two((a, b) => a / b), 71],
  [compare, 25],
  [compare, 25],
  [one(Math.sqrt), 63],
  [(r) => (r[0] = toInt(toFloat(r[0]))), 37],
  [(r) => (r[0] = toInt(toFloat(r[0]) * 2 ** (r[1] | 0))), 36],
  [(r) => (r[0] = toUint(toFloat(r[0]))), 38],
  [(r) => (r[0] = toUint(toFloat(r[0]) * 2 ** (r[1] | 0))), 38],
  [(r) => (r[0] = fromFloat(r[0] | 0)), 55],
  [(r) => (r[0] = fromFloat((r[0] | 0) * 2 ** -(r[1] | 0))), 53],
  [(r) => (r[0] = fromFloat(r[0] >>> 0)), 53],
  [(r) => (r[0] = fromFloat((r[0] >>> 0) * 2 ** -(r[1] | 0))), 53],
  [one(Math.cos), 603],
  [sincos, 593],
  [one(Math.tan), 669],
  [sincos, 600],
  [one(Math.exp), 542],
  [one(Math.log), 810],
  [compare, 25],
  [two(Math.atan2), 599],
  [(r) => (r[0] = fromFloat(Number(wide(r, true)))), 60],
  [(r) => (r[0] = fromFloat(Number(wide(r, true)) * 2 ** -(r[2] | 0))), 60],
  [(r) => (r[0] = fromFloat(Number(wide(r, false)))), 60],
  [(r) => (r[0] = fromFloat(Number(wide(r, false)) * 2 ** -(r[2] | 0))), 60],
  [(r) => setWide(r, toFloat(r[0]), ...I64), 50],
  [(r) => setWide(r, toFloat(r[0]) * 2 ** (r[1] | 0), ...I64), 50],
  [(r) => setWide(r, toFloat(r[0]), ...U64), 50],
  [(r) => setWide(r, toFloat(r[0]) * 2 ** (r[1] | 0), ...U64), 50],
  [
    (r) => {
      bits.setFloat64(0, toFloat(r[0]));
      r[1] = bits.getUint32(0);
      r[0] = bits.getUint32(4);
    },
    30,
  ],
  [compare, 25],
];

function popcount(x) {
  x -= (x >>> 1) & 0x55555555;
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
function reverse(x) {
  let y = 0;
  for (let i = 0; i < 32; i++) y |= ((x >>> i) & 1) << (31 - i);
  return y;
}
// About what word and byte loops take: 16 bytes in 13 cycles when both ends are aligned alike.
const copyCycles = (n, aligned) => 20 + (aligned ? Math.ceil((n * 13) / 16) : n * 5);

/** The routines: `memory` copies and fills, `flash` erases and programs; each returns its cycles. */
function routines(memory, flash) {
  const table = {
    MC: (r) => copy(r),
    C4: (r) => copy(r),
    MS: (r) => fill(r),
    S4: (r) => fill(r),
    L3: (r) => ((r[0] = Math.clz32(r[0])), 20),
    T3: (r) => ((r[0] = r[0] ? 31 - Math.clz32(r[0] & -r[0]) : 32), 20),
    P3: (r) => ((r[0] = popcount(r[0])), 20),
    R3: (r) => ((r[0] = reverse(r[0])), 22),
    IF: () => 50,
    EX: () => 1500, // clocks the sequence out that ends continuous reading
    RE: (r) => flash.erase(r[0], r[1], r[2]),
    RP: (r) => flash.program(r[0], memory.read(r[1], r[2])),
    FC: () => 50,
    CX: () => 50,
    UB: () => flash.bootloader(),
  };
  function copy(r) {
    const n = r[2];
    memory.copy(r[0], r[1], n);
    return copyCycles(n, ((r[0] ^ r[1]) & 3) === 0);
  }
  function fill(r) {
    memory.fill(r[0], r[1] & 0xff, r[2]);
    return copyCycles(r[2], true);
  }
  return table;
}

/**
 * Fills `words` (the ROM as a Uint32Array) and returns `service(number, registers)`, which does the work of
 * routine `number` and returns the cycles to charge.
 */
export function bootRom(words, memory, flash) {
  const view = new DataView(words.buffer);
  const put = (at, half) => view.setUint16(at, half, true);
  const table = routines(memory, flash);
  const names = Object.keys(table);
  const handlers = [];
  const stub = (handler) => {
    const number = handlers.push(handler) - 1;
    put(STUBS + 4 * number, BKPT | number);
    put(STUBS + 4 * number + 2, BX_LR);
    return (STUBS + 4 * number) | 1;
  };
  const functions = new Map();
  words[4] = 'M'.charCodeAt(0) | ('u'.charCodeAt(0) << 8) | (1 << 16) | (3 << 24);
  put(0x14, FUNC_TABLE);
  put(0x16, DATA_TABLE);
  put(
    0x18,
    stub((r) => {
      const known = r[0] === FUNC_TABLE ? functions : data;
      r[0] = known.get(r[1] & 0xffff) ?? 0;
      return 60;
    }),
  );
  for (const name of names) functions.set(code(name), stub(table[name]));
  const data = new Map([[code('SF'), FLOAT_TABLE]]);
  view.setUint8(FLOAT_TABLE - 2, FLOAT_ENTRIES);
  FLOAT.forEach(([routine, cycles], i) => {
    const at = stub((r) => {
      routine(r);
      return cycles;
    });
    view.setUint32(FLOAT_TABLE + 4 * i, at, true);
  });
  return (number, registers) => (handlers[number] ? handlers[number](registers) : -1);
}
