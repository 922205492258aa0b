// The board's time since its start, in ns, and what is to happen when. Same interface as rp2040js's clock.

class Alarm {
  constructor(clock, callback) {
    this.clock = clock;
    this.callback = callback;
    this.nanos = 0;
    this.next = null;
    this.scheduled = false;
  }
  schedule(delta) {
    if (this.scheduled) this.clock.unlink(this);
    this.nanos = this.clock.nanos + delta;
    this.clock.link(this);
  }
  cancel() {
    if (this.scheduled) this.clock.unlink(this);
  }
}

export class Clock {
  constructor() {
    this.nanos = 0;
    this.first = null;
    this.due = Infinity; // of the first alarm
  }
  get micros() {
    return this.nanos / 1000;
  }
  createAlarm(callback) {
    return new Alarm(this, callback);
  }
  link(alarm) {
    let at = this.first;
    let last = null;
    while (at && at.nanos <= alarm.nanos) {
      last = at;
      at = at.next;
    }
    alarm.next = at;
    if (last) last.next = alarm;
    else this.first = alarm;
    alarm.scheduled = true;
    this.due = this.first.nanos;
  }
  unlink(alarm) {
    let at = this.first;
    let last = null;
    while (at && at !== alarm) {
      last = at;
      at = at.next;
    }
    if (at) {
      if (last) last.next = alarm.next;
      else this.first = alarm.next;
    }
    alarm.scheduled = false;
    this.due = this.first ? this.first.nanos : Infinity;
  }
  /** Rings what is due by `target`, each at its own time. Leaves the time at `target`. */
  advance(target) {
    while (this.due <= target) {
      const alarm = this.first;
      this.first = alarm.next;
      this.due = this.first ? this.first.nanos : Infinity;
      alarm.scheduled = false;
      if (alarm.nanos > this.nanos) this.nanos = alarm.nanos;
      alarm.callback();
    }
    if (target > this.nanos) this.nanos = target;
  }
}
