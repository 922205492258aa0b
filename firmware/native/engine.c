// uplink.at.Engine: one AT command in flight (lib/uplink/at/engine.py and resync.py tell what it does;
// the functions here are theirs, by the same names).
// SPDX-License-Identifier: MIT
#include "native.h"
#include "py/mphal.h"

enum { IDLE, PAUSE, WAIT, PAYLOAD, QUIET, PROBE, ALMOST };

// `left`: bytes of counted payload that are still to come, or
enum { LINES = 0, SEAM = -1, DEAF = -2 };

// Of uplink.at.codes.
enum { RESULT_OK, RESULT_CME = 2, RESULT_CMS, RESULT_TIMEOUT = 5, RESULT_DAMAGED, RESULT_BAD_ARGUMENT = 8, RESULT_NO_ANSWER, RESULT_REFUSED, RESULT_STOPPED };
enum { MAY_FAIL = 1, NEED = 2, IS_PAYLOAD = 8, LATER = 16, FAST = 32 };
enum { V_FAIL = -1, V_NOT_MINE = -2, V_END = -3 };

#define SILENCE_MS (500) // longest gap between the bytes of counted payload
#define QUIET_MS (100)
#define QUIET_LIMIT_MS (3000)
#define PROBE_LIMIT_MS (1000)
#define PROBES (12)
#define CAPACITY (192) // longest command line
#define FULL_MS (4) // until the UART is tried again that is full
#define SOME (96) // bytes in the UART that are not waited for
#define TRANSFER MP_OBJ_NEW_SMALL_INT(44) // the variable `<connection>,<bytes>`
#define FOREVER (1 << 28) // of uplink.port.ticks

typedef struct {
    mp_obj_base_t base;
    mp_int_t state;
    bool idle; // (small ones in front: Thumb reaches them with one instruction)
    bool in_step;
    bool stray;
    bool answered;
    bool paused;
    bool quick;
    bool seen;
    bool ended;
    byte probes;
    ring_t *ring; // (and here what is asked for most: an offset below 128)
    mp_obj_t vendor;
    mp_obj_t user;
    mp_int_t now; // of the call that has come in
    mp_int_t left;
    mp_obj_t step;
    mp_obj_t prefix; // of the response that is awaited, or None
    mp_obj_t script;
    mp_int_t index;
    mp_obj_t tx;
    mp_obj_t out;
    mp_int_t out_pos;
    mp_int_t out_end;
    mp_obj_t load; // what a transfer sends; NULL: the user is asked
    mp_obj_t load_id; // of a transfer: which connection, how many bytes, from where
    mp_obj_t load_size;
    mp_int_t load_at;
    mp_int_t verdict;
    mp_int_t result_at;
    mp_int_t heard_at;
    mp_int_t sync_at;
    mp_int_t deadline;
    mp_int_t cme;
    mp_int_t unknown;
    mp_int_t late;
    mp_int_t timeouts;
    mp_int_t damaged;
    mp_int_t resyncs;
    mp_int_t failed_result;
    mp_int_t failed_cme;
    mp_obj_t failed_command;
    mp_obj_t codes; // modules of uplink.at
    mp_obj_t cme_module;
} engine_t;

#define OBJECT(name) {MP_QSTR_##name, offsetof(engine_t, name), MEMBER_OBJECT}
#define INT(name) {MP_QSTR_##name, offsetof(engine_t, name), MEMBER_INT}
#define BOOL(name) {MP_QSTR_##name, offsetof(engine_t, name), MEMBER_BOOL}

// What is asked for most comes first.
static const native_member_t members[] = {
    INT(out_pos), INT(out_end), INT(left), INT(state), BOOL(idle), OBJECT(out), BOOL(in_step), OBJECT(ring),
    INT(cme), OBJECT(failed_command), INT(failed_result), INT(failed_cme), INT(unknown), INT(late), INT(timeouts),
    INT(damaged), INT(resyncs), OBJECT(vendor), INT(sync_at),
    {0},
};

// ---- what it calls ----------------------------------------------------------------------------------

#define CALL1(object, name, a) native_call(object, name, 1, a)
#define CALL2(object, name, a, b) native_call(object, name, 2, a, b)

// The user, of an event without or with a value.
static void tell(engine_t *self, qstr event) {
    CALL1(self->user, event, MP_OBJ_NEW_SMALL_INT(self->now));
}

static void tell_with(engine_t *self, qstr event, mp_obj_t value) {
    CALL2(self->user, event, value, MP_OBJ_NEW_SMALL_INT(self->now));
}

static MP_NOINLINE void finished(engine_t *self, int result) {
    tell_with(self, MP_QSTR_finished, MP_OBJ_NEW_SMALL_INT(result));
}

// What the vendor's function `name` (a string) says of the ring's cursor.
static mp_obj_t handler(engine_t *self, mp_obj_t name) {
    return CALL2(self->vendor, mp_obj_str_get_qstr(name), self->user, MP_OBJ_FROM_PTR(self->ring->cursor));
}

static mp_int_t vendor_int(engine_t *self, qstr name) {
    return mp_obj_get_int(mp_load_attr(self->vendor, name));
}

static mp_obj_t *items(mp_obj_t sequence) {
    size_t n;
    return native_items(sequence, &n);
}

static mp_int_t flags_of(engine_t *self) {
    return MP_OBJ_SMALL_INT_VALUE(items(self->step)[5]);
}

// The bytes of the response that the step awaits; none: of no possible length.
static MP_NOINLINE const byte *response(engine_t *self, size_t *n) {
    mp_obj_t prefix = items(self->step)[2];
    *n = -1;
    return prefix == mp_const_none ? NULL : native_bytes(prefix, n);
}

// The row of the vendor's table that the line in the ring begins with, or NULL.
static mp_obj_t *row_of(engine_t *self, qstr name) {
    mp_obj_t table = mp_load_attr(self->vendor, name);
    int k = ring_find(self->ring, table);
    return k < 0 ? NULL : items(items(table)[k]);
}

static MP_NOINLINE void wait_for(engine_t *self, mp_int_t ms) {
    self->deadline = native_ticks_add(self->now, ms);
}

// Wait as long as the step allows.
static MP_NOINLINE void wait_for_step(engine_t *self) {
    wait_for(self, mp_obj_get_int(items(self->step)[4]));
}

// ---- resync.py ----------------------------------------------------------------------------------------

static void rest(engine_t *self) {
    self->state = IDLE;
    self->idle = true;
    self->in_step = true;
    self->prefix = mp_const_none;
    self->step = mp_const_none;
    self->quick = false;
    self->seen = false;
    self->ended = false;
    self->verdict = 0;
    self->left = LINES;
    self->out_pos = 0;
    self->out_end = 0;
}

static void quiet(engine_t *self) {
    self->state = QUIET;
    self->idle = false;
    self->in_step = false;
    self->sync_at = self->now;
    wait_for(self, QUIET_LIMIT_MS);
}

static void lost_step(engine_t *self) {
    bool deaf = self->left == DEAF || self->left > 0;
    // (the command is out; its prompt may have been lost)
    bool waits = self->step != mp_const_none && (flags_of(self) & IS_PAYLOAD)
        && self->state > PAUSE && self->state < QUIET;
    rest(self);
    if (deaf) {
        self->left = DEAF;
    }
    self->stray = false;
    self->probes = PROBES;
    self->heard_at = self->now;
    quiet(self);
    if (waits) {
        // the module may still wait for payload (the prompt can be lost): whatever is sent now
        // would become it
        self->sync_at = native_ticks_add(self->now, vendor_int(self, MP_QSTR_INPUT_MS));
    }
}

static void fail(engine_t *self, int result) {
    mp_obj_t name = items(self->step)[1];
    if (!mp_obj_is_exact_type(name, &mp_type_bytes)) {
        name = items(name)[0];
    }
    self->failed_command = name;
    self->failed_result = result;
    self->failed_cme = self->cme;
    native_call(self->codes, MP_QSTR_tell, 3, MP_OBJ_NEW_SMALL_INT(result), name, mp_obj_new_int(self->cme));
    if (result == RESULT_TIMEOUT || result == RESULT_DAMAGED) {
        lost_step(self);
    } else {
        rest(self);
    }
    finished(self, result);
}

// Out of step, in that state; a script whose command was due has ended.
static void lost(engine_t *self, mp_int_t state) {
    lost_step(self);
    if (state == PAUSE) {
        finished(self, RESULT_DAMAGED);
    }
}

static void late(engine_t *self, int result) {
    if (self->state == PROBE && self->answered && result == RESULT_OK) {
        self->state = ALMOST;
        wait_for(self, QUIET_MS);
        return;
    }
    self->late++;
    mp_int_t state = self->state;
    if (state == ALMOST) {
        quiet(self);
    } else if (state < QUIET) {
        // what we sent before has been read as another command, or in pieces
        tell(self, MP_QSTR_unasked);
        lost(self, state);
    }
}

static void damage(engine_t *self) {
    self->damaged++;
    self->left = LINES;
    tell_with(self, MP_QSTR_data_end, mp_const_false);
    self->left = DEAF;
    mp_int_t state = self->state;
    if (state == WAIT || state == PAYLOAD) {
        fail(self, RESULT_DAMAGED);
    } else if (state < QUIET) {
        lost(self, state);
    }
}

static MP_NOINLINE void append(engine_t *self, mp_obj_t piece) {
    size_t n;
    const byte *text = native_bytes(piece, &n);
    native_extend(self->tx, text, n);
}

static MP_NOINLINE void send_line(engine_t *self) {
    native_extend(self->tx, (const byte *)"\r", 1);
    self->out = self->tx;
    self->out_pos = 0;
    self->out_end = ((mp_obj_array_t *)MP_OBJ_TO_PTR(self->tx))->len;
}

static void probe(engine_t *self) {
    if (self->left == DEAF) {
        self->left = LINES;
    }
    ring_clear(MP_OBJ_FROM_PTR(self->ring));
    native_clear(self->tx);
    append(self, items(mp_load_attr(self->vendor, MP_QSTR_PROBE))[0]);
    send_line(self);
    self->answered = false;
    self->state = PROBE;
    wait_for(self, PROBE_LIMIT_MS);
}

// ---- engine.py ----------------------------------------------------------------------------------------

static void next(engine_t *self, mp_int_t index) {
    mp_int_t count = mp_obj_get_int(mp_obj_len(self->script));
    for (; index < count; index++) {
        mp_obj_t step = mp_obj_subscr(self->script, MP_OBJ_NEW_SMALL_INT(index), MP_OBJ_SENTINEL);
        mp_obj_t condition = items(step)[0];
        if (condition == MP_OBJ_NEW_SMALL_INT(0) || mp_obj_is_true(CALL1(self->user, MP_QSTR_when, condition))) {
            self->index = index;
            self->step = step;
            self->state = PAUSE;
            self->idle = false;
            return;
        }
    }
    self->state = IDLE;
    self->idle = true;
    self->prefix = mp_const_none;
    self->step = mp_const_none;
    finished(self, RESULT_OK);
}

static void advance(engine_t *self) {
    self->prefix = mp_const_none;
    if (self->verdict == V_FAIL) {
        fail(self, RESULT_REFUSED);
    } else {
        next(self, self->verdict == V_END ? 1024 : self->index + 1 + self->verdict);
    }
}

static void send(engine_t *self) {
    mp_obj_t command = items(self->step)[1];
    bool good = true;
    native_clear(self->tx);
    if (mp_obj_is_exact_type(command, &mp_type_bytes)) {
        append(self, command);
    } else {
        size_t n;
        for (mp_obj_t *piece = native_items(command, &n); n; n--, piece++) {
            if (*piece == TRANSFER) {
                native_put_int(self->tx, self->load_id);
                native_extend(self->tx, (const byte *)",", 1);
                native_put_int(self->tx, self->load_size);
            } else if (mp_obj_is_exact_type(*piece, &mp_type_bytes)) {
                append(self, *piece);
            } else {
                good = mp_obj_is_true(CALL2(self->user, MP_QSTR_put, *piece, self->tx)) && good;
            }
        }
    }
    if (!good || ((mp_obj_array_t *)MP_OBJ_TO_PTR(self->tx))->len >= CAPACITY) {
        fail(self, RESULT_BAD_ARGUMENT);
        return;
    }
    send_line(self);
    // (what `put` did may have changed the step: a script shows one at a time)
    mp_obj_t *step = items(self->step);
    self->seen = false;
    self->ended = false;
    self->verdict = 0;
    self->quick = !(MP_OBJ_SMALL_INT_VALUE(step[5]) & (NEED | IS_PAYLOAD | LATER));
    self->prefix = step[2];
    self->state = WAIT;
    wait_for_step(self);
}

static void result(engine_t *self, int code) {
    mp_int_t state = self->state;
    if (self->stray && state < QUIET) {
        self->stray = false;
        self->late++;
        return;
    }
    if (state != WAIT && state != PAYLOAD) {
        late(self, code);
        return;
    }
    if (self->ended) {
        self->late++;
        return;
    }
    self->quick = false;
    self->prefix = mp_const_none;
    self->result_at = self->now;
    self->paused = true;
    mp_obj_t *step = items(self->step);
    mp_int_t flags = MP_OBJ_SMALL_INT_VALUE(step[5]);
    if (code) {
        if (!(flags & MAY_FAIL)) {
            fail(self, code);
            return;
        }
    } else if (!self->seen) {
        if (step[2] != mp_const_none && flags & (IS_PAYLOAD | LATER | NEED)) {
            if (flags & LATER && !(flags & IS_PAYLOAD)) {
                self->ended = true;
                self->prefix = step[2];
                return;
            }
            fail(self, RESULT_NO_ANSWER);
            return;
        }
    }
    advance(self);
}

// The module takes payload now.
static MP_NOINLINE void ready(engine_t *self) {
    self->seen = true;
    self->out_pos = 0;
    self->out_end = 0;
    if (self->load) {
        self->out = self->load;
        self->out_pos = self->load_at;
        self->out_end = self->load_at + MP_OBJ_SMALL_INT_VALUE(self->load_size);
    }
    self->state = PAYLOAD;
    wait_for_step(self);
}

static void prompt(engine_t *self) {
    if (self->state == WAIT) {
        size_t n;
        const byte *awaited = response(self, &n);
        if (n == 1 && *awaited == '>') {
            if (!self->seen) {
                ready(self);
            }
            return;
        }
    }
    if (self->state >= QUIET) {
        // the module waits for payload that will not come: let its own limit pass first
        self->sync_at = native_ticks_add(self->now, vendor_int(self, MP_QSTR_INPUT_MS));
        self->state = QUIET;
        self->deadline = self->sync_at;
    } else {
        self->unknown++;
    }
}

// The information response of the step, cursor behind its prefix; false: a URC's line.
static bool answer(engine_t *self) {
    mp_obj_t step = self->step;
    mp_int_t flags = flags_of(self);
    if (flags & IS_PAYLOAD) {
        if (!self->seen) {
            ready(self);
        }
        return true;
    }
    mp_obj_t name = items(step)[3];
    if (mp_obj_is_true(name)) {
        mp_obj_t told = handler(self, name);
        if (mp_obj_is_true(told)) {
            mp_int_t verdict = mp_obj_get_int(told);
            if (verdict == V_NOT_MINE) {
                return false;
            }
            self->quick = false;
            self->verdict = verdict;
        }
    }
    if (self->step == step) {
        self->seen = true;
        if (flags & NEED) {
            self->quick = !self->verdict && !self->stray;
        } else if (self->ended) {
            advance(self);
        }
    }
    return true;
}

// The cursor over the whole line.
static void whole(ring_t *ring) {
    ring->cursor->pos = ring->at[AT_START];
    ring->cursor->end = ring->at[AT_END];
}

// A line that is neither the response nor OK CR LF.
static void line(engine_t *self) {
    ring_t *ring = self->ring;
    const byte *text = ring->bytes + ring->at[AT_START];
    size_t n = ring->at[AT_END] - ring->at[AT_START];
    mp_int_t state = self->state;
    if (*text == '+') { // no final result code begins so, but for the two errors
        size_t length;
        const byte *probes = native_bytes(items(mp_load_attr(self->vendor, MP_QSTR_PROBE))[1], &length);
        if (n >= length && !memcmp(text, probes, length)) {
            // only probes are answered so: one of an earlier try comes with a result of its own
            if (state == PROBE) {
                self->answered = true;
            } else {
                self->stray = true;
                self->quick = false;
            }
            return;
        }
        if (n >= 12 && text[1] == 'C' && text[2] == 'M' && !memcmp(text + 4, " ERROR: ", 8)) {
            bool cms = text[3] != 'E';
            whole(ring);
            ring->cursor->pos += 12;
            self->cme = mp_obj_get_int(CALL1(self->cme_module, MP_QSTR_number, MP_OBJ_FROM_PTR(ring->cursor)));
            result(self, cms ? RESULT_CMS : RESULT_CME);
            return;
        }
    } else if (n == 2 && text[0] == 'O' && text[1] == 'K') {
        result(self, RESULT_OK); // behind it was not CR LF
        return;
    } else {
        mp_obj_t *row = row_of(self, MP_QSTR_FINALS);
        if (row) {
            size_t length;
            native_bytes(row[0], &length);
            if (length == n) {
                result(self, mp_obj_get_int(row[1]));
                return;
            }
        }
    }
    mp_obj_t *urc = row_of(self, MP_QSTR_URCS);
    if (urc) {
        handler(self, urc[1]);
        return;
    }
    if (state == WAIT && !self->seen) {
        size_t length;
        response(self, &length);
        if (length == 0) {
            whole(ring);
            if (answer(self)) {
                return;
            }
        }
    }
    self->unknown++;
}

// Bytes that no line is made of; false when more have to come.
static bool payload(engine_t *self) {
    ring_t *ring = self->ring;
    int *at = ring->at;
    int read = at[AT_READ];
    mp_int_t n = at[AT_WRITE] - read;
    if (self->left > 0) {
        n = MIN(n, self->left);
        at[AT_READ] = read + n;
        self->left -= n;
        if (!self->left) {
            self->left = SEAM;
        }
        native_call(self->user, MP_QSTR_data, 4, ring->buf, MP_OBJ_NEW_SMALL_INT(read), MP_OBJ_NEW_SMALL_INT(n), MP_OBJ_NEW_SMALL_INT(self->now));
    } else if (self->left == DEAF) {
        ring_clear(MP_OBJ_FROM_PTR(ring));
    } else if (n < 2) {
        return false;
    } else if (ring->bytes[read] != '\r' || ring->bytes[read + 1] != '\n') {
        damage(self);
    } else {
        at[AT_READ] = read + 2;
        self->left = LINES;
        tell_with(self, MP_QSTR_data_end, mp_const_true);
    }
    return true;
}

static void heard(engine_t *self) {
    self->heard_at = self->now;
    ring_t *ring = self->ring;
    int *at = ring->at;
    while (at[AT_READ] < at[AT_WRITE]) {
        if (self->left) {
            if (!payload(self)) {
                return;
            }
            continue;
        }
        mp_obj_t counted = mp_load_attr(self->vendor, MP_QSTR_COUNTED);
        int what = ring_scan(ring, self->prefix, counted);
        if (what == FOUND_COUNTED) {
            mp_obj_t *entry = items(items(counted)[at[AT_ENTRY]]);
            mp_int_t n = mp_obj_get_int(handler(self, entry[2]));
            if (self->left == DEAF) {
                continue; // the handler found it damaged
            }
            if (n > 0) {
                if (mp_obj_equal(self->prefix, entry[0])) {
                    self->seen = true; // (else it is a URC with payload)
                }
                at[AT_READ] = at[AT_END] + 1;
                self->left = n;
                continue;
            }
            what = ring_scan(ring, self->prefix, mp_const_empty_tuple); // a line after all
        }
        switch (what) {
            case FOUND_NOTHING:
                return;
            case FOUND_PROMPT:
                prompt(self);
                break;
            case FOUND_OK:
                if (!self->quick) {
                    result(self, RESULT_OK);
                } else {
                    self->quick = false;
                    self->result_at = self->now;
                    self->paused = true;
                    next(self, self->index + 1);
                }
                break;
            case FOUND_WANTED:
                if (answer(self)) {
                    break;
                }
                MP_FALLTHROUGH
            default:
                line(self);
        }
    }
}

static mp_int_t poll(engine_t *self) {
    for (;;) {
        mp_int_t wait;
        if (self->left > 0 && native_ticks_diff(self->now, self->heard_at) > SILENCE_MS) {
            damage(self);
            continue;
        }
        switch (self->state) {
            case IDLE:
                return self->left > 0 ? SILENCE_MS : FOREVER;
            case PAUSE:
                if (self->paused) {
                    wait = vendor_int(self, flags_of(self) & FAST ? MP_QSTR_FAST_MS : MP_QSTR_PAUSE_MS);
                    wait -= native_ticks_diff(self->now, self->result_at);
                    if (wait > 0) {
                        return wait;
                    }
                    self->paused = false;
                }
                send(self);
                continue;
            case PAYLOAD:
                if (self->out_pos == self->out_end
                    && (self->load || !mp_obj_is_true(CALL1(self->user, MP_QSTR_payload, MP_OBJ_FROM_PTR(self))))) {
                    self->state = WAIT;
                    self->quick = !self->stray;
                    wait_for_step(self);
                    continue;
                }
                break;
            case QUIET: {
                mp_int_t since = native_ticks_diff(self->now, self->heard_at);
                if (since < QUIET_MS && native_ticks_diff(self->now, self->deadline) < 0) {
                    return QUIET_MS - since;
                }
                wait = native_ticks_diff(self->sync_at, self->now);
                if (wait > 0) {
                    return wait;
                }
                probe(self);
                continue;
            }
        }
        wait = native_ticks_diff(self->deadline, self->now);
        if (wait > 0) {
            return self->left > 0 && wait > SILENCE_MS ? SILENCE_MS : wait;
        }
        if (self->state == ALMOST) {
            rest(self);
            self->resyncs++;
            tell(self, MP_QSTR_back_in_step);
        } else if (self->state != PROBE) {
            self->timeouts++;
            fail(self, RESULT_TIMEOUT);
        } else if (--self->probes > 0) {
            quiet(self);
        } else {
            rest(self);
            tell(self, MP_QSTR_silent);
        }
    }
}

// ---- for Python ---------------------------------------------------------------------------------------

static mp_obj_t make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 3, 3, false);
    if (!mp_obj_is_exact_type(args[0], &uplink_ring_type)) {
        mp_raise_TypeError(MP_ERROR_TEXT("engine: an uplink.ring.Ring expected"));
    }
    engine_t *self = native_new(type, sizeof(engine_t));
    self->ring = MP_OBJ_TO_PTR(args[0]);
    self->vendor = args[1];
    self->user = args[2];
    self->tx = native_buffer(CAPACITY);
    self->out = self->tx;
    self->script = mp_const_empty_tuple;
    self->cme = self->failed_cme = -1;
    self->failed_command = mp_const_empty_bytes;
    self->codes = native_import("uplink.at.codes");
    self->cme_module = native_import("uplink.at.cme");
    rest(self);
    return MP_OBJ_FROM_PTR(self);
}

// What a call from Python begins with.
static MP_NOINLINE engine_t *called(mp_obj_t self_in, mp_obj_t now) {
    engine_t *self = MP_OBJ_TO_PTR(self_in);
    self->now = mp_obj_get_int(now);
    return self;
}

static mp_obj_t run(engine_t *self, mp_obj_t script, mp_obj_t load) {
    self->script = script;
    self->load = load;
    self->cme = -1;
    next(self, 0);
    return mp_const_none;
}

static mp_obj_t engine_run(mp_obj_t self, mp_obj_t script, mp_obj_t now) {
    return run(called(self, now), script, MP_OBJ_NULL);
}
static MP_DEFINE_CONST_FUN_OBJ_3(run_obj, engine_run);

// (script, connection, buffer or None, from where, how many bytes, now)
static mp_obj_t engine_transfer(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    engine_t *self = called(args[0], args[6]);
    self->load_id = args[2];
    self->load_at = MP_OBJ_SMALL_INT_VALUE(args[4]);
    self->load_size = args[5];
    return run(self, args[1], args[3] == mp_const_none ? MP_OBJ_NULL : args[3]);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(transfer_obj, 7, 7, engine_transfer);

static mp_obj_t engine_expect(mp_obj_t self_in, mp_obj_t n) {
    engine_t *self = MP_OBJ_TO_PTR(self_in);
    self->left = mp_obj_get_int(n);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(expect_obj, engine_expect);

static mp_obj_t engine_heard(mp_obj_t self, mp_obj_t now) {
    heard(called(self, now));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(heard_obj, engine_heard);

static mp_int_t pump(engine_t *self, mp_obj_t uart, mp_int_t wait) {
    mp_int_t left = self->out_end - self->out_pos;
    if (left <= 0) {
        return -1;
    }
    while (left > 0) {
        mp_obj_t taken = native_call(uart, MP_QSTR_write, 3, self->out, MP_OBJ_NEW_SMALL_INT(self->out_pos), MP_OBJ_NEW_SMALL_INT(left));
        mp_int_t n = mp_obj_get_int(taken);
        self->out_pos += n;
        if (n < left) {
            return FULL_MS;
        }
        if (self->state != PAYLOAD) {
            break;
        }
        wait = MIN(wait, poll(self));
        left = self->out_end - self->out_pos;
    }
    return wait;
}

static mp_obj_t engine_pump(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    return MP_OBJ_NEW_SMALL_INT(pump(called(args[0], args[2]), args[1], mp_obj_get_int(args[3])));
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(pump_obj, 4, 4, engine_pump);

static mp_obj_t engine_read(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    engine_t *self = called(args[0], args[2]);
    mp_obj_t uart = args[1];
    mp_int_t size = ((mp_obj_array_t *)MP_OBJ_TO_PTR(self->ring->stage))->len;
    for (int i = 0; i < 32; i++) {
        mp_obj_t n = native_call(uart, MP_QSTR_readinto, 1, self->ring->stage);
        if (n != MP_OBJ_NEW_SMALL_INT(0)) {
            ring_put(MP_OBJ_FROM_PTR(self->ring), n);
            heard(self);
        }
        if (mp_obj_get_int(n) < size && mp_obj_get_int(native_call(uart, MP_QSTR_any, 0)) < SOME) {
            break;
        }
    }
    mp_int_t wait = -1;
    if (self->state == PAYLOAD && self->load) {
        wait = pump(self, uart, mp_obj_get_int(args[3]));
        if (self->state == PAYLOAD) {
            wait = -1;
        }
    }
    return MP_OBJ_NEW_SMALL_INT(wait);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(read_obj, 4, 4, engine_read);

static mp_obj_t engine_poll(mp_obj_t self, mp_obj_t now) {
    return MP_OBJ_NEW_SMALL_INT(poll(called(self, now)));
}
static MP_DEFINE_CONST_FUN_OBJ_2(poll_obj, engine_poll);

static mp_obj_t engine_damage(mp_obj_t self, mp_obj_t now) {
    damage(called(self, now));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(damage_obj, engine_damage);

static mp_obj_t engine_lost_step(mp_obj_t self, mp_obj_t now) {
    lost_step(called(self, now));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(lost_step_obj, engine_lost_step);

static mp_obj_t engine_result(mp_obj_t self, mp_obj_t code, mp_obj_t now) {
    result(called(self, now), mp_obj_get_int(code));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(result_obj, engine_result);

static mp_obj_t engine_stop(mp_obj_t self_in, mp_obj_t code, mp_obj_t now) {
    engine_t *self = called(self_in, now);
    mp_int_t running = self->state;
    rest(self);
    self->result_at = self->now;
    self->paused = true;
    if (IDLE < running && running < QUIET) {
        tell_with(self, MP_QSTR_finished, code);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(stop_obj, engine_stop);

static mp_obj_t engine_drop(mp_obj_t self_in, mp_obj_t now) {
    engine_t *self = called(self_in, now);
    if (self->state == PAUSE) {
        rest(self);
        finished(self, RESULT_STOPPED);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(drop_obj, engine_drop);

static const mp_rom_map_elem_t methods_table[] = {
    {MP_ROM_QSTR(MP_QSTR_heard), MP_ROM_PTR(&heard_obj)},
    {MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&read_obj)},
    {MP_ROM_QSTR(MP_QSTR_pump), MP_ROM_PTR(&pump_obj)},
    {MP_ROM_QSTR(MP_QSTR_poll), MP_ROM_PTR(&poll_obj)},
    {MP_ROM_QSTR(MP_QSTR_run), MP_ROM_PTR(&run_obj)},
    {MP_ROM_QSTR(MP_QSTR_transfer), MP_ROM_PTR(&transfer_obj)},
    {MP_ROM_QSTR(MP_QSTR_expect), MP_ROM_PTR(&expect_obj)},
    {MP_ROM_QSTR(MP_QSTR_damage), MP_ROM_PTR(&damage_obj)},
    {MP_ROM_QSTR(MP_QSTR_lost_step), MP_ROM_PTR(&lost_step_obj)},
    {MP_ROM_QSTR(MP_QSTR_result), MP_ROM_PTR(&result_obj)},
    {MP_ROM_QSTR(MP_QSTR_stop), MP_ROM_PTR(&stop_obj)},
    {MP_ROM_QSTR(MP_QSTR_drop), MP_ROM_PTR(&drop_obj)},
};
static MP_DEFINE_CONST_DICT(methods, methods_table);

NATIVE_TYPE(uplink_engine_type, MP_QSTR_Engine, make_new, members, methods);
