// The board's UART without waiting (lib/uplink/port/machine_board.py tells what it does), and the wait for its
// bytes. For ports that have machine.UART.
// SPDX-License-Identifier: MIT
#include "native.h"

#if MICROPY_PY_MACHINE_UART

#include "py/mphal.h"
#include "py/stream.h"

#if PICO_RP2040 || PICO_RP2350
#include "shared/runtime/softtimer.h"
#define ONE_TIMER (1)
#endif

// What `write` may have under way: less than the driver's buffer of 512, since ESP-IDF keeps a header with each
// piece in it.
#define ROOM (512 - 64)
#define CHARACTER (10000) // bits of ten a ms: baud * ms / 10000 characters

typedef struct {
    mp_obj_base_t base;
    mp_obj_t raw;
    mp_obj_t any[2];
    mp_int_t baud;
    mp_int_t level; // bytes that may not have left yet
    mp_uint_t when;
} uart_t;

static mp_obj_t make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 2, 2, false);
    mp_get_stream_raise(args[0], MP_STREAM_OP_READ | MP_STREAM_OP_WRITE | MP_STREAM_OP_IOCTL);
    uart_t *self = mp_obj_malloc(uart_t, type);
    self->raw = args[0];
    mp_load_method(args[0], MP_QSTR_any, self->any);
    self->baud = mp_obj_get_int(args[1]);
    self->level = 0;
    self->when = mp_hal_ticks_ms();
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t uart_any(mp_obj_t self_in) {
    return mp_call_method_n_kw(0, 0, ((uart_t *)MP_OBJ_TO_PTR(self_in))->any);
}
static MP_DEFINE_CONST_FUN_OBJ_1(any_obj, uart_any);

static mp_obj_t uart_readinto(mp_obj_t self_in, mp_obj_t into) {
    uart_t *self = MP_OBJ_TO_PTR(self_in);
    mp_uint_t n = mp_obj_get_int(uart_any(self_in));
    if (n) {
        mp_buffer_info_t buf;
        mp_get_buffer_raise(into, &buf, MP_BUFFER_WRITE);
        int error;
        n = mp_get_stream(self->raw)->read(self->raw, buf.buf, MIN(n, buf.len), &error);
        if (n == MP_STREAM_ERROR) {
            n = 0;
        }
    }
    return MP_OBJ_NEW_SMALL_INT(n);
}
static MP_DEFINE_CONST_FUN_OBJ_2(readinto_obj, uart_readinto);

static mp_obj_t uart_write(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    uart_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_buffer_info_t buf;
    mp_get_buffer_raise(args[1], &buf, MP_BUFFER_READ);
    mp_int_t off = mp_obj_get_int(args[2]);
    mp_int_t n = mp_obj_get_int(args[3]);
    if (off < 0 || n < 0 || (size_t)off + n > buf.len) {
        mp_raise_ValueError(MP_ERROR_TEXT("uart: outside the buffer"));
    }
    mp_uint_t now = mp_hal_ticks_ms();
    // Rounded down: never more room than there is.
    mp_int_t left = MIN(now - self->when, 1000) * self->baud / CHARACTER;
    if (left || self->level == 0) {
        self->level = MAX(self->level - left, 0);
        self->when = now;
    }
    n = MIN(n, ROOM - self->level);
    if (n <= 0) {
        return MP_OBJ_NEW_SMALL_INT(0);
    }
    int error;
    mp_uint_t taken = mp_get_stream(self->raw)->write(self->raw, (byte *)buf.buf + off, n, &error);
    if (taken == MP_STREAM_ERROR) {
        taken = 0;
    }
    self->level += taken;
    return MP_OBJ_NEW_SMALL_INT(taken);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(write_obj, 4, 4, uart_write);

static mp_obj_t uart_set_baud(mp_obj_t self_in, mp_obj_t rate) {
    uart_t *self = MP_OBJ_TO_PTR(self_in);
    mp_obj_t args[4];
    mp_load_method(self->raw, MP_QSTR_init, args);
    args[2] = MP_OBJ_NEW_QSTR(MP_QSTR_baudrate);
    args[3] = rate;
    mp_call_method_n_kw(0, 1, args);
    self->baud = mp_obj_get_int(rate);
    self->level = 0;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(set_baud_obj, uart_set_baud);

// Sleep until there are bytes, if `data`, or `ms` since `start` have passed. `timed`: a timer ends
// the wait for an interrupt.
static void doze(mp_obj_t raw, bool data, mp_uint_t start, mp_uint_t ms, bool timed) {
    const mp_stream_p_t *stream = mp_get_stream(raw);
    for (;;) {
        int error;
        mp_uint_t ready = data ? stream->ioctl(raw, MP_STREAM_POLL, MP_STREAM_POLL_RD, &error) : 0;
        mp_uint_t passed = mp_hal_ticks_ms() - start;
        if ((ready != MP_STREAM_ERROR && ready) || passed >= ms) {
            return;
        }
        if (timed) {
            mp_event_wait_indefinite();
        } else {
            mp_event_wait_ms(ms - passed);
        }
    }
}

// The board's `idle`.
static mp_obj_t uart_idle(size_t n_args, const mp_obj_t *args) {
    uart_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_uint_t start = mp_hal_ticks_ms();
    mp_uint_t ms = mp_obj_get_int(args[1]);
    bool data = n_args < 3 || mp_obj_is_true(args[2]);
    #if ONE_TIMER
    // One timer for all of the wait: mp_event_wait_ms sets one (25 us) each time that an interrupt has woken it,
    // and the UART does that several times for what it sends.
    soft_timer_entry_t timer;
    soft_timer_static_init(&timer, SOFT_TIMER_MODE_ONE_SHOT, 0, NULL);
    soft_timer_insert(&timer, ms);
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        doze(self->raw, data, start, ms, true);
        nlr_pop();
        soft_timer_remove(&timer);
    } else {
        soft_timer_remove(&timer);
        nlr_jump(nlr.ret_val);
    }
    #else
    doze(self->raw, data, start, ms, false);
    #endif
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(idle_obj, 2, 3, uart_idle);

static const mp_rom_map_elem_t methods_table[] = {
    {MP_ROM_QSTR(MP_QSTR_any), MP_ROM_PTR(&any_obj)},
    {MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&readinto_obj)},
    {MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&write_obj)},
    {MP_ROM_QSTR(MP_QSTR_set_baud), MP_ROM_PTR(&set_baud_obj)},
    {MP_ROM_QSTR(MP_QSTR_idle), MP_ROM_PTR(&idle_obj)},
};
static MP_DEFINE_CONST_DICT(methods, methods_table);

MP_DEFINE_CONST_OBJ_TYPE(
    uplink_uart_type,
    MP_QSTR_Uart,
    MP_TYPE_FLAG_NONE,
    make_new, make_new,
    locals_dict, &methods
    );

#endif
