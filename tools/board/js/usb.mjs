// The host's end of the USB serial port: enumerates the device, raises DTR, and moves bytes. Unlike rp2040js's
// USBCDC it answers NAK while it has nothing to send, so an idle board is not woken each 10 us, and it starts
// afresh after each bus reset.
import { DescriptorType, DataDirection, SetupRecipient, SetupType } from 'rp2040js';
import { createSetupPacket, getDescriptorPacket, setDeviceAddressPacket, setDeviceConfigurationPacket } from 'rp2040js';

const SET_CONTROL_LINE_STATE = 0x22;
const CONFIGURATION_HEADER = 9;
const CDC_DATA = 10;
const PACKET = 64;
const SOF_RD = 0x48, INTE = 0x90, DEV_SOF = 1 << 17;
const FRAME_NANOS = 1e6;
const PACKET_MICROS = 50; // full speed carries 19 bulk packets a millisecond

function bulkEndpoints(d) {
  const found = { in: -1, out: -1 };
  let data = false;
  for (let i = 0; i + 1 < d.length && d[i] >= 2; i += d[i]) {
    if (d[i + 1] === DescriptorType.Interface) data = d[i + 5] === CDC_DATA;
    if (data && d[i + 1] === DescriptorType.Endpoint && (d[i + 3] & 3) === 2) {
      if (d[i + 2] & 0x80) found.in = d[i + 2] & 15;
      else found.out = d[i + 2] & 15;
    }
  }
  return found;
}

export class UsbHost {
  constructor(usb) {
    this.usb = usb;
    this.onData = null;
    this.onConnected = null;
    this.queue = []; // Uint8Arrays on their way to the device
    this.offset = 0;
    this.queued = 0;
    this.forget();
    this.frames(usb);
    usb.readDelayMicroseconds = PACKET_MICROS;
    usb.writeDelayMicroseconds = PACKET_MICROS;
    usb.onUSBEnabled = () => usb.resetDevice();
    usb.onResetReceived = () => {
      this.forget();
      usb.sendSetupPacket(setDeviceAddressPacket(1));
    };
    usb.onEndpointWrite = (endpoint, bytes) => {
      if (endpoint === 0) this.control(bytes);
      else if (endpoint === this.in && bytes.length && this.onData) this.onData(bytes);
    };
    usb.onEndpointRead = (endpoint, size) => {
      if (endpoint !== this.out) return;
      this.wanted = size;
      this.supply();
    };
  }
  /** Start of frame, each millisecond while its interrupt is enabled: the firmware counts on it to send what it
   * printed before somebody listened. */
  frames(usb) {
    const alarm = usb.rp2040.clock.createAlarm(() => {
      if (!(usb.intEnable & DEV_SOF)) return;
      usb.sofFrameNumber = (usb.sofFrameNumber + 1) & 0x7ff;
      usb.intRaw |= DEV_SOF;
      alarm.schedule(FRAME_NANOS);
      usb.checkInterrupts();
    });
    const write = usb.writeUint32.bind(usb);
    const read = usb.readUint32.bind(usb);
    usb.writeUint32 = (offset, value) => {
      write(offset, value);
      if (offset === INTE && usb.intEnable & DEV_SOF && !alarm.scheduled) alarm.schedule(FRAME_NANOS);
    };
    usb.readUint32 = (offset) => {
      if (offset === SOF_RD) {
        usb.intRaw &= ~DEV_SOF;
        usb.checkInterrupts();
      }
      return read(offset);
    };
  }
  forget() {
    this.state = 'address';
    this.size = 0;
    this.descriptors = [];
    this.in = -1;
    this.out = -1;
    this.wanted = 0;
    this.connected = false;
  }
  control(bytes) {
    const { usb } = this;
    if (this.state === 'address' && bytes.length === 0) {
      this.state = 'size';
      usb.sendSetupPacket(getDescriptorPacket(DescriptorType.Configration, CONFIGURATION_HEADER));
    } else if (this.state === 'size' && bytes.length === CONFIGURATION_HEADER) {
      this.state = 'descriptors';
      this.size = bytes[2] | (bytes[3] << 8);
      usb.sendSetupPacket(getDescriptorPacket(DescriptorType.Configration, this.size));
    } else if (this.state === 'descriptors' && bytes.length) {
      this.descriptors.push(...bytes);
      if (this.descriptors.length >= this.size) {
        Object.assign(this, bulkEndpoints(this.descriptors));
        this.state = 'configure';
        usb.sendSetupPacket(setDeviceConfigurationPacket(1));
      }
    } else if (this.state === 'configure' && bytes.length === 0) {
      this.state = 'lines';
      this.lines(3);
    } else if (this.state === 'lines' && bytes.length === 0 && !this.connected) {
      this.connected = true;
      if (this.onConnected) this.onConnected();
    }
  }
  /** Bit 0 is DTR, bit 1 is RTS. */
  lines(value) {
    this.usb.sendSetupPacket(
      createSetupPacket({
        dataDirection: DataDirection.HostToDevice,
        type: SetupType.Class,
        recipient: SetupRecipient.Device,
        bRequest: SET_CONTROL_LINE_STATE,
        wValue: value,
        wIndex: 0,
        wLength: 0,
      }),
    );
  }
  send(bytes) {
    if (!bytes.length) return;
    this.queue.push(bytes);
    this.queued += bytes.length;
    this.supply();
  }
  supply() {
    if (!this.wanted || !this.queued || !this.connected) return;
    const n = Math.min(this.wanted, PACKET, this.queued);
    const packet = new Uint8Array(n);
    for (let i = 0; i < n; ) {
      const head = this.queue[0];
      const part = head.subarray(this.offset, this.offset + n - i);
      packet.set(part, i);
      i += part.length;
      this.offset += part.length;
      if (this.offset === head.length) {
        this.queue.shift();
        this.offset = 0;
      }
    }
    this.queued -= n;
    this.wanted = 0;
    this.usb.endpointReadDone(this.out, packet);
  }
}
