// The emulated board as a process: a line of JSON in, a line of JSON out (see ../README.md, "The pipe").
import { readFileSync, readSync, writeSync } from 'fs';
import { Machine } from './machine.mjs';

const GROUP_NANOS = 1e6; // output of one kind is told at the latest after so long
const PACKET_NANOS = 60e3; // when the next packet would have come
const SAMPLE_NANOS = 1000; // of the profile
const SAVED_R4 = 12; // in MicroPython's nlr_buf_t

let machine = null;
let events = [];
let usb = [];
let watched = new Set();
let told = false; // an end of this run is planned already
let samples = null;
let handlers = 0; // where MicroPython keeps the list of them, when it is asked what Python does

function soon() {
  if (told) return;
  told = true;
  machine.pause(machine.nanos + GROUP_NANOS);
}

function hook() {
  const open = [null, null];
  machine.onUart = (i, byte, start, char) => {
    const last = open[i];
    if (last && last.char === char && Math.abs(last.start + last.bytes.length * char - start) < 1 && events.includes(last)) {
      last.bytes.push(byte);
    } else {
      open[i] = { kind: 'uart', uart: i, start, char, bytes: [byte] };
      events.push(open[i]);
    }
    soon();
  };
  machine.onUartIdle = () => machine.pause(machine.nanos);
  machine.onPin = (pin, level, nanos) => {
    if (!watched.has(pin)) return;
    events.push({ kind: 'pin', pin, level, nanos, awake: machine.awake });
    machine.pause(machine.nanos);
  };
  machine.onRts = (uart, on, used) => {
    if (!used) return;
    events.push({ kind: 'rts', uart, on, nanos: machine.nanos });
    machine.pause(machine.nanos);
  };
  machine.onUsb = (bytes) => {
    usb.push(Buffer.from(bytes));
    if (machine.core.waiting) machine.pause(machine.nanos + PACKET_NANOS);
    else soon();
  };
  machine.onStart = (cause) => {
    events.push({ kind: 'start', cause, nanos: machine.nanos });
    machine.pause(machine.nanos);
  };
}

function state() {
  const uarts = [0, 1].map((i) => {
    const one = { baud: machine.uarts[i].baudRate };
    for (const key of ['overruns', 'garbled', 'received', 'sent']) one[key] = machine.counter(i, key);
    return one;
  });
  return {
    nanos: machine.nanos,
    awake: machine.awake,
    boots: machine.boots,
    stopped: machine.stopped,
    powered: machine.powered,
    connected: machine.usb.connected,
    asleep: machine.core.waiting,
    erased: machine.flash.erased,
    programmed: machine.flash.programmed,
    busy: machine.flash.op !== null,
    clock: machine.mcu.clkSys,
    uarts,
  };
}

/** As `machine.run`, and notes where the processor is, each microsecond that it is awake. */
function profiled(until) {
  let at = machine.nanos;
  const end = { at: until };
  const pause = machine.pause;
  machine.pause = (when) => {
    end.at = Math.min(end.at, Math.max(when, machine.nanos));
    pause.call(machine, when);
  };
  while (machine.nanos < end.at && !machine.stopped && machine.powered) {
    at = Math.min(end.at, machine.nanos + SAMPLE_NANOS);
    machine.run(at);
    if (!machine.core.waiting) {
      let where = machine.stalled > machine.clock.nanos ? 0 : machine.core.registers[15];
      // In place of the processor's address the function of Python that runs: the interpreter's loop keeps what
      // it works on in R4, which its entry in the list of exception handlers has saved.
      if (handlers) {
        const { mcu } = machine;
        const inRam = (address) => address >>> 0 >= 0x20000000 && address >>> 0 < 0x20042000;
        const entry = mcu.readUint32(handlers);
        const code = inRam(entry) ? mcu.readUint32(entry + SAVED_R4) : 0;
        where = inRam(code) ? mcu.readUint32(code) >>> 0 : 0;
      }
      samples.set(where, (samples.get(where) ?? 0) + 1);
    }
  }
  delete machine.pause;
}

const operations = {
  start({ image, flash, seed, pins, watch }) {
    machine = new Machine({
      image: image ? readFileSync(image) : null,
      flash: flash ? Buffer.from(flash, 'base64') : null,
      seed,
    });
    if (pins) machine.wire(pins);
    watched = new Set(watch ?? []);
    hook();
    return state();
  },
  run({ until, rx, pins, cts, send }) {
    events = [];
    usb = [];
    told = false;
    for (const [pin, level] of pins ?? []) machine.setPin(pin, level);
    for (const [uart, on] of cts ?? []) machine.uarts[uart].setClearToSend(on);
    for (const [uart, start, char, data] of rx ?? []) {
      machine.uarts[uart].feed(Buffer.from(data, 'base64'), start - machine.epoch, char);
    }
    if (send) machine.usb.send(Buffer.from(send, 'base64'));
    if (samples) profiled(until);
    else machine.run(until);
    return {
      nanos: machine.nanos,
      events: events.map((e) => (e.kind === 'uart' ? { ...e, bytes: Buffer.from(e.bytes).toString('base64') } : e)),
      usb: usb.length ? Buffer.concat(usb).toString('base64') : '',
      queued: machine.usb.queued,
      connected: machine.usb.connected,
      stopped: machine.stopped,
      asleep: machine.core.waiting,
      awake: machine.awake,
    };
  },
  state,
  reset({ cause }) {
    machine.flash.done();
    machine.start(cause);
    return state();
  },
  cut() {
    machine.cut();
    return state();
  },
  power() {
    machine.power();
    return state();
  },
  read({ address, length }) {
    return { data: Buffer.from(machine.bytes.buffer, address, length).toString('base64') };
  },
  write({ address, data }) {
    machine.bytes.set(Buffer.from(data, 'base64'), address);
    return {};
  },
  profile({ on, python }) {
    const found = samples ? [...samples] : [];
    samples = on ? new Map() : null;
    handlers = python ?? 0;
    return { samples: found, nanos: SAMPLE_NANOS };
  },
};

// Blocking reads and writes: there is nothing else to do meanwhile.
const chunk = Buffer.alloc(1 << 16);
let pending = '';
function line() {
  for (;;) {
    const end = pending.indexOf('\n');
    if (end >= 0) {
      const found = pending.slice(0, end);
      pending = pending.slice(end + 1);
      return found;
    }
    let n = 0;
    try {
      n = readSync(0, chunk);
    } catch (error) {
      if (error.code === 'EAGAIN') continue;
      if (error.code !== 'EOF') throw error;
    }
    if (n === 0) return null;
    pending += chunk.latin1Slice(0, n);
  }
}
function say(reply) {
  const data = Buffer.from(JSON.stringify(reply) + '\n');
  for (let i = 0; i < data.length; ) i += writeSync(1, data, i);
}

for (let text = line(); text !== null; text = line()) {
  const { op, ...parameters } = JSON.parse(text);
  let reply;
  try {
    reply = operations[op](parameters);
  } catch (error) {
    reply = { error: error.stack };
  }
  say(reply);
}
