// uplink.ring.Cursor: reads the parameters of a line where they stand (lib/uplink/ring/cursor.py).
// SPDX-License-Identifier: MIT
#include "native.h"

#define LIMIT (100000000)

static const native_member_t members[] = {
    {MP_QSTR_pos, offsetof(cursor_t, pos), MEMBER_INT},
    {MP_QSTR_end, offsetof(cursor_t, end), MEMBER_INT},
    {MP_QSTR_buf, offsetof(cursor_t, buf), MEMBER_OBJECT},
    {MP_QSTR_first, offsetof(cursor_t, first), MEMBER_INT},
    {MP_QSTR_last, offsetof(cursor_t, last), MEMBER_INT},
    {0},
};

static mp_obj_t make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    cursor_t *self = native_new(type, sizeof(cursor_t));
    self->buf = mp_const_empty_bytes;
    return MP_OBJ_FROM_PTR(self);
}

// The window's bytes; a window that lies about its buffer ends with it.
static MP_NOINLINE const byte *window(cursor_t *self, mp_int_t *end) {
    size_t n;
    const byte *buf = native_bytes(self->buf, &n);
    *end = MIN(self->end, (mp_int_t)n);
    return buf;
}

static mp_obj_t cursor_over(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    cursor_t *self = MP_OBJ_TO_PTR(args[0]);
    self->buf = args[1];
    self->pos = self->first = self->last = mp_obj_get_int(args[2]);
    self->end = mp_obj_get_int(args[3]);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(over_obj, 4, 4, cursor_over);

// How long a value is that stands there in the buffer, or -1.
static MP_NOINLINE mp_int_t there(cursor_t *self, mp_int_t at, mp_obj_t value_in) {
    size_t whole, n;
    const byte *buf = native_bytes(self->buf, &whole);
    const byte *value = native_bytes(value_in, &n);
    return at >= 0 && at + n <= whole && !memcmp(buf + at, value, n) ? (mp_int_t)n : -1;
}

static mp_obj_t cursor_starts(mp_obj_t self_in, mp_obj_t prefix) {
    cursor_t *self = MP_OBJ_TO_PTR(self_in);
    return mp_obj_new_bool(there(self, self->pos, prefix) >= 0);
}
static MP_DEFINE_CONST_FUN_OBJ_2(starts_obj, cursor_starts);

static mp_obj_t cursor_more(mp_obj_t self_in) {
    cursor_t *self = MP_OBJ_TO_PTR(self_in);
    return mp_obj_new_bool(self->pos < self->end);
}
static MP_DEFINE_CONST_FUN_OBJ_1(more_obj, cursor_more);

static bool text(cursor_t *self) {
    mp_int_t end;
    const byte *buf = window(self, &end);
    mp_int_t i = self->pos;
    while (i < end && buf[i] == ' ') {
        i++;
    }
    mp_int_t close = -1;
    mp_int_t comma = i;
    if (i < end && buf[i] == '"') {
        i++;
        close = i;
        while (close < end && buf[close] != '"') {
            close++;
        }
        if (close >= end) {
            close = -1;
        }
        comma = close < 0 ? i : close;
    }
    while (comma < end && buf[comma] != ',') {
        comma++;
    }
    mp_int_t stop = comma < end ? comma : self->end;
    self->pos = stop + 1;
    self->first = i;
    if (close >= 0) {
        stop = close;
    } else if (stop > end) {
        stop = end;
    }
    while (stop > i && (buf[stop - 1] == ' ' || buf[stop - 1] == '"')) {
        stop--;
    }
    self->last = stop;
    return stop > i;
}

static mp_obj_t cursor_text(mp_obj_t self_in) {
    return mp_obj_new_bool(text(MP_OBJ_TO_PTR(self_in)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(text_obj, cursor_text);

static mp_obj_t cursor_skip(size_t n_args, const mp_obj_t *args) {
    mp_int_t n = n_args > 1 ? mp_obj_get_int(args[1]) : 1;
    for (; n > 0; n--) {
        text(MP_OBJ_TO_PTR(args[0]));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(skip_obj, 1, 2, cursor_skip);

static mp_obj_t cursor_int(size_t n_args, const mp_obj_t *args) {
    cursor_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_obj_t fallback = n_args > 1 ? args[1] : MP_OBJ_NEW_SMALL_INT(-1);
    if (!text(self)) {
        return fallback;
    }
    size_t whole;
    const byte *buf = native_bytes(self->buf, &whole);
    mp_int_t i = self->first;
    bool negative = buf[i] == '-';
    if (negative || buf[i] == '+') {
        i++;
        if (i == self->last) {
            return fallback;
        }
    }
    mp_int_t n = 0;
    for (; i < self->last; i++) {
        unsigned digit = buf[i] - '0';
        if (digit > 9 || n > LIMIT) {
            return fallback;
        }
        n = n * 10 + digit;
    }
    return mp_obj_new_int(negative ? -n : n);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(int_obj, 1, 2, cursor_int);

static mp_obj_t cursor_equals(mp_obj_t self_in, mp_obj_t value) {
    cursor_t *self = MP_OBJ_TO_PTR(self_in);
    mp_int_t n = there(self, self->first, value);
    return mp_obj_new_bool(n >= 0 && n == self->last - self->first);
}
static MP_DEFINE_CONST_FUN_OBJ_2(equals_obj, cursor_equals);

static mp_obj_t cursor_copy(size_t n_args, const mp_obj_t *args) {
    cursor_t *self = MP_OBJ_TO_PTR(args[0]);
    size_t whole;
    const byte *buf = native_bytes(self->buf, &whole);
    mp_int_t n = MIN(self->last - self->first, n_args > 2 ? mp_obj_get_int(args[2]) : 64);
    native_clear(args[1]);
    native_extend(args[1], buf + self->first, MAX(n, 0));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(copy_obj, 2, 3, cursor_copy);

static mp_obj_t cursor_rest(mp_obj_t self_in) {
    cursor_t *self = MP_OBJ_TO_PTR(self_in);
    mp_int_t last;
    const byte *buf = window(self, &last);
    self->first = self->pos;
    while (last > self->first && buf[last - 1] == ' ') {
        last--;
    }
    self->last = MAX(last, self->first);
    self->pos = self->end;
    return mp_obj_new_bool(self->last > self->first);
}
static MP_DEFINE_CONST_FUN_OBJ_1(rest_obj, cursor_rest);

static mp_obj_t cursor_digits(size_t n_args, const mp_obj_t *args) {
    cursor_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_obj_t fallback = n_args > 2 ? args[2] : MP_OBJ_NEW_SMALL_INT(-1);
    mp_int_t end;
    const byte *buf = window(self, &end);
    mp_int_t stop = self->pos + mp_obj_get_int(args[1]);
    if (stop > end) {
        return fallback;
    }
    mp_int_t value = 0;
    for (mp_int_t i = self->pos; i < stop; i++) {
        unsigned digit = buf[i] - '0';
        if (digit > 9) {
            return fallback;
        }
        value = value * 10 + digit;
    }
    self->pos = stop + 1;
    return mp_obj_new_int(value);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(digits_obj, 2, 3, cursor_digits);

static const mp_rom_map_elem_t methods_table[] = {
    {MP_ROM_QSTR(MP_QSTR_int), MP_ROM_PTR(&int_obj)},
    {MP_ROM_QSTR(MP_QSTR_text), MP_ROM_PTR(&text_obj)},
    {MP_ROM_QSTR(MP_QSTR_skip), MP_ROM_PTR(&skip_obj)},
    {MP_ROM_QSTR(MP_QSTR_more), MP_ROM_PTR(&more_obj)},
    {MP_ROM_QSTR(MP_QSTR_starts), MP_ROM_PTR(&starts_obj)},
    {MP_ROM_QSTR(MP_QSTR_equals), MP_ROM_PTR(&equals_obj)},
    {MP_ROM_QSTR(MP_QSTR_copy), MP_ROM_PTR(&copy_obj)},
    {MP_ROM_QSTR(MP_QSTR_rest), MP_ROM_PTR(&rest_obj)},
    {MP_ROM_QSTR(MP_QSTR_digits), MP_ROM_PTR(&digits_obj)},
    {MP_ROM_QSTR(MP_QSTR_over), MP_ROM_PTR(&over_obj)},
};
static MP_DEFINE_CONST_DICT(methods, methods_table);

NATIVE_TYPE(uplink_cursor_type, MP_QSTR_Cursor, make_new, members, methods);
