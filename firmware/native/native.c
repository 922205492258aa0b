// Attributes of the types here, buffers that keep their capacity, and the module `_uplink`.
// SPDX-License-Identifier: MIT
#include <stdarg.h>

#include "loop.h"

void native_load_method(mp_obj_t object, qstr name, mp_obj_t *dest) {
    mp_quick_load_method(object, name, dest);
}

void *native_new(const mp_obj_type_t *type, size_t size) {
    mp_obj_base_t *o = m_malloc0(size);
    o->type = type;
    return o;
}

mp_obj_t *native_items(mp_obj_t sequence, size_t *n) {
    mp_obj_t *items;
    mp_obj_get_array(sequence, n, &items);
    return items;
}

void native_attr(mp_obj_t self_in, qstr name, mp_obj_t *dest) {
    mp_obj_base_t *self = MP_OBJ_TO_PTR(self_in);
    for (const native_member_t *member = self->type->slots[1]; member->name; member++) {
        if (member->name != name) {
            continue;
        }
        byte *at = (byte *)self + member->at;
        unsigned kind = member->kind;
        if (dest[0] == MP_OBJ_NULL) {
            mp_obj_t value = *(mp_obj_t *)at;
            if (kind & MEMBER_BOOL) {
                value = mp_obj_new_bool(*at);
            } else if (kind & MEMBER_INT) {
                value = mp_obj_new_int(*(mp_int_t *)at);
            } else if (value == MP_OBJ_NULL) {
                value = mp_const_none;
            }
            dest[0] = value;
        } else if (dest[1] != MP_OBJ_NULL && !(kind & MEMBER_FIXED)) {
            if (kind & MEMBER_BOOL) {
                *at = mp_obj_is_true(dest[1]);
            } else if (kind & MEMBER_INT) {
                *(mp_int_t *)at = mp_obj_get_int(dest[1]);
            } else {
                *(mp_obj_t *)at = dest[1];
            }
            dest[0] = MP_OBJ_NULL;
        }
        return;
    }
    if (dest[0] == MP_OBJ_NULL) {
        dest[1] = MP_OBJ_SENTINEL; // a method
    }
}

mp_obj_t native_call(mp_obj_t object, qstr name, size_t n, ...) {
    mp_obj_t args[6];
    native_load_method(object, name, args);
    va_list more;
    va_start(more, n);
    for (size_t i = 0; i < n; i++) {
        args[2 + i] = va_arg(more, mp_obj_t);
    }
    va_end(more);
    return mp_call_method_n_kw(n, 0, args);
}

const byte *native_bytes(mp_obj_t value, size_t *n) {
    mp_buffer_info_t info;
    mp_get_buffer_raise(value, &info, MP_BUFFER_READ);
    *n = info.len;
    return info.buf;
}

static mp_obj_array_t *array_of(mp_obj_t into) {
    if (!mp_obj_is_exact_type(into, &mp_type_bytearray)) {
        mp_raise_TypeError(MP_ERROR_TEXT("bytearray expected"));
    }
    return MP_OBJ_TO_PTR(into);
}

void native_resize(mp_obj_t into, size_t n) {
    mp_obj_array_t *o = array_of(into);
    size_t room = o->len + o->free;
    if (room < n) {
        o->items = m_renew(byte, o->items, room, n);
        room = n;
    }
    o->len = n;
    o->free = room - n;
}

void native_clear(mp_obj_t into) {
    native_resize(into, 0);
}

void native_extend(mp_obj_t into, const byte *data, size_t n) {
    mp_obj_array_t *o = array_of(into);
    size_t at = o->len;
    native_resize(into, at + n);
    memcpy((byte *)o->items + at, data, n);
}

mp_obj_t native_buffer(size_t size) {
    mp_obj_t b = mp_obj_new_bytearray_by_ref(size, m_new(byte, size));
    native_clear(b);
    return b;
}

// ---- uplink.exact ---------------------------------------------------------------------------------------

static mp_obj_t exact_buffer(mp_obj_t size) {
    return native_buffer(mp_obj_get_int(size));
}
MP_DEFINE_CONST_FUN_OBJ_1(uplink_buffer_obj, exact_buffer);

static mp_obj_t exact_clear(mp_obj_t b) {
    native_clear(b);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_1(uplink_clear_obj, exact_clear);

static mp_obj_t exact_resize(mp_obj_t b, mp_obj_t n) {
    native_resize(b, mp_obj_get_int(n));
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(uplink_resize_obj, exact_resize);

static mp_obj_t exact_cut(mp_obj_t b, mp_obj_t n) {
    if ((size_t)mp_obj_get_int(n) < array_of(b)->len) {
        exact_resize(b, n);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(uplink_cut_obj, exact_cut);

static mp_obj_t copier_set(size_t n_args, const mp_obj_t *args) {
    size_t size;
    const byte *from = native_bytes(args[2], &size);
    mp_uint_t off = mp_obj_get_int(args[3]), n = mp_obj_get_int(args[4]);
    native_clear(args[1]);
    if (off <= size && n <= size - off) {
        native_extend(args[1], from + off, n);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(copier_set_obj, 5, 5, copier_set);

static mp_obj_t copier_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    return MP_OBJ_FROM_PTR(mp_obj_malloc(mp_obj_base_t, type));
}

static const mp_rom_map_elem_t copier_methods_table[] = {
    {MP_ROM_QSTR(MP_QSTR_set), MP_ROM_PTR(&copier_set_obj)},
};
static MP_DEFINE_CONST_DICT(copier_methods, copier_methods_table);

MP_DEFINE_CONST_OBJ_TYPE(
    uplink_copier_type,
    MP_QSTR_Copier,
    MP_TYPE_FLAG_METHODS_STAY,
    make_new, copier_make_new,
    locals_dict, &copier_methods
    );

// ---- uplink.at.line -------------------------------------------------------------------------------------

mp_obj_t native_put_int(mp_obj_t line, mp_obj_t n_in) {
    mp_int_t n = mp_obj_get_int(n_in);
    char text[3 * sizeof(mp_int_t) + 1];
    char *begin = text + sizeof(text);
    mp_uint_t left = n < 0 ? -(mp_uint_t)n : (mp_uint_t)n;
    do {
        *--begin = '0' + left % 10;
        left /= 10;
    } while (left);
    if (n < 0) {
        *--begin = '-';
    }
    native_extend(line, (const byte *)begin, text + sizeof(text) - begin);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(uplink_put_int_obj, native_put_int);

static mp_obj_t line_allowed(mp_obj_t value) {
    size_t n;
    for (const byte *c = native_bytes(value, &n), *end = c + n; c < end; c++) {
        if (*c < 32 || *c == '"' || *c == '\\' || *c > 126) {
            return mp_const_false;
        }
    }
    return mp_const_true;
}
MP_DEFINE_CONST_FUN_OBJ_1(uplink_allowed_obj, line_allowed);

static mp_obj_t line_put(mp_obj_t line, mp_obj_t value) {
    if (line_allowed(value) == mp_const_false) {
        return mp_const_false;
    }
    size_t n;
    const byte *text = native_bytes(value, &n);
    native_extend(line, text, n);
    return mp_const_true;
}
MP_DEFINE_CONST_FUN_OBJ_2(uplink_put_obj, line_put);

// `c` of a packed text: below 128 itself.
static void unpack(mp_obj_t line, byte c, const byte *pairs) {
    while (c >= 128) {
        const byte *pair = pairs + 2 * (c - 128);
        unpack(line, pair[0], pairs);
        c = pair[1];
    }
    native_extend(line, &c, 1);
}

// (line, text, at, pairs)
static mp_obj_t line_unpack(size_t n_args, const mp_obj_t *args) {
    size_t n;
    const byte *pairs = native_bytes(args[3], &n);
    const byte *text = native_bytes(args[1], &n), *end = text + n;
    for (text += mp_obj_get_int(args[2]); text < end && *text != '\n'; text++) {
        unpack(args[0], *text, pairs);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(uplink_unpack_obj, 4, 4, line_unpack);

// ---- the module -----------------------------------------------------------------------------------------

mp_obj_t native_import(const char *name) {
    // (with a list of names `import` gives the module itself, not the package that it is in)
    mp_obj_t star = MP_OBJ_NEW_QSTR(MP_QSTR__star_);
    return mp_import_name(qstr_from_str(name), mp_obj_new_tuple(1, &star), MP_OBJ_NEW_SMALL_INT(0));
}

// (What it names is not static: frozen code names it too. The freezer reads this table, firmware/rom/sure.py. At run
// time it is for Python in files.)
#if UPLINK_NATIVE_MODULE
static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__uplink)},
    {MP_ROM_QSTR(MP_QSTR_Cancelled), MP_ROM_PTR(&uplink_cancelled_type)},
    {MP_ROM_QSTR(MP_QSTR_Copier), MP_ROM_PTR(&uplink_copier_type)},
    {MP_ROM_QSTR(MP_QSTR_Cursor), MP_ROM_PTR(&uplink_cursor_type)},
    {MP_ROM_QSTR(MP_QSTR_Decoder), MP_ROM_PTR(&uplink_decoder_type)},
    {MP_ROM_QSTR(MP_QSTR_Engine), MP_ROM_PTR(&uplink_engine_type)},
    {MP_ROM_QSTR(MP_QSTR_Event), MP_ROM_PTR(&uplink_event_type)},
    {MP_ROM_QSTR(MP_QSTR_Loop), MP_ROM_PTR(&uplink_loop_type)},
    {MP_ROM_QSTR(MP_QSTR_Queue), MP_ROM_PTR(&uplink_queue_type)},
    {MP_ROM_QSTR(MP_QSTR_Ring), MP_ROM_PTR(&uplink_ring_type)},
    {MP_ROM_QSTR(MP_QSTR_Task), MP_ROM_PTR(&uplink_task_type)},
    #if MICROPY_PY_MACHINE_UART
    {MP_ROM_QSTR(MP_QSTR_Uart), MP_ROM_PTR(&uplink_uart_type)},
    #endif
    {MP_ROM_QSTR(MP_QSTR_allowed), MP_ROM_PTR(&uplink_allowed_obj)},
    {MP_ROM_QSTR(MP_QSTR_buffer), MP_ROM_PTR(&uplink_buffer_obj)},
    {MP_ROM_QSTR(MP_QSTR_clear), MP_ROM_PTR(&uplink_clear_obj)},
    {MP_ROM_QSTR(MP_QSTR_compose), MP_ROM_PTR(&uplink_compose_obj)},
    {MP_ROM_QSTR(MP_QSTR_cut), MP_ROM_PTR(&uplink_cut_obj)},
    {MP_ROM_QSTR(MP_QSTR_cut_front), MP_ROM_PTR(&uplink_cut_front_obj)},
    {MP_ROM_QSTR(MP_QSTR_is_text), MP_ROM_PTR(&uplink_is_text_obj)},
    {MP_ROM_QSTR(MP_QSTR_matches), MP_ROM_PTR(&uplink_matches_obj)},
    {MP_ROM_QSTR(MP_QSTR_put), MP_ROM_PTR(&uplink_put_obj)},
    {MP_ROM_QSTR(MP_QSTR_put_header), MP_ROM_PTR(&uplink_put_header_obj)},
    {MP_ROM_QSTR(MP_QSTR_put_int), MP_ROM_PTR(&uplink_put_int_obj)},
    {MP_ROM_QSTR(MP_QSTR_put_number), MP_ROM_PTR(&uplink_put_number_obj)},
    {MP_ROM_QSTR(MP_QSTR_resize), MP_ROM_PTR(&uplink_resize_obj)},
    {MP_ROM_QSTR(MP_QSTR_subscription), MP_ROM_PTR(&uplink_subscription_obj)},
    {MP_ROM_QSTR(MP_QSTR_unpack), MP_ROM_PTR(&uplink_unpack_obj)},
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t mp_module_uplink_native = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};

MP_REGISTER_MODULE(MP_QSTR__uplink, mp_module_uplink_native);
#endif
