// uplink.ring.Ring: the receive buffer (lib/uplink/ring/ring.py and plain.py tell what it does).
// SPDX-License-Identifier: MIT
#include "native.h"

#define HEADER (64) // a header that has not come whole is waited for up to so many bytes

static const native_member_t members[] = {
    {MP_QSTR_at, offsetof(ring_t, indices), MEMBER_OBJECT},
    {MP_QSTR_buf, offsetof(ring_t, buf), MEMBER_OBJECT},
    {MP_QSTR_cursor, offsetof(ring_t, cursor), MEMBER_OBJECT},
    {MP_QSTR_stage, offsetof(ring_t, stage), MEMBER_OBJECT},
    {MP_QSTR_overlong, offsetof(ring_t, overlong), MEMBER_INT},
    {0},
};

static mp_obj_t make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 2, false);
    mp_int_t size = n_args > 0 ? mp_obj_get_int(args[0]) : 512;
    mp_int_t stage = n_args > 1 ? mp_obj_get_int(args[1]) : 256;
    if (stage < 1 || size < 2 * stage) {
        mp_raise_ValueError(MP_ERROR_TEXT("ring: size must be at least twice the stage"));
    }
    ring_t *self = native_new(type, sizeof(ring_t));
    self->stage = mp_obj_new_bytearray(stage, m_new0(byte, stage));
    self->bytes = m_new0(byte, size);
    self->buf = mp_obj_new_bytearray_by_ref(size, self->bytes);
    self->size = size;
    self->at = m_new0(int, AT_LENGTH);
    mp_obj_array_t *at = native_new(&mp_type_array, sizeof(mp_obj_array_t));
    at->typecode = 'i';
    at->len = AT_LENGTH;
    at->items = self->at;
    self->indices = MP_OBJ_FROM_PTR(at);
    self->cursor = MP_OBJ_TO_PTR(mp_call_function_0(MP_OBJ_FROM_PTR(&uplink_cursor_type)));
    self->cursor->buf = self->buf;
    return MP_OBJ_FROM_PTR(self);
}

mp_obj_t ring_clear(mp_obj_t self) {
    int *at = ((ring_t *)MP_OBJ_TO_PTR(self))->at;
    at[AT_READ] = at[AT_WRITE];
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(clear_obj, ring_clear);

mp_obj_t ring_put(mp_obj_t self_in, mp_obj_t n_in) {
    ring_t *self = MP_OBJ_TO_PTR(self_in);
    int *at = self->at;
    mp_obj_array_t *stage = MP_OBJ_TO_PTR(self->stage);
    size_t n = MIN((size_t)mp_obj_get_int(n_in), stage->len);
    if (at[AT_READ] >= at[AT_WRITE]) {
        at[AT_READ] = at[AT_WRITE] = at[AT_SCAN] = at[AT_FEED] = 0;
    } else if (at[AT_WRITE] + n > self->size) {
        int read = at[AT_READ];
        int left = at[AT_WRITE] - read;
        if (left + n > self->size) {
            // a line as long as the buffer is noise; what follows it up to a line end too
            self->overlong++;
            at[AT_DISCARDED] += left;
            at[AT_DROP] = 1;
            read += left;
            left = 0;
        }
        memmove(self->bytes, self->bytes + read, left);
        at[AT_READ] = 0;
        at[AT_WRITE] = left;
        at[AT_SCAN] = MAX(at[AT_SCAN] - read, 0);
        at[AT_FEED] = MAX(at[AT_FEED] - read, 0);
    }
    memcpy(self->bytes + at[AT_WRITE], stage->items, n);
    at[AT_WRITE] += n;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(put_obj, ring_put);

int ring_find(ring_t *self, mp_obj_t table) {
    int *at = self->at;
    const byte *line = self->bytes + at[AT_START];
    size_t length = at[AT_END] - at[AT_START];
    size_t rows, n;
    mp_obj_t *row = native_items(table, &rows);
    for (size_t k = 0; k < rows; k++) {
        const byte *prefix = native_bytes(native_items(row[k], &n)[0], &n);
        if (n <= length && !memcmp(line, prefix, n)) {
            self->cursor->pos = at[AT_START] + n;
            self->cursor->end = at[AT_END];
            return k;
        }
    }
    return -1;
}

static mp_obj_t ring_find_(mp_obj_t self, mp_obj_t table) {
    return MP_OBJ_NEW_SMALL_INT(ring_find(MP_OBJ_TO_PTR(self), table));
}
static MP_DEFINE_CONST_FUN_OBJ_2(find_obj, ring_find_);

int ring_scan(ring_t *self, mp_obj_t want_in, mp_obj_t counted) {
    int *at = self->at;
    const byte *buf = self->bytes;
    cursor_t *cursor = self->cursor;
    int n = at[AT_WRITE];
    int i = at[AT_READ];
    if (at[AT_DROP]) {
        // the rest of an overlong line
        while (i < n && buf[i] != '\n' && buf[i] != '\r') {
            i++;
        }
        at[AT_DISCARDED] += i - at[AT_READ];
        at[AT_DROP] = i == n;
    }
    int end;
    for (;;) {
        byte c = 0;
        for (; i < n; i++) {
            c = buf[i];
            if (c > 32 && c < 128) {
                break;
            }
            if (c != '\n' && c != '\r' && c != ' ') {
                at[AT_JUNK]++;
            }
        }
        at[AT_READ] = i;
        if (i >= n) {
            return FOUND_NOTHING;
        }
        if (c == '>') {
            at[AT_READ] = i + 1;
            return FOUND_PROMPT;
        }
        if (c == 'O' && i + 4 <= n && buf[i + 1] == 'K' && buf[i + 2] == '\r' && buf[i + 3] == '\n') {
            at[AT_READ] = i + 4;
            return FOUND_OK;
        }
        at[AT_START] = i;
        at[AT_END] = n;
        int k = ring_find(self, counted);
        if (k >= 0) {
            at[AT_ENTRY] = k;
            size_t columns;
            mp_obj_t row = native_items(counted, &columns)[k];
            int commas = mp_obj_get_int(native_items(row, &columns)[1]);
            // (no commas: directly behind the prefix)
            int j = cursor->pos - 1;
            for (; j < n && buf[j] != '\n'; j++) {
                if (commas == 0 || (buf[j] == ',' && --commas == 0)) {
                    at[AT_END] = cursor->end = j;
                    return FOUND_COUNTED;
                }
            }
            if (j >= n && n - i < HEADER) {
                return FOUND_NOTHING;
            }
        }
        int feed = at[AT_FEED] - 1;
        if (feed < i) {
            feed = MAX(at[AT_SCAN], i);
            while (feed < n && buf[feed] != '\n') {
                feed++;
            }
            at[AT_SCAN] = feed;
            if (feed >= n) {
                return FOUND_NOTHING;
            }
            at[AT_FEED] = feed + 1;
        }
        // a CR that stands inside ends this line; the line feed behind it is known already
        end = i;
        while (end < feed && buf[end] != '\r') {
            end++;
        }
        at[AT_END] = end;
        at[AT_READ] = end + 1 >= feed ? feed + 1 : end + 1;
        if (c != 'A' || buf[i + 1] != 'T') {
            break;
        }
        i = at[AT_READ]; // echo
    }
    if (want_in != mp_const_none) {
        size_t length;
        const byte *want = native_bytes(want_in, &length);
        if (length && end - i >= (int)length && !memcmp(buf + i, want, length)) {
            cursor->pos = i + length;
            cursor->end = end;
            return FOUND_WANTED;
        }
    }
    return FOUND_LINE;
}

static mp_obj_t ring_scan_(mp_obj_t self, mp_obj_t want, mp_obj_t counted) {
    return MP_OBJ_NEW_SMALL_INT(ring_scan(MP_OBJ_TO_PTR(self), want, counted));
}
static MP_DEFINE_CONST_FUN_OBJ_3(scan_obj, ring_scan_);

static const mp_rom_map_elem_t methods_table[] = {
    {MP_ROM_QSTR(MP_QSTR_put), MP_ROM_PTR(&put_obj)},
    {MP_ROM_QSTR(MP_QSTR_scan), MP_ROM_PTR(&scan_obj)},
    {MP_ROM_QSTR(MP_QSTR_find), MP_ROM_PTR(&find_obj)},
    {MP_ROM_QSTR(MP_QSTR_clear), MP_ROM_PTR(&clear_obj)},
};
static MP_DEFINE_CONST_DICT(methods, methods_table);

NATIVE_TYPE(uplink_ring_type, MP_QSTR_Ring, make_new, members, methods);
