// NOR flash: erasing sets bits, programming clears them, both take time, and a cut in power leaves them half done.

const SECTOR = 4096;
const PAGE = 256;
// W25Q16JV, typical: a sector, a 64 KiB block, a page.
const SECTOR_NANOS = 45e6;
const BLOCK_NANOS = 150e6;
const PAGE_NANOS = 0.4e6;

/** xorshift32: the same seed gives the same wreck. */
export function random(seed) {
  let x = seed >>> 0 || 0x9e3779b9;
  return () => {
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x;
  };
}

export class Flash {
  /** `stall(nanos)` lets time pass with the processor standing still, as it does while XIP is off. */
  constructor(bytes, seed) {
    this.bytes = bytes;
    this.next = random(seed);
    this.stall = null;
    this.now = null;
    this.onBootloader = null;
    this.op = null; // the operation under way
    this.erased = 0; // sectors
    this.programmed = 0; // pages
  }
  erase(address, count, block) {
    let nanos = 0;
    for (let a = address; a < address + count; ) {
      const whole = block && a % block === 0 && a + block <= address + count;
      nanos += whole ? BLOCK_NANOS : SECTOR_NANOS;
      a += whole ? block : SECTOR;
    }
    this.erased += count / SECTOR;
    const before = this.bytes.slice(address, address + count);
    this.bytes.fill(0xff, address, address + count);
    this.run({ address, before, nanos, start: this.now() });
    return 200;
  }
  program(address, data) {
    const before = this.bytes.slice(address, address + data.length);
    for (let i = 0; i < data.length; i++) this.bytes[address + i] &= data[i];
    const pages = Math.ceil(data.length / PAGE);
    this.programmed += pages;
    this.run({ address, before, nanos: pages * PAGE_NANOS, start: this.now(), unit: PAGE });
    return 200;
  }
  run(op) {
    this.op = op;
    this.stall(op.nanos);
  }
  /** The operation has ended; a reset of the chip beside it does not stop it. */
  done() {
    this.op = null;
  }
  bootloader() {
    if (this.onBootloader) this.onBootloader();
    return 0;
  }
  /** The power goes now: what was under way stays half done. */
  cut() {
    const { op } = this;
    if (!op) return;
    this.op = null;
    const done = Math.min(1, (this.now() - op.start) / op.nanos);
    const { bytes } = this;
    const n = op.before.length;
    const unit = op.unit ?? SECTOR;
    for (let i = 0; i < n; i++) {
      const first = i - (i % unit);
      const share = Math.min(1, Math.max(0, (done * n - first) / Math.min(unit, n - first)));
      const after = bytes[op.address + i];
      const flipped = op.before[i] ^ after; // the bits that were to change
      let mask = 0;
      for (let bit = 1; bit < 256; bit <<= 1) {
        if (flipped & bit && this.next() / 2 ** 32 < share) mask |= bit;
      }
      bytes[op.address + i] = op.before[i] ^ mask;
    }
  }
}
