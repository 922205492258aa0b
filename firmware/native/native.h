// What the files of this folder share. See README.md.
// SPDX-License-Identifier: MIT
#ifndef UPLINK_NATIVE_H
#define UPLINK_NATIVE_H

#include <string.h>

#include "py/obj.h"
#include "py/objarray.h"
#include "py/objtuple.h"
#include "py/runtime.h"

// Patch 0030: where a tree has it, methods are found without a search.
#if __has_include("py/quick.h")
#include "py/quick.h"
#else
#define MP_TYPE_FLAG_METHODS_STAY (0)
#define mp_quick_load_method mp_load_method
#endif

// The module `_uplink`. Code that is frozen has what is in it without asking a module.
#ifndef UPLINK_NATIVE_MODULE
#define UPLINK_NATIVE_MODULE (1)
#endif

// mp_quick_load_method, once for all files.
void native_load_method(mp_obj_t object, qstr name, mp_obj_t *dest);

// An attribute that Python reads and writes: its name, where it is in the object, and what it is.
typedef struct {
    uint16_t name;
    uint16_t at : 13;
    uint16_t kind : 3;
} native_member_t;

enum { MEMBER_OBJECT, MEMBER_INT, MEMBER_BOOL, MEMBER_FIXED = 4 }; // fixed: only C writes it

// What a type with such attributes has in its slot 1; in its next is their table, which ends with an empty row. An object
// that is not there (MP_OBJ_NULL) is None; what is no attribute is left to the type's methods.
void native_attr(mp_obj_t self, qstr name, mp_obj_t *dest);

// Such a type, with a constructor and methods.
#define NATIVE_TYPE(type, its_name, its_make_new, its_members, its_methods) \
    const mp_obj_type_t type = { \
        .base = {&mp_type_type}, \
        .flags = MP_TYPE_FLAG_METHODS_STAY, \
        .name = its_name, \
        .slot_index_attr = 1, \
        .slot_index_make_new = 3, \
        .slot_index_locals_dict = 4, \
        .slots = {native_attr, its_members, its_make_new, &its_methods}, \
    }

// bytearrays that keep their capacity, as uplink.exact has them: a new one; its length; append. (Heap only beyond the capacity.)
mp_obj_t native_buffer(size_t size);
void native_clear(mp_obj_t into);
void native_resize(mp_obj_t into, size_t n);
void native_extend(mp_obj_t into, const byte *data, size_t n);

// Append a number in decimal.
mp_obj_t native_put_int(mp_obj_t line, mp_obj_t n);

// A new object, all zero but for its type.
void *native_new(const mp_obj_type_t *type, size_t size);

// The items of a tuple or list.
mp_obj_t *native_items(mp_obj_t sequence, size_t *n);

// The bytes of a bytes or bytearray.
const byte *native_bytes(mp_obj_t value, size_t *n);

// A method of that name, called with `n` arguments (4 at most), each an mp_obj_t.
mp_obj_t native_call(mp_obj_t object, qstr name, size_t n, ...);

// As time.ticks_add and ticks_diff.
static inline mp_int_t native_ticks_add(mp_int_t now, mp_int_t ms) {
    return (now + ms) & (MICROPY_PY_TIME_TICKS_PERIOD - 1);
}

static inline mp_int_t native_ticks_diff(mp_int_t a, mp_int_t b) {
    const int unused = 8 * sizeof(mp_int_t) - __builtin_ctzll(MICROPY_PY_TIME_TICKS_PERIOD); // bits that ticks leave free
    return (mp_int_t)((mp_uint_t)(a - b) << unused) >> unused;
}

// The module of that full name.
mp_obj_t native_import(const char *name);

// Places in Ring.at, as in lib/uplink/ring/ring.py.
enum { AT_READ, AT_WRITE, AT_SCAN, AT_FEED, AT_START, AT_END, AT_ENTRY, AT_DROP, AT_JUNK, AT_DISCARDED, AT_LENGTH };

// What scan found.
enum { FOUND_NOTHING, FOUND_PROMPT, FOUND_COUNTED, FOUND_WANTED, FOUND_OK, FOUND_LINE };

typedef struct {
    mp_obj_base_t base;
    mp_obj_t buf;
    mp_int_t pos;
    mp_int_t end;
    mp_int_t first;
    mp_int_t last;
} cursor_t;

typedef struct {
    mp_obj_base_t base;
    mp_obj_t stage;
    mp_obj_t buf;
    mp_obj_t indices; // array('i'): `at`
    cursor_t *cursor;
    mp_int_t overlong;
    // the same, for C
    int *at;
    byte *bytes;
    size_t size;
} ring_t;

extern const mp_obj_type_t uplink_cursor_type;
extern const mp_obj_type_t uplink_ring_type;
extern const mp_obj_type_t uplink_engine_type;
extern const mp_obj_type_t uplink_uart_type;
extern const mp_obj_type_t uplink_decoder_type;

MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(uplink_compose_obj);
MP_DECLARE_CONST_FUN_OBJ_2(uplink_cut_front_obj);
MP_DECLARE_CONST_FUN_OBJ_2(uplink_is_text_obj);
MP_DECLARE_CONST_FUN_OBJ_2(uplink_matches_obj);
MP_DECLARE_CONST_FUN_OBJ_3(uplink_put_header_obj);
MP_DECLARE_CONST_FUN_OBJ_2(uplink_put_number_obj);
MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(uplink_subscription_obj);

int ring_scan(ring_t *self, mp_obj_t want, mp_obj_t counted);
int ring_find(ring_t *self, mp_obj_t table);
mp_obj_t ring_clear(mp_obj_t self);
mp_obj_t ring_put(mp_obj_t self, mp_obj_t n);

#endif
