// The board: an RP2040 with its boot ROM, flash, UARTs, pins and USB serial port, and the resets that it can have.
import { GPIOPinState, RP2040 } from 'rp2040js';
import { Clock } from './clock.mjs';
import { makeExecutor } from './core.mjs';
import { Flash, random } from './flash.mjs';
import { bootRom } from './rom.mjs';
import { Uart } from './uart.mjs';
import { UsbHost } from './usb.mjs';

export const FLASH_BYTES = 2 * 1024 * 1024;
const FLASH_START = 0x10000000;
const RAM_START = 0x20000000;
const UART_BASES = [0x40034, 0x40038];
const UART_IRQS = [20, 21];
const RESETS = 0x4000c;
const UART_RESET_BITS = [1 << 22, 1 << 23];
const WATCHDOG = 0x40058;
const ROSC = 0x40060;
const CHIP_RESET = 0x40064;
const FIFO_ST = 0x50, FIFO_WR = 0x54, FIFO_RD = 0x58;
const FIFO_VALID = 1, FIFO_ROOM = 2;
const PSM = 0x40010;
const FRCE_OFF = 4;
const PROC1 = 1 << 16;
const PINS = 30;
const PAD_RESET = 0x56; // input enabled, pulled down (rp2040js begins otherwise)
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };

export class Machine {
  /** `image` is written to the start of the flash, which is otherwise erased or `flash`. */
  constructor({ image, flash, seed = 1 }) {
    this.bytes = new Uint8Array(FLASH_BYTES).fill(0xff);
    if (flash) this.bytes.set(flash);
    if (image) this.bytes.set(image);
    this.seed = seed;
    this.flash = new Flash(this.bytes, seed);
    this.flash.stall = (nanos) => this.stall(nanos);
    this.flash.now = () => this.clock.nanos;
    this.flash.onBootloader = () => this.stop('bootloader');
    this.epoch = 0; // machine time at the last start
    this.boots = 0;
    this.awakeNanos = 0;
    this.external = new Array(PINS).fill(-1); // levels that the wiring gives: 0, 1, or -1 for open
    this.onPin = null; // (pin, level or -1, nanos)
    this.onUart = null; // (uart, byte, nanos at its start, charNanos)
    this.onUartIdle = null;
    this.wired = [null, null]; // [TX, RX] of each UART
    this.onRts = null;
    this.onUsb = null; // (bytes)
    this.onStart = null; // (cause)
    this.counters = [0, 1].map(() => ({ overruns: 0, garbled: 0, received: 0, sent: 0 }));
    this.pendingReset = null;
    this.stopped = null;
    this.powered = true;
    this.start('power');
  }

  /** Machine time in ns: goes on over resets. */
  get nanos() {
    return this.epoch + this.clock.nanos;
  }

  // ---- starts and resets -------------------------------------------------------------------------------
  start(cause) {
    const old = this.mcu;
    if (old) {
      this.epoch = this.nanos;
      this.awakeNanos = this.awake;
      this.keepCounters();
    }
    this.clock = new Clock();
    this.stalled = 0;
    this.leave = true;
    this.asleep = 0;
    const mcu = new RP2040(this.clock);
    mcu.logger = this.logger ?? QUIET;
    mcu.flash = this.bytes;
    mcu.flash16 = new Uint16Array(this.bytes.buffer);
    mcu.flashView = new DataView(this.bytes.buffer);
    if (old && cause === 'watchdog') {
      mcu.sram.set(old.sram); // a watchdog reset leaves the RAM as it is
    } else {
      const next = random(this.seed + this.boots); // after power-up it holds anything
      new Uint32Array(mcu.sram.buffer).forEach((_, i, words) => (words[i] = next()));
    }
    this.mcu = mcu;
    this.core = mcu.core;
    this.service = bootRom(mcu.bootrom, this.memory(mcu), this.flash);
    mcu.onBreak = (number) => this.breakpoint(number);
    this.interrupts(mcu.core);
    this.peripherals(mcu, old, cause);
    this.uarts = UART_BASES.map((base, i) => {
      const uart = new Uart(mcu, `UART${i}`, UART_IRQS[i], this.clock);
      uart.onSend = (byte, at, char) => this.onUart && this.onUart(i, byte, this.epoch + at, char);
      uart.onIdle = () => this.onUartIdle && this.onUartIdle(i);
      uart.pins = this.wired[i];
      uart.onRts = (on, used) => this.onRts && this.onRts(i, on, used);
      mcu.peripherals[base] = uart;
      mcu.uart[i] = uart;
      return uart;
    });
    this.usb = new UsbHost(mcu.usbCtrl);
    this.usb.onData = (bytes) => this.onUsb && this.onUsb(bytes);
    this.pins(mcu);
    // The boot ROM calls the second stage at the start of the flash: LR 0 makes it go on to the vector table.
    this.core.SP = RAM_START + mcu.sram.length - 0x100;
    this.core.LR = 0;
    this.core.PC = FLASH_START;
    this.execute = makeExecutor(this);
    this.boots++;
    if (this.onStart) this.onStart(cause);
  }

  /** WFI and WFE end with any enabled interrupt; whether it is taken then is PRIMASK's matter. */
  interrupts(core) {
    core.setInterrupt = (irq, on) => {
      const bit = 1 << irq;
      if (!on) core.pendingInterrupts &= ~bit;
      else if (!(core.pendingInterrupts & bit)) {
        core.pendingInterrupts |= bit;
        if (core.enabledInterrupts & bit) {
          core.interruptsUpdated = true;
          core.waiting = false;
        }
      }
    };
  }

  keepCounters() {
    this.uarts.forEach((uart, i) => {
      for (const key in this.counters[i]) this.counters[i][key] += uart[key];
    });
  }
  counter(i, key) {
    return this.counters[i][key] + this.uarts[i][key];
  }

  peripherals(mcu, old, cause) {
    const watchdog = mcu.peripherals[WATCHDOG];
    if (old && cause === 'watchdog') {
      const before = old.peripherals[WATCHDOG];
      watchdog.scratchData.set(before.scratchData);
      watchdog.reason = before.reason;
    }
    watchdog.onWatchdogTrigger = () => {
      watchdog.alarm.enable = false; // it would ring again at once, for ever
      this.reset('watchdog');
    };
    const resets = mcu.peripherals[RESETS];
    const write = resets.writeUint32.bind(resets);
    resets.writeUint32 = (offset, value) => {
      if (offset === 0) {
        UART_RESET_BITS.forEach((bit, i) => {
          if (value & bit) this.uarts[i].reset();
        });
      }
      write(offset, value);
    };
    this.secondCore(mcu);
    const bit = random(this.seed + 77 * this.boots);
    mcu.peripherals[ROSC].readUint32 = (offset) => (offset === 0x1c ? bit() >>> 31 : offset === 0x18 ? 0x80001000 : 0);
    mcu.peripherals[CHIP_RESET].readUint32 = () => (cause === 'run' ? 1 << 16 : cause === 'power' ? 1 << 8 : 0);
    mcu.peripherals[CHIP_RESET].writeUint32 = () => {};
  }

  /** There is only one core. Of the other one's boot ROM, the firmware waits for the 0 that it puts into the FIFO. */
  secondCore({ peripherals, sio }) {
    let waiting = 0;
    let off = false;
    const read = sio.readUint32.bind(sio);
    const write = sio.writeUint32.bind(sio);
    sio.readUint32 = (offset) => {
      if (offset === FIFO_ST) return FIFO_ROOM | (waiting ? FIFO_VALID : 0);
      if (offset !== FIFO_RD) return read(offset);
      waiting = 0;
      return 0;
    };
    sio.writeUint32 = (offset, value) => {
      if (offset !== FIFO_ST && offset !== FIFO_WR) write(offset, value);
    };
    const psm = peripherals[PSM];
    const power = psm.writeUint32.bind(psm);
    psm.writeUint32 = (offset, value) => {
      power(offset, value);
      if (offset !== FRCE_OFF) return;
      if (off && !(value & PROC1)) waiting = 1;
      off = (value & PROC1) !== 0;
    };
  }

  /** Resets at the end of the instruction under way: 'watchdog', 'run' (the RUN pin) or 'power'. */
  reset(cause) {
    this.pendingReset = cause;
    this.leave = true;
  }
  stop(why) {
    this.stopped = why;
    this.leave = true;
  }
  /** Power off: RAM and what the flash was doing are lost. */
  cut() {
    this.flash.cut();
    this.powered = false;
  }
  power() {
    this.powered = true;
    this.pendingReset = null;
    this.stopped = null;
    this.start('power');
  }

  // ---- ROM ---------------------------------------------------------------------------------------------
  memory(mcu) {
    const span = (address, n) => {
      if (address >= RAM_START && address + n <= RAM_START + mcu.sram.length) {
        return mcu.sram.subarray(address - RAM_START, address - RAM_START + n);
      }
      if (address >= FLASH_START && address + n <= FLASH_START + FLASH_BYTES) {
        return this.bytes.subarray(address - FLASH_START, address - FLASH_START + n);
      }
      return null;
    };
    return {
      read: (address, n) =>
        span(address, n)?.slice() ?? Uint8Array.from({ length: n }, (_, i) => mcu.readUint8(address + i)),
      copy: (to, from, n) => {
        const a = to >= RAM_START ? span(to, n) : null;
        const b = span(from, n);
        if (a && b) a.set(b);
        else for (let i = 0; i < n; i++) mcu.writeUint8(to + i, mcu.readUint8(from + i));
      },
      fill: (to, value, n) => {
        const a = span(to, n);
        if (a) a.fill(value);
        else for (let i = 0; i < n; i++) mcu.writeUint8(to + i, value);
      },
    };
  }
  breakpoint(number) {
    const cycles = this.service(number, this.core.registers);
    if (cycles < 0) this.stop(`breakpoint ${number} at 0x${(this.core.PC - 2).toString(16)}`);
    else this.clock.nanos += cycles * this.cycleNanos;
  }
  get cycleNanos() {
    return 1e9 / this.mcu.clkSys;
  }
  /** The processor stands still (awake) for so long. */
  stall(nanos) {
    this.stalled = this.clock.nanos + nanos;
  }

  // ---- pins --------------------------------------------------------------------------------------------
  pins(mcu) {
    for (let i = 0; i < PINS; i++) {
      const pin = mcu.gpio[i];
      pin.padValue = PAD_RESET;
      pin.addListener(() => this.pinChanged(i));
      this.level(i);
    }
  }
  pinChanged(i) {
    const state = this.mcu.gpio[i].value;
    const level = state === GPIOPinState.High ? 1 : state === GPIOPinState.Low ? 0 : -1;
    this.level(i);
    if (this.onPin) this.onPin(i, level, this.nanos);
  }
  /** What the pad reads: what drives it, the pin itself, the wiring, or its own pull. */
  level(i) {
    const pin = this.mcu.gpio[i];
    const state = pin.value;
    let high = this.external[i] === 1;
    if (state === GPIOPinState.High) high = true;
    else if (state === GPIOPinState.Low) high = false;
    else if (this.external[i] < 0) high = state === GPIOPinState.InputPullUp;
    if (pin.rawInputValue !== high) pin.setInputValue(high);
  }
  /** `pins`: [TX, RX] of each UART as wired, or null. */
  wire(pins) {
    this.wired = pins;
    this.uarts.forEach((uart, i) => (uart.pins = pins[i]));
  }
  setPin(i, level) {
    this.external[i] = level;
    this.level(i);
  }

  // ---- running -----------------------------------------------------------------------------------------
  get awake() {
    return this.awakeNanos + this.clock.nanos - this.asleep;
  }
  /** Runs until machine time `until` (ns), a stop, or what `pause` says. */
  run(until) {
    this.until = until;
    if (!this.powered) this.epoch = Math.max(this.epoch, until - this.clock.nanos); // time goes on without it
    while (!this.stopped && this.powered && this.nanos < this.until) {
      this.leave = false;
      this.slice();
      if (this.pendingReset) {
        const cause = this.pendingReset;
        this.pendingReset = null;
        this.start(cause);
      }
    }
  }
  /** The run under way ends at machine time `at`, or at the end of this instruction. */
  pause(at) {
    if (at < this.until) this.until = at;
    if (at <= this.nanos) this.leave = true;
  }
  slice() {
    const { clock, core } = this;
    while (!this.leave) {
      const until = this.until - this.epoch;
      if (clock.nanos >= until) return;
      if (this.stalled > clock.nanos) {
        // XIP is off: nothing runs, interrupts wait, the UARTs go on.
        clock.advance(Math.min(this.stalled, until));
        if (clock.nanos >= this.stalled) this.flash.done();
      } else if (core.waiting) {
        const target = Math.min(clock.due, until);
        this.asleep += Math.max(0, target - clock.nanos);
        clock.advance(target);
      } else {
        this.execute(until);
        if (clock.nanos >= clock.due) clock.advance(clock.nanos);
      }
    }
  }
}
