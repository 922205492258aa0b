// uplink.loop.Loop: the scheduler (lib/uplink/loop/core.py tells what it does and what it guarantees; the
// functions here are its, by the same names).
// SPDX-License-Identifier: MIT
#include "loop.h"

#include "py/mphal.h"
#include "py/objgenerator.h"
#include "py/objlist.h"

// ---- what it asks of others ---------------------------------------------------------------------------

mp_int_t loop_now(loop_t *self) {
    return mp_obj_get_int(mp_call_function_0(self->now));
}

static bool is_a(mp_obj_t error, const mp_obj_type_t *type) {
    return mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(error)), MP_OBJ_FROM_PTR(type));
}

// A line of the log. Without heap the line is lost, not the loop.
static void say(loop_t *self, qstr level, const char *text, task_t *task) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t args[3] = {MP_OBJ_NEW_QSTR(MP_QSTR_loop), mp_obj_new_str_from_cstr(text), task ? task->name : mp_const_none};
        mp_call_function_n_kw(mp_load_attr(self->log, level), 3, 0, args);
        nlr_pop();
    } else if (!is_a(MP_OBJ_FROM_PTR(nlr.ret_val), &mp_type_MemoryError)) {
        nlr_jump(nlr.ret_val);
    }
}

// ---- what Task, Event and Limit use -------------------------------------------------------------------

// Where in `ready` the place `at` is, that many from its beginning.
static size_t place(loop_t *self, size_t at) {
    return at < self->most ? at : at - self->most;
}

static void push(loop_t *self, task_t *task) {
    self->ready[place(self, self->head + self->count++)] = task;
}

void loop_wake(loop_t *self, task_t *task) {
    if (task->has_due) {
        if (self->has_due && task->due == self->due) {
            self->stale = true;
        }
        task->has_due = false;
    }
    if (!task->first || task->lap == self->lap) {
        push(self, task);
    } else {
        task->lap = self->lap;
        self->head = place(self, self->head + self->most - 1);
        self->ready[self->head] = task;
        self->count++;
    }
}

static mp_obj_t too_long(mp_int_t ms) {
    return mp_obj_new_exception_msg_varg(&mp_type_ValueError,
        MP_ERROR_TEXT("a wait of %d ms: %d is the longest"), (int)ms, LOOP_FOREVER);
}

mp_int_t loop_arm(loop_t *self, mp_int_t ms) {
    if (ms > LOOP_FOREVER) {
        nlr_raise(too_long(ms));
    }
    mp_int_t due = native_ticks_add(loop_now(self), ms);
    if (!self->has_due || native_ticks_diff(due, self->due) < 0) {
        self->has_due = true;
        self->due = due;
    }
    return due;
}

void loop_interrupt(loop_t *self, task_t *task, mp_obj_t error) {
    task->error = error;
    task->interrupted = true; // in its next turn it raises its error instead
    if (task != self->current) {
        mp_obj_t on = task->on;
        task->on = MP_OBJ_NULL;
        if (on == MP_OBJ_NULL) {
            if (task->has_due) {
                loop_wake(self, task);
            }
        } else {
            wait_leave(on, task, ANSWER_NONE);
        }
    }
}

// ---- inside -------------------------------------------------------------------------------------------

static void kick(loop_t *self) {
    event_set(self->bytes);
    self->bytes->flag = false;
}

static MP_NOINLINE void swallowed(loop_t *self, task_t *task) {
    task->until_state = UNTIL_REMARKED;
    say(self, MP_QSTR_warn, "task swallowed its cancellation", task);
}

// An error of uplink.errors, with a number in its text.
static mp_obj_t error_of(loop_t *self, qstr name, const char *format, int n) {
    vstr_t text;
    vstr_init(&text, 64);
    vstr_printf(&text, format, n);
    return mp_call_function_1(mp_load_attr(self->errors, name), mp_obj_new_str_from_vstr(&text));
}

static mp_obj_t limit_passed(loop_t *self, mp_int_t ms) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t error = error_of(self, MP_QSTR_TimeoutError_, "limit of %d ms passed", ms);
        nlr_pop();
        return error;
    }
    return self->passed;
}

static void scan(loop_t *self, mp_int_t now) {
    mp_int_t soonest = LOOP_FOREVER + 1;
    for (limit_t *limit = self->next; limit != NULL; limit = limit->next) {
        task_t *task = limit->task;
        mp_int_t left = native_ticks_diff(limit->due, now);
        if (left <= 0) {
            if (task->error != MP_OBJ_NULL || (task->has_due && native_ticks_diff(limit->due, task->due) >= 0)) {
                // Something is to be raised already, or its wait was over before the limit, and the next one
                // is not: look again after its turn.
                left = 0;
            } else {
                left = limit->ms;
                limit->expired = true;
                limit->due = native_ticks_add(now, left);
                limit->error = limit_passed(self, left);
                if (task->on != MP_OBJ_NULL && task->answer == ANSWER_YES) {
                    task->error = limit->error; // it has what it waited for: at its next wait
                } else {
                    loop_interrupt(self, task, limit->error);
                }
            }
        }
        soonest = MIN(soonest, left);
    }
    mp_obj_list_t *tasks = MP_OBJ_TO_PTR(self->tasks);
    for (size_t i = 0; i < tasks->len; i++) {
        task_t *task = MP_OBJ_TO_PTR(tasks->items[i]);
        if (task->has_due) {
            mp_int_t left = native_ticks_diff(task->due, now);
            if (left > 0) {
                soonest = MIN(soonest, left);
            } else if (task->on == MP_OBJ_NULL) {
                loop_wake(self, task);
            } else {
                wait_leave(task->on, task, ANSWER_NO);
            }
        }
        if (task->until_state == UNTIL_SET) {
            mp_int_t left = native_ticks_diff(task->until, now);
            if (left > 0) {
                soonest = MIN(soonest, left);
            } else {
                swallowed(self, task);
            }
        }
    }
    if (self->dog != MP_OBJ_NULL) {
        if (native_ticks_diff(now, self->feed) >= 0) {
            self->feed = native_ticks_add(now, self->every);
            task_t *late = NULL;
            for (size_t i = 0; i < tasks->len; i++) {
                task_t *task = MP_OBJ_TO_PTR(tasks->items[i]);
                if (task->within_ms > 0 && native_ticks_diff(now, task->seen) > task->within_ms) {
                    late = task;
                }
            }
            if (late == NULL) {
                native_call(self->dog, MP_QSTR_feed, 0);
            } else if (late != self->late) {
                say(self, MP_QSTR_error, "watchdog not fed, task late", late);
            }
            self->late = late;
        }
        soonest = MIN(soonest, native_ticks_diff(self->feed, now));
    }
    self->stale = soonest == 0;
    self->has_due = soonest <= LOOP_FOREVER;
    self->due = native_ticks_add(now, soonest);
}

// `task` wants to wait for `ms`, or was interrupted while it ran.
static void park(loop_t *self, task_t *task, mp_obj_t ms_in) {
    if (ms_in != MP_OBJ_FROM_PTR(&uplink_parked)) {
        mp_int_t ms = MP_OBJ_SMALL_INT_VALUE(ms_in);
        if (ms > LOOP_FOREVER) {
            task->error = too_long(ms);
            task->has_due = true;
            task->due = loop_now(self);
        } else if (ms > 0) {
            task->due = loop_arm(self, ms);
            task->has_due = true;
        } else {
            push(self, task);
        }
    }
    if (task->error != MP_OBJ_NULL) {
        self->current = NULL;
        loop_interrupt(self, task, task->error);
    }
}

static void close_coroutine(mp_obj_t coro) {
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        native_call(coro, MP_QSTR_close, 0);
        nlr_pop();
    } else if (!is_a(MP_OBJ_FROM_PTR(nlr.ret_val), &mp_type_Exception)) {
        nlr_jump(nlr.ret_val);
    }
}

static void report(loop_t *self, task_t *task, mp_obj_t error) {
    say(self, MP_QSTR_error, "task failed", task);
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_call_function_2(self->report, MP_OBJ_FROM_PTR(task), error);
        nlr_pop();
    } else if (is_a(MP_OBJ_FROM_PTR(nlr.ret_val), &mp_type_Exception)) {
        say(self, MP_QSTR_error, "report failed", task);
    } else {
        nlr_jump(nlr.ret_val);
    }
}

// The coroutine of `task` has returned `value` or raised `error`; true = something
// (KeyboardInterrupt, SystemExit) that ends the loop, too.
static bool end(loop_t *self, task_t *task, mp_obj_t value, mp_obj_t error) {
    if (error != MP_OBJ_NULL) {
        close_coroutine(task->coro); // one that refuses to be closed is left to the collector
    }
    task->coro = task->on = MP_OBJ_NULL;
    task->has_due = false;
    task->interrupted = false;
    task->value = value;
    task->error = error;
    task->done = true;
    mp_obj_list_remove(self->tasks, MP_OBJ_FROM_PTR(task));
    bool failed = false;
    bool fatal = false;
    if (error == MP_OBJ_NULL) {
        if (task->until_state == UNTIL_SET) {
            swallowed(self, task);
        }
    } else if (is_a(error, &uplink_cancelled_type)) {
        failed = task->until_state == UNTIL_NONE; // it was its own idea
    } else {
        failed = is_a(error, &mp_type_Exception) || is_a(error, &mp_type_GeneratorExit);
        fatal = !failed;
    }
    mp_obj_list_t *tasks = MP_OBJ_TO_PTR(self->tasks);
    for (size_t i = 0; i < tasks->len; i++) {
        task_t *other = MP_OBJ_TO_PTR(tasks->items[i]);
        if (other->on == MP_OBJ_FROM_PTR(task)) {
            other->answer = ANSWER_YES;
            loop_wake(self, other);
            failed = false; // it is told
        }
    }
    if (failed) {
        report(self, task, error);
    }
    return fatal;
}

// One turn of a task.
static void turn(loop_t *self, task_t *task) {
    mp_obj_t ret = MP_OBJ_NULL;
    mp_vm_return_kind_t kind;
    if (!task->interrupted) {
        kind = mp_resume(task->coro, mp_const_none, MP_OBJ_NULL, &ret);
    } else {
        mp_obj_t error = task->error;
        task->error = MP_OBJ_NULL;
        task->interrupted = false;
        if (task->until_state == UNTIL_NONE && is_a(error, &uplink_cancelled_type)) {
            // a `finally` that takes longer is remarked upon
            task->until = loop_arm(self, 1000);
            task->until_state = UNTIL_SET;
        }
        if (mp_obj_is_exact_type(task->coro, &mp_type_gen_instance)) {
            kind = mp_obj_gen_resume(task->coro, mp_const_none, error, &ret); // it may not have begun
        } else {
            kind = mp_resume(task->coro, MP_OBJ_NULL, error, &ret);
        }
    }
    bool fatal = false;
    mp_obj_t error = ret;
    if (kind == MP_VM_RETURN_YIELD) {
        if (ret == MP_OBJ_NEW_SMALL_INT(0)) {
            push(self, task);
        } else if (mp_obj_is_small_int(ret) || ret == MP_OBJ_FROM_PTR(&uplink_parked)) {
            if (ret != MP_OBJ_FROM_PTR(&uplink_parked) || task->error != MP_OBJ_NULL) {
                park(self, task, ret);
            }
        } else {
            error = mp_obj_new_exception_msg(&mp_type_TypeError, MP_ERROR_TEXT("a task awaited what is not the loop's"));
            fatal = end(self, task, mp_const_none, error);
        }
    } else if (kind == MP_VM_RETURN_NORMAL) {
        end(self, task, ret == MP_OBJ_NULL ? mp_const_none : ret, MP_OBJ_NULL);
    } else {
        fatal = end(self, task, mp_const_none, error);
    }
    if (fatal) {
        self->current = NULL;
        nlr_raise(error);
    }
}

static mp_int_t step(loop_t *self) {
    mp_int_t now = loop_now(self);
    if (self->has_due && native_ticks_diff(now, self->due) >= 0) {
        scan(self, now);
    }
    if (self->bytes->first != NULL) {
        if (mp_obj_is_true(native_call(self->board, MP_QSTR_any, 0))) {
            kick(self);
        }
    }
    if (self->count) {
        task_t *last = self->ready[place(self, self->head + self->count - 1)];
        task_t *task = NULL;
        while (task != last) {
            if (self->turns->asked || self->lost) { // else the next task would get it
                self->turns->asked = false;
                self->lost = 0;
                say(self, MP_QSTR_warn, "sleep_ms without await", task);
            }
            task = self->ready[self->head];
            self->ready[self->head] = NULL;
            self->head = place(self, self->head + 1);
            self->count--;
            self->current = task;
            task->seen = now;
            turn(self, task);
        }
        self->current = NULL;
        self->lap++;
    }
    while (!self->count) {
        if (!self->has_due) {
            return LOOP_FOREVER;
        }
        mp_int_t ms = native_ticks_diff(self->due, loop_now(self));
        // A withdrawn time that is later is left: a wake for nothing costs less than this.
        if (!self->stale || ms >= LOOP_SOON_MS) {
            return MAX(ms, 0);
        }
        scan(self, loop_now(self));
    }
    return 0;
}

// ---- for Python -----------------------------------------------------------------------------------------

static mp_obj_t turns_iternext(mp_obj_t self_in) {
    turns_t *self = MP_OBJ_TO_PTR(self_in);
    if (!self->asked) {
        return MP_OBJ_STOP_ITERATION;
    }
    self->asked = false;
    return mp_obj_new_int(self->ms);
}

MP_DEFINE_CONST_OBJ_TYPE(
    uplink_turns_type,
    MP_QSTR_sleep_ms,
    MP_TYPE_FLAG_ITER_IS_ITERNEXT,
    iter, turns_iternext
    );

// Where nothing else is set.
static mp_obj_t print_report(mp_obj_t task, mp_obj_t error) {
    (void)task;
    mp_obj_print_exception(&mp_plat_print, error);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(report_obj, print_report);

static mp_obj_t loop_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    enum { ARG_board, ARG_tasks };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_board, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
        {MP_QSTR_tasks, MP_ARG_INT, {.u_int = 16}},
    };
    mp_arg_val_t given[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all_kw_array(n_args, n_kw, args, MP_ARRAY_SIZE(allowed), allowed, given);
    mp_int_t most = given[ARG_tasks].u_int;
    if (most < 1 || most > 0x7fff) {
        mp_raise_ValueError(MP_ERROR_TEXT("loop: tasks is 1 to 32767"));
    }
    loop_t *self = native_new(type, sizeof(loop_t));
    self->board = given[ARG_board].u_obj;
    if (self->board == mp_const_none) {
        self->board = mp_call_function_0(mp_load_attr(native_import("uplink.port"), MP_QSTR_board));
    }
    self->now = mp_load_attr(self->board, MP_QSTR_ticks_ms);
    self->tasks = mp_obj_new_list(0, NULL);
    self->errors = native_import("uplink.errors");
    self->log = native_import("uplink.log");
    self->passed = error_of(self, MP_QSTR_TimeoutError_, "limit passed", 0);
    self->report = MP_OBJ_FROM_PTR(&report_obj);
    self->most = most;
    self->ready = m_new0(task_t *, most);
    self->bytes = MP_OBJ_TO_PTR(event_new(&uplink_event_type, self, 0));
    self->turns = native_new(&uplink_turns_type, sizeof(turns_t));
    return MP_OBJ_FROM_PTR(self);
}

static const native_member_t members[] = {
    {MP_QSTR_now, offsetof(loop_t, now), MEMBER_OBJECT | MEMBER_FIXED},
    {MP_QSTR_current, offsetof(loop_t, current), MEMBER_OBJECT | MEMBER_FIXED},
    {MP_QSTR_board, offsetof(loop_t, board), MEMBER_OBJECT | MEMBER_FIXED},
    {MP_QSTR_bytes, offsetof(loop_t, bytes), MEMBER_OBJECT | MEMBER_FIXED},
    {MP_QSTR_tasks, offsetof(loop_t, tasks), MEMBER_OBJECT | MEMBER_FIXED},
    {MP_QSTR_stopped, offsetof(loop_t, stopped), MEMBER_BOOL | MEMBER_FIXED},
    {MP_QSTR_report, offsetof(loop_t, report), MEMBER_OBJECT},
    {0},
};

static mp_obj_t loop_sleep_ms(mp_obj_t self_in, mp_obj_t ms) {
    loop_t *self = MP_OBJ_TO_PTR(self_in);
    self->turns->ms = mp_obj_get_int(ms);
    self->lost += self->turns->asked;
    self->turns->asked = true;
    return MP_OBJ_FROM_PTR(self->turns);
}
static MP_DEFINE_CONST_FUN_OBJ_2(sleep_ms_obj, loop_sleep_ms);

static mp_obj_t loop_data(size_t n_args, const mp_obj_t *args) {
    loop_t *self = MP_OBJ_TO_PTR(args[0]);
    self->bytes->ms = n_args > 1 ? mp_obj_get_int(args[1]) : -1;
    return MP_OBJ_FROM_PTR(self->bytes);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(data_obj, 1, 2, loop_data);

static mp_obj_t loop_kick(mp_obj_t self) {
    kick(MP_OBJ_TO_PTR(self));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(kick_obj, loop_kick);

static mp_obj_t loop_limit(mp_obj_t self_in, mp_obj_t ms_in) {
    loop_t *self = MP_OBJ_TO_PTR(self_in);
    mp_int_t ms = MAX(mp_obj_get_int(ms_in), 1);
    mp_int_t due = loop_arm(self, ms);
    limit_t *limit = self->spare;
    if (limit == NULL) {
        limit = native_new(&uplink_limit_type, sizeof(limit_t));
        limit->loop = self;
    } else {
        self->spare = limit->next;
        limit->next = NULL;
    }
    limit->ms = ms;
    limit->due = due;
    limit->expired = false;
    return MP_OBJ_FROM_PTR(limit);
}
static MP_DEFINE_CONST_FUN_OBJ_2(limit_obj, loop_limit);

static mp_obj_t loop_spawn(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    enum { ARG_coro, ARG_name, ARG_first, ARG_within_ms };
    static const mp_arg_t allowed[] = {
        {MP_QSTR_coro, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
        {MP_QSTR_name, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_QSTR(MP_QSTR_)}},
        {MP_QSTR_first, MP_ARG_BOOL, {.u_bool = false}},
        {MP_QSTR_within_ms, MP_ARG_INT, {.u_int = 0}},
    };
    mp_arg_val_t given[MP_ARRAY_SIZE(allowed)];
    mp_arg_parse_all(n_args - 1, args + 1, kw_args, MP_ARRAY_SIZE(allowed), allowed, given);
    loop_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_obj_t coro = given[ARG_coro].u_obj;
    mp_obj_t found[2];
    mp_load_method_maybe(coro, MP_QSTR_send, found);
    if (found[0] == MP_OBJ_NULL) {
        mp_raise_TypeError(MP_ERROR_TEXT("spawn takes a coroutine: call the async function"));
    }
    mp_obj_list_t *tasks = MP_OBJ_TO_PTR(self->tasks);
    if (tasks->len >= self->most) {
        nlr_raise(error_of(self, MP_QSTR_UplinkError, "loop: %d tasks run already: use Loop(tasks=...)", self->most));
    }
    mp_obj_t name = given[ARG_name].u_obj;
    if (!mp_obj_is_true(name)) {
        mp_load_method_maybe(coro, MP_QSTR___name__, found);
        name = found[0] != MP_OBJ_NULL ? found[0] : MP_OBJ_NEW_QSTR(MP_QSTR_task);
    }
    task_t *task = native_new(&uplink_task_type, sizeof(task_t));
    task->loop = self;
    task->coro = coro;
    task->name = name;
    task->value = mp_const_none;
    task->first = given[ARG_first].u_bool;
    task->seen = loop_now(self);
    task->within_ms = given[ARG_within_ms].u_int;
    mp_obj_list_append(self->tasks, MP_OBJ_FROM_PTR(task));
    loop_wake(self, task);
    return MP_OBJ_FROM_PTR(task);
}
static MP_DEFINE_CONST_FUN_OBJ_KW(spawn_obj, 1, loop_spawn);

static void idle(loop_t *self, mp_obj_t ms) {
    native_call(self->board, MP_QSTR_idle, 2, ms, mp_obj_new_bool(self->bytes->first != NULL));
}

static mp_obj_t loop_idle(mp_obj_t self, mp_obj_t ms) {
    idle(MP_OBJ_TO_PTR(self), ms);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(idle_obj, loop_idle);

static mp_obj_t loop_step(mp_obj_t self) {
    return mp_obj_new_int(step(MP_OBJ_TO_PTR(self)));
}
static MP_DEFINE_CONST_FUN_OBJ_1(step_obj, loop_step);

static mp_obj_t loop_run(size_t n_args, const mp_obj_t *args, mp_map_t *kw_args) {
    static const mp_arg_t allowed[] = {{MP_QSTR_until, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}}};
    mp_arg_val_t given[1];
    mp_arg_parse_all(n_args - 1, args + 1, kw_args, 1, allowed, given);
    loop_t *self = MP_OBJ_TO_PTR(args[0]);
    mp_obj_t until = given[0].u_obj;
    if (until != mp_const_none && !mp_obj_is_exact_type(until, &uplink_task_type)) {
        mp_obj_t more[2] = {args[0], until};
        mp_map_t none;
        mp_map_init(&none, 0);
        until = loop_spawn(2, more, &none);
    }
    self->stopped = false;
    mp_obj_list_t *tasks = MP_OBJ_TO_PTR(self->tasks);
    while (tasks->len && !self->stopped) {
        mp_int_t ms = step(self);
        if (until != mp_const_none) {
            task_t *task = MP_OBJ_TO_PTR(until);
            if (task->done) {
                if (task->error != MP_OBJ_NULL) {
                    nlr_raise(task->error);
                }
                return task->value;
            }
        }
        if (ms && tasks->len && !self->stopped) {
            idle(self, mp_obj_new_int(ms));
        } else {
            // Ctrl-C, and what interrupt handlers have scheduled
            mp_handle_pending(true);
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(run_obj, 1, loop_run);

static mp_obj_t loop_stop(mp_obj_t self) {
    ((loop_t *)MP_OBJ_TO_PTR(self))->stopped = true;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(stop_obj, loop_stop);

static mp_obj_t loop_start(mp_obj_t self) {
    ((loop_t *)MP_OBJ_TO_PTR(self))->stopped = false;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(start_obj, loop_start);

static mp_obj_t loop_watch(mp_obj_t self_in, mp_obj_t ms) {
    loop_t *self = MP_OBJ_TO_PTR(self_in);
    self->dog = native_call(self->board, MP_QSTR_watchdog, 1, ms);
    self->every = MAX(mp_obj_get_int(ms) / 4, 1);
    self->feed = loop_arm(self, 0);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(watch_obj, loop_watch);

static const mp_rom_map_elem_t loop_table[] = {
    {MP_ROM_QSTR(MP_QSTR_sleep_ms), MP_ROM_PTR(&sleep_ms_obj)},
    {MP_ROM_QSTR(MP_QSTR_data), MP_ROM_PTR(&data_obj)},
    {MP_ROM_QSTR(MP_QSTR_kick), MP_ROM_PTR(&kick_obj)},
    {MP_ROM_QSTR(MP_QSTR_limit), MP_ROM_PTR(&limit_obj)},
    {MP_ROM_QSTR(MP_QSTR_spawn), MP_ROM_PTR(&spawn_obj)},
    {MP_ROM_QSTR(MP_QSTR_run), MP_ROM_PTR(&run_obj)},
    {MP_ROM_QSTR(MP_QSTR_stop), MP_ROM_PTR(&stop_obj)},
    {MP_ROM_QSTR(MP_QSTR_start), MP_ROM_PTR(&start_obj)},
    {MP_ROM_QSTR(MP_QSTR_idle), MP_ROM_PTR(&idle_obj)},
    {MP_ROM_QSTR(MP_QSTR_step), MP_ROM_PTR(&step_obj)},
    {MP_ROM_QSTR(MP_QSTR_watch), MP_ROM_PTR(&watch_obj)},
};
static MP_DEFINE_CONST_DICT(loop_methods, loop_table);

NATIVE_TYPE(uplink_loop_type, MP_QSTR_Loop, loop_make_new, members, loop_methods);
