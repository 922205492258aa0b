// uplink.loop: Event, Queue, Task, Limit (lib/uplink/loop/wait.py tells what they do).
// SPDX-License-Identifier: MIT
#include "loop.h"

#include "py/objexcept.h"

const mp_obj_base_t uplink_parked = {&mp_type_object};

#define PARKED MP_OBJ_FROM_PTR(&uplink_parked)

static mp_obj_t number(size_t n_args, const mp_obj_t *args, size_t at, mp_int_t *value) {
    if (n_args > at) {
        *value = mp_obj_get_int(args[at]);
    }
    return args[0];
}

// ---- Event ------------------------------------------------------------------------------------------

mp_obj_t event_new(const mp_obj_type_t *type, loop_t *loop, size_t size) {
    event_t *self = native_new(type, sizeof(event_t));
    self->loop = loop;
    self->ms = -1;
    self->size = size;
    if (size) {
        self->items = m_new0(mp_obj_t, size);
    }
    return MP_OBJ_FROM_PTR(self);
}

static mp_obj_t event_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    bool queue = type == &uplink_queue_type;
    mp_arg_check_num(n_args, n_kw, 1 + queue, 1 + queue, false);
    loop_t *loop = MP_OBJ_TO_PTR(args[0]);
    if (!queue && args[0] == mp_const_none) {
        loop = NULL; // an event that nobody awaits
    } else if (!mp_obj_is_exact_type(args[0], &uplink_loop_type)) {
        mp_raise_TypeError(MP_ERROR_TEXT("an uplink.Loop expected"));
    }
    mp_int_t size = queue ? mp_obj_get_int(args[1]) : 0;
    if (queue && (size < 1 || size > 0xffff)) {
        mp_raise_ValueError(MP_ERROR_TEXT("queue: size is 1 to 65535"));
    }
    return event_new(type, loop, size);
}

static void event_attr(mp_obj_t self_in, qstr name, mp_obj_t *dest) {
    event_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] != MP_OBJ_NULL) {
        return;
    }
    if (name == MP_QSTR_value) {
        dest[0] = self->first ? MP_OBJ_FROM_PTR(self->first) : mp_const_none;
    } else {
        dest[1] = MP_OBJ_SENTINEL;
    }
}

void event_set(event_t *self) {
    self->flag = true;
    task_t *task;
    while ((task = self->first) != NULL) {
        self->first = task->after;
        task->answer = ANSWER_YES;
        loop_wake(self->loop, task);
    }
}

static mp_obj_t event_set_(mp_obj_t self) {
    event_set(MP_OBJ_TO_PTR(self));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(set_obj, event_set_);

static mp_obj_t event_clear(mp_obj_t self) {
    ((event_t *)MP_OBJ_TO_PTR(self))->flag = false;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(clear_obj, event_clear);

static mp_obj_t event_is_set(mp_obj_t self) {
    return mp_obj_new_bool(((event_t *)MP_OBJ_TO_PTR(self))->flag);
}
static MP_DEFINE_CONST_FUN_OBJ_1(is_set_obj, event_is_set);

static mp_obj_t event_wait(size_t n_args, const mp_obj_t *args) {
    event_t *self = MP_OBJ_TO_PTR(args[0]);
    self->ms = -1;
    return number(n_args, args, 1, &self->ms);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(wait_obj, 1, 2, event_wait);

// The task that runs begins to wait: what it yields to the loop.
static mp_obj_t event_begin(event_t *self, task_t *task) {
    task->on = MP_OBJ_FROM_PTR(self);
    if (self->ms == 0) {
        task->answer = ANSWER_NO;
        return MP_OBJ_NEW_SMALL_INT(0);
    }
    task->answer = ANSWER_NONE;
    task->after = NULL;
    task_t **last = &self->first;
    while (*last != NULL) {
        last = &(*last)->after;
    }
    *last = task;
    return self->ms < 0 ? PARKED : mp_obj_new_int(self->ms);
}

static task_t *running(loop_t *loop) {
    if (loop == NULL || loop->current == NULL) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("await outside a task of the loop"));
    }
    return loop->current;
}

static mp_obj_t event_iternext(mp_obj_t self_in) {
    event_t *self = MP_OBJ_TO_PTR(self_in);
    task_t *task = running(self->loop);
    if (task->on == self_in) {
        task->on = MP_OBJ_NULL;
        return mp_make_stop_iteration(mp_obj_new_bool(task->answer == ANSWER_YES));
    }
    if (self->flag) {
        return mp_make_stop_iteration(mp_const_true);
    }
    return event_begin(self, task);
}

void event_leave(event_t *self, task_t *task, uint8_t answer) {
    if (task->answer != ANSWER_NONE) {
        return; // it was about to go on
    }
    task_t **place = &self->first;
    while (*place != task) {
        place = &(*place)->after;
    }
    *place = task->after;
    task->answer = answer;
    loop_wake(self->loop, task);
}

static const mp_rom_map_elem_t event_table[] = {
    {MP_ROM_QSTR(MP_QSTR_set), MP_ROM_PTR(&set_obj)},
    {MP_ROM_QSTR(MP_QSTR_clear), MP_ROM_PTR(&clear_obj)},
    {MP_ROM_QSTR(MP_QSTR_is_set), MP_ROM_PTR(&is_set_obj)},
    {MP_ROM_QSTR(MP_QSTR_wait), MP_ROM_PTR(&wait_obj)},
};
static MP_DEFINE_CONST_DICT(event_methods, event_table);

MP_DEFINE_CONST_OBJ_TYPE(
    uplink_event_type,
    MP_QSTR_Event,
    MP_TYPE_FLAG_ITER_IS_ITERNEXT | MP_TYPE_FLAG_METHODS_STAY,
    make_new, event_make_new,
    attr, event_attr,
    iter, event_iternext,
    locals_dict, &event_methods
    );

// ---- Queue ------------------------------------------------------------------------------------------

static mp_obj_t take(event_t *self) {
    mp_obj_t item = self->items[self->head];
    self->items[self->head] = MP_OBJ_NULL;
    self->head = (self->head + 1) % self->size;
    self->count--;
    return item;
}

static void promise(event_t *self) {
    task_t *task = self->first;
    if (task != NULL && self->count > self->owed) {
        self->owed++;
        self->first = task->after;
        task->answer = ANSWER_YES;
        loop_wake(self->loop, task);
    }
}

static mp_obj_t queue_put(mp_obj_t self_in, mp_obj_t item) {
    event_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->count >= self->size) {
        return mp_const_false;
    }
    self->items[(self->head + self->count) % self->size] = item;
    self->count++;
    promise(self);
    return mp_const_true;
}
static MP_DEFINE_CONST_FUN_OBJ_2(put_obj, queue_put);

static mp_obj_t queue_pop(mp_obj_t self_in) {
    event_t *self = MP_OBJ_TO_PTR(self_in);
    return self->count > self->owed ? take(self) : mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(pop_obj, queue_pop);

static mp_obj_t queue_iternext(mp_obj_t self_in) {
    event_t *self = MP_OBJ_TO_PTR(self_in);
    task_t *task = running(self->loop);
    if (task->on == self_in) {
        task->on = MP_OBJ_NULL;
        if (task->answer == ANSWER_NO) {
            return mp_make_stop_iteration(mp_const_none);
        }
        self->owed--;
    } else if (self->count <= self->owed) {
        return event_begin(self, task);
    }
    return mp_make_stop_iteration(take(self));
}

static mp_obj_t queue_unary_op(mp_unary_op_t op, mp_obj_t self_in) {
    event_t *self = MP_OBJ_TO_PTR(self_in);
    switch (op) {
        case MP_UNARY_OP_LEN:
            return MP_OBJ_NEW_SMALL_INT(self->count);
        case MP_UNARY_OP_BOOL:
            return mp_obj_new_bool(self->count != 0);
        default:
            return MP_OBJ_NULL;
    }
}

static const mp_rom_map_elem_t queue_table[] = {
    {MP_ROM_QSTR(MP_QSTR_put), MP_ROM_PTR(&put_obj)},
    {MP_ROM_QSTR(MP_QSTR_pop), MP_ROM_PTR(&pop_obj)},
    {MP_ROM_QSTR(MP_QSTR_get), MP_ROM_PTR(&wait_obj)},
};
static MP_DEFINE_CONST_DICT(queue_methods, queue_table);

MP_DEFINE_CONST_OBJ_TYPE(
    uplink_queue_type,
    MP_QSTR_Queue,
    MP_TYPE_FLAG_ITER_IS_ITERNEXT | MP_TYPE_FLAG_METHODS_STAY,
    make_new, event_make_new,
    unary_op, queue_unary_op,
    attr, event_attr,
    iter, queue_iternext,
    locals_dict, &queue_methods
    );

// ---- Task -------------------------------------------------------------------------------------------

static const native_member_t task_members[] = {
    {MP_QSTR_done, offsetof(task_t, done), MEMBER_BOOL | MEMBER_FIXED},
    {MP_QSTR_error, offsetof(task_t, error), MEMBER_OBJECT | MEMBER_FIXED},
    {MP_QSTR_value, offsetof(task_t, value), MEMBER_OBJECT | MEMBER_FIXED},
    {MP_QSTR_name, offsetof(task_t, name), MEMBER_OBJECT | MEMBER_FIXED},
    {0},
};

static mp_obj_t task_cancel(mp_obj_t self_in) {
    task_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->done) {
        return mp_const_false;
    }
    // (without heap it is the interpreter's own for that case)
    loop_interrupt(self->loop, self, mp_obj_new_exception(&uplink_cancelled_type));
    return mp_const_true;
}
static MP_DEFINE_CONST_FUN_OBJ_1(cancel_obj, task_cancel);

static mp_obj_t task_iternext(mp_obj_t self_in) {
    task_t *self = MP_OBJ_TO_PTR(self_in);
    task_t *task = running(self->loop);
    task->on = MP_OBJ_NULL;
    if (self->done) {
        if (self->error != MP_OBJ_NULL) {
            nlr_raise(self->error);
        }
        return mp_make_stop_iteration(self->value);
    }
    if (task == self) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("a task awaits itself"));
    }
    task->on = self_in;
    task->answer = ANSWER_NONE;
    return PARKED;
}

static const mp_rom_map_elem_t task_table[] = {
    {MP_ROM_QSTR(MP_QSTR_cancel), MP_ROM_PTR(&cancel_obj)},
};
static MP_DEFINE_CONST_DICT(task_methods, task_table);

const mp_obj_type_t uplink_task_type = {
    .base = {&mp_type_type},
    .flags = MP_TYPE_FLAG_ITER_IS_ITERNEXT | MP_TYPE_FLAG_METHODS_STAY,
    .name = MP_QSTR_Task,
    .slot_index_attr = 1,
    .slot_index_iter = 3,
    .slot_index_locals_dict = 4,
    .slots = {native_attr, task_members, task_iternext, &task_methods},
};

MP_DEFINE_CONST_OBJ_TYPE(
    uplink_cancelled_type,
    MP_QSTR_Cancelled,
    MP_TYPE_FLAG_NONE,
    make_new, mp_obj_exception_make_new,
    print, mp_obj_exception_print,
    attr, mp_obj_exception_attr,
    parent, &mp_type_BaseException
    );

// The wait of `task` for `on` ends before it has what it waits for: its time is up (ANSWER_NO), or
// it is interrupted (ANSWER_NONE).
void wait_leave(mp_obj_t on, task_t *task, uint8_t answer) {
    const mp_obj_type_t *type = ((mp_obj_base_t *)MP_OBJ_TO_PTR(on))->type;
    if (type == &uplink_task_type) {
        task_t *other = MP_OBJ_TO_PTR(on);
        if (!other->done) {
            loop_wake(task->loop, task);
        }
    } else if (type == &uplink_queue_type && task->answer == ANSWER_YES) {
        // what it was promised goes to the next
        ((event_t *)MP_OBJ_TO_PTR(on))->owed--;
        promise(MP_OBJ_TO_PTR(on));
    } else {
        event_leave(MP_OBJ_TO_PTR(on), task, answer);
    }
}

// ---- Limit ------------------------------------------------------------------------------------------

static const native_member_t limit_members[] = {
    {MP_QSTR_expired, offsetof(limit_t, expired), MEMBER_BOOL | MEMBER_FIXED},
    {0},
};

static mp_obj_t limit_enter(mp_obj_t self_in) {
    limit_t *self = MP_OBJ_TO_PTR(self_in);
    self->task = self->loop->current;
    if (self->task == NULL || !self->ms) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("limit outside a task of the loop, or used again"));
    }
    limit_t **last = &self->loop->next;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = self;
    return self_in;
}
static MP_DEFINE_CONST_FUN_OBJ_1(enter_obj, limit_enter);

static mp_obj_t limit_exit(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    limit_t *self = MP_OBJ_TO_PTR(args[0]);
    loop_t *loop = self->loop;
    if (self->task->error != MP_OBJ_NULL && self->task->error == self->error) {
        self->task->error = MP_OBJ_NULL; // left before it could be raised
    }
    self->error = MP_OBJ_NULL;
    self->task = NULL;
    self->ms = 0;
    if (loop->has_due && self->due == loop->due) {
        loop->stale = true;
    }
    limit_t **place = &loop->next;
    while (*place != self) {
        place = &(*place)->next;
    }
    *place = self->next;
    self->next = loop->spare;
    loop->spare = self;
    return mp_const_false;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(exit_obj, 4, 4, limit_exit);

static const mp_rom_map_elem_t limit_table[] = {
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&enter_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&exit_obj)},
};
static MP_DEFINE_CONST_DICT(limit_methods, limit_table);

const mp_obj_type_t uplink_limit_type = {
    .base = {&mp_type_type},
    .flags = MP_TYPE_FLAG_METHODS_STAY,
    .name = MP_QSTR_Limit,
    .slot_index_attr = 1,
    .slot_index_locals_dict = 3,
    .slots = {native_attr, limit_members, &limit_methods},
};
