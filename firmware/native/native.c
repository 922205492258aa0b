// Attributes of the types here, buffers that keep their capacity, and the module `_uplink`.
// SPDX-License-Identifier: MIT
#include "loop.h"

void native_attr(mp_obj_t self, qstr name, mp_obj_t *dest, const native_member_t *members, size_t n) {
    for (const native_member_t *member = members; member < members + n; member++) {
        if (member->name != name) {
            continue;
        }
        byte *at = (byte *)MP_OBJ_TO_PTR(self) + member->at;
        if (dest[0] == MP_OBJ_NULL) {
            if (member->kind == MEMBER_OBJECT) {
                dest[0] = *(mp_obj_t *)at;
            } else if (member->kind == MEMBER_INT) {
                dest[0] = mp_obj_new_int(*(mp_int_t *)at);
            } else {
                dest[0] = mp_obj_new_bool(*(bool *)at);
            }
        } else if (dest[1] != MP_OBJ_NULL) {
            if (member->kind == MEMBER_OBJECT) {
                *(mp_obj_t *)at = dest[1];
            } else if (member->kind == MEMBER_INT) {
                *(mp_int_t *)at = mp_obj_get_int(dest[1]);
            } else {
                *(bool *)at = mp_obj_is_true(dest[1]);
            }
            dest[0] = MP_OBJ_NULL;
        }
        return;
    }
    if (dest[0] == MP_OBJ_NULL) {
        dest[1] = MP_OBJ_SENTINEL; // a method
    }
}

static mp_obj_array_t *array_of(mp_obj_t into) {
    if (!mp_obj_is_exact_type(into, &mp_type_bytearray)) {
        mp_raise_TypeError(MP_ERROR_TEXT("bytearray expected"));
    }
    return MP_OBJ_TO_PTR(into);
}

void native_clear(mp_obj_t into) {
    mp_obj_array_t *o = array_of(into);
    o->free += o->len;
    o->len = 0;
}

void native_extend(mp_obj_t into, const byte *data, size_t n) {
    mp_obj_array_t *o = array_of(into);
    if (o->free < n) {
        o->items = m_renew(byte, o->items, o->len + o->free, o->len + n);
        o->free = n;
    }
    memcpy((byte *)o->items + o->len, data, n);
    o->free -= n;
    o->len += n;
}

mp_obj_t native_import(const char *name) {
    // (with a list of names `import` gives the module itself, not the package that it is in)
    mp_obj_t star = MP_OBJ_NEW_QSTR(MP_QSTR__star_);
    return mp_import_name(qstr_from_str(name), mp_obj_new_tuple(1, &star), MP_OBJ_NEW_SMALL_INT(0));
}

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__uplink)},
    {MP_ROM_QSTR(MP_QSTR_Cancelled), MP_ROM_PTR(&uplink_cancelled_type)},
    {MP_ROM_QSTR(MP_QSTR_Cursor), MP_ROM_PTR(&uplink_cursor_type)},
    {MP_ROM_QSTR(MP_QSTR_Engine), MP_ROM_PTR(&uplink_engine_type)},
    {MP_ROM_QSTR(MP_QSTR_Event), MP_ROM_PTR(&uplink_event_type)},
    {MP_ROM_QSTR(MP_QSTR_Loop), MP_ROM_PTR(&uplink_loop_type)},
    {MP_ROM_QSTR(MP_QSTR_Queue), MP_ROM_PTR(&uplink_queue_type)},
    {MP_ROM_QSTR(MP_QSTR_Ring), MP_ROM_PTR(&uplink_ring_type)},
    {MP_ROM_QSTR(MP_QSTR_Task), MP_ROM_PTR(&uplink_task_type)},
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t uplink_native_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};

MP_REGISTER_MODULE(MP_QSTR__uplink, uplink_native_module);
