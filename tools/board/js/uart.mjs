// A PL011 UART that keeps time: each character takes its bits at the divider's rate in both directions, the
// FIFOs hold 32, interrupts come at their levels and after 32 bit times of silence, and what does not fit is
// counted. Replaces rp2040js's RPUART, which sends at once and holds the transmit interrupt up for ever.
import { BasePeripheral, FIFO } from 'rp2040js';

const DR = 0x00, RSR = 0x04, FR = 0x18, IBRD = 0x24, FBRD = 0x28, LCR_H = 0x2c, CR = 0x30, IFLS = 0x34;
const IMSC = 0x38, RIS = 0x3c, MIS = 0x40, ICR = 0x44, DMACR = 0x48;
const ID = { 0xfe0: 0x11, 0xfe4: 0x10, 0xfe8: 0x34, 0xfec: 0, 0xff0: 0x0d, 0xff4: 0xf0, 0xff8: 0x05, 0xffc: 0xb1 };
const FR_CTS = 1, FR_BUSY = 8, FR_RXFE = 16, FR_TXFF = 32, FR_RXFF = 64, FR_TXFE = 128;
const CR_UARTEN = 1, CR_TXE = 1 << 8, CR_RXE = 1 << 9, CR_RTSEN = 1 << 14, CR_CTSEN = 1 << 15;
const INT_RX = 1 << 4, INT_TX = 1 << 5, INT_RT = 1 << 6, INT_FE = 1 << 7, INT_OE = 1 << 10;
const DEPTH = 32;
const LEVELS = [4, 8, 16, 24, 28, 28, 28, 28];
const FUNCTION_UART = 2;
const DR_FE = 1 << 8, DR_OE = 1 << 11;

export class Uart extends BasePeripheral {
  /**
   * `onSend(byte, nanos, charNanos)`: a character starts to leave at `nanos`; `onIdle()`: the last one has left.
   */
  constructor(rp2040, name, irq, clock) {
    super(rp2040, name);
    this.irq = irq;
    this.clock = clock;
    this.rx = new FIFO(DEPTH);
    this.tx = new FIFO(DEPTH);
    this.overruns = 0;
    this.garbled = 0;
    this.received = 0;
    this.sent = 0;
    this.clearToSend = true;
    this.onSend = null;
    this.onIdle = null;
    this.pins = null; // [TX, RX] as wired; null: whatever they are
    this.onRts = null;
    this.rtsState = true;
    this.shifter = clock.createAlarm(() => this.shifted());
    this.silence = clock.createAlarm(() => this.silent());
    this.line = []; // what is on its way to us: {bytes, next, at, charNanos}
    this.arrival = clock.createAlarm(() => this.arrived());
    this.lineFree = 0;
    this.reset();
  }

  reset() {
    this.rx.reset();
    this.tx.reset();
    this.control = CR_RXE | CR_TXE;
    this.format = 0;
    this.mask = 0;
    this.status = 0;
    this.levels = 0x12;
    this.ibrd = 0;
    this.fbrd = 0;
    this.overrun = false;
    this.sending = -1;
    this.shifter.cancel();
    this.silence.cancel();
    this.update();
  }

  clkPeriChanged() {}

  get bitNanos() {
    return ((this.ibrd + this.fbrd / 64) * 16e9) / this.rp2040.clkPeri;
  }
  get baudRate() {
    return this.ibrd ? Math.round(1e9 / this.bitNanos) : 0;
  }
  get charBits() {
    return 2 + ((this.format >> 5) & 3) + 5 + ((this.format >> 1) & 1) + ((this.format >> 3) & 1);
  }
  get charNanos() {
    return this.charBits * this.bitNanos;
  }
  get depth() {
    return this.format & 0x10 ? DEPTH : 1;
  }
  get enabled() {
    return (this.control & CR_UARTEN) !== 0;
  }
  get rxLevel() {
    return this.depth === 1 ? 1 : LEVELS[(this.levels >> 3) & 7];
  }
  get txLevel() {
    return this.depth === 1 ? 0 : LEVELS[this.levels & 7];
  }

  /** Whether the wired pin is this UART's. */
  connected(which) {
    return this.pins === null || this.rp2040.gpio[this.pins[which]].functionSelect === FUNCTION_UART;
  }

  // ---- the line to us ----------------------------------------------------------------------------------
  /** Characters from the other side: the first one starts at `at` or when the line is free, whichever is later. */
  feed(bytes, at, charNanos) {
    const start = Math.max(at, this.lineFree, this.clock.nanos);
    this.lineFree = start + bytes.length * charNanos;
    this.line.push({ bytes, next: 0, at: start, charNanos });
    if (this.line.length === 1) this.expect();
  }
  expect() {
    const burst = this.line[0];
    if (burst) this.arrival.schedule(Math.max(0, burst.at + burst.charNanos - this.clock.nanos));
  }
  arrived() {
    const burst = this.line[0];
    const byte = burst.bytes[burst.next++];
    burst.at += burst.charNanos;
    if (burst.next === burst.bytes.length) this.line.shift();
    this.expect();
    this.receive(byte, burst.charNanos);
  }
  receive(byte, charNanos) {
    if (!this.enabled || !(this.control & CR_RXE) || !this.ibrd || !this.connected(1)) return;
    this.received++;
    let value = byte;
    const skew = charNanos / 10 / this.bitNanos;
    if (skew < 0.96 || skew > 1.04) {
      // Sampled at the wrong places: a wrong byte, and no stop bit where one should be.
      this.garbled++;
      value = ((byte * 37 + 11) & 0xff) | DR_FE;
      this.status |= INT_FE;
    }
    if (this.rx.itemCount >= this.depth) {
      this.overruns++;
      this.overrun = true;
      this.status |= INT_OE;
    } else {
      if (this.overrun) value |= DR_OE;
      this.overrun = false;
      this.rx.push(value);
      if (this.rx.itemCount >= this.rxLevel) this.status |= INT_RX;
    }
    this.silence.schedule(32 * this.bitNanos);
    this.update();
  }
  silent() {
    if (this.rx.itemCount) {
      this.status |= INT_RT;
      this.update();
    }
  }

  // ---- the line from us --------------------------------------------------------------------------------
  setClearToSend(on) {
    this.clearToSend = on;
    this.pump();
  }
  pump() {
    if (this.sending >= 0 || !this.tx.itemCount || !this.enabled || !(this.control & CR_TXE) || !this.ibrd) return;
    if (this.control & CR_CTSEN && !this.clearToSend) return;
    const before = this.tx.itemCount;
    this.sending = this.tx.pull();
    if (before > this.txLevel && this.tx.itemCount <= this.txLevel) this.status |= INT_TX;
    this.shifter.schedule(this.charNanos);
    if (this.onSend && this.connected(0)) this.onSend(this.sending, this.clock.nanos, this.charNanos);
    this.update();
  }
  shifted() {
    this.sending = -1;
    this.sent++;
    const last = !this.tx.itemCount;
    this.pump();
    if (last && this.txLevel === 0) this.status |= INT_TX;
    this.update();
    if (this.sending < 0 && this.onIdle) this.onIdle();
  }

  update() {
    if (this.rp2040.core) this.rp2040.setInterrupt(this.irq, (this.status & this.mask) !== 0);
    const rts = this.control & CR_RTSEN ? this.rx.itemCount < this.rxLevel : (this.control & (1 << 11)) !== 0;
    if (rts !== this.rtsState) {
      this.rtsState = rts;
      if (this.onRts) this.onRts(rts, (this.control & CR_RTSEN) !== 0);
    }
  }

  readUint32(offset) {
    switch (offset) {
      case DR: {
        const value = this.rx.pull();
        if (this.rx.itemCount < this.rxLevel) this.status &= ~INT_RX;
        if (this.rx.empty) this.status &= ~INT_RT;
        else this.silence.schedule(32 * this.bitNanos);
        this.update();
        return value;
      }
      case RSR:
        return 0;
      case FR:
        return (
          (this.clearToSend ? FR_CTS : 0) |
          (this.sending >= 0 || this.tx.itemCount ? FR_BUSY : 0) |
          (this.rx.empty ? FR_RXFE : 0) |
          (this.tx.itemCount >= this.depth ? FR_TXFF : 0) |
          (this.rx.itemCount >= this.depth ? FR_RXFF : 0) |
          (this.tx.empty ? FR_TXFE : 0)
        );
      case IBRD:
        return this.ibrd;
      case FBRD:
        return this.fbrd;
      case LCR_H:
        return this.format;
      case CR:
        return this.control;
      case IFLS:
        return this.levels;
      case IMSC:
        return this.mask;
      case RIS:
        return this.status;
      case MIS:
        return this.status & this.mask;
      case DMACR:
        return 0;
    }
    if (offset in ID) return ID[offset];
    return super.readUint32(offset);
  }

  writeUint32(offset, value) {
    switch (offset) {
      case DR:
        if (this.tx.itemCount < this.depth) this.tx.push(value & 0xff);
        if (this.tx.itemCount > this.txLevel) this.status &= ~INT_TX;
        this.pump();
        this.update();
        break;
      case IBRD:
        this.ibrd = value & 0xffff;
        break;
      case FBRD:
        this.fbrd = value & 0x3f;
        break;
      case LCR_H:
        if ((this.format ^ value) & 0x10) {
          this.rx.reset();
          this.tx.reset();
        }
        this.format = value & 0xff;
        break;
      case CR:
        this.control = value & 0xffff;
        this.pump();
        this.update();
        break;
      case IFLS:
        this.levels = value & 0x3f;
        break;
      case IMSC:
        this.mask = value & 0x7ff;
        this.update();
        break;
      case ICR:
        this.status &= ~this.rawWriteValue;
        if (this.rx.itemCount && !this.silence.scheduled) this.silence.schedule(32 * this.bitNanos);
        this.update();
        break;
      case RSR:
      case DMACR:
        break;
      default:
        super.writeUint32(offset, value);
    }
  }
}
