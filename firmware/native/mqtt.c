// uplink.mqtt: what packets are made of (lib/uplink/mqtt/plain.py) and the server's bytes (decoder.py): they tell
// what is done; the functions here are theirs, by the same names.
// SPDX-License-Identifier: MIT
#include "native.h"
#include "py/objlist.h"

#define TOPIC (256) // of mqtt/__init__.py
#define LONGEST (0xffff)
#define HEADERS (9) // of a PUBLISH, at most

enum { CONNACK = 0x20, PUBACK = 0x40, PUBREC = 0x50, SUBACK = 0x90, PINGRESP = 0xd0 };
enum { GREETING = 3, UP }; // of MQTT.state
enum { RECEIVED = 2, DUPLICATES = 7, UNROUTED, OVERSIZE, FAILED }; // counters, as in packets.py
enum { UNWANTED = 4 }; // of a filter's state
enum { HANDLE, BEGIN, WRITE, END };

// ---- UTF-8, topics and filters ------------------------------------------------------------------------

enum { TEXT, TOPIC_NAME, FILTER };

static inline bool is_wildcard(unsigned c) {
    return (c & ~('+' ^ '#')) == '#';
}

// Whether the `n` bytes are UTF-8 as MQTT wants it (1.5.3), not too long, and of that kind: without wildcards, or with each
// of them alone in its level and # in the last (4.7.1).
static bool is_text(const byte *b, size_t n, int kind) {
    unsigned before = '/';
    unsigned more = 0; // continuation bytes to come
    unsigned point = 0, least = 0;
    if (n > LONGEST || (kind != TEXT && !n)) {
        return false;
    }
    for (; n; n--) {
        unsigned c = *b++;
        if (more) {
            point = point << 6 | (c & 63);
            if (c >> 6 != 2 || (!--more && (point < least || point >> 11 == 27 || point > 0x10ffff))) {
                return false;
            }
        } else if (c >= 0x80) {
            if (c < 0xc2 || c > 0xf4) {
                return false;
            }
            while (c & 0x40 >> more) {
                more++;
            }
            point = c & (63 >> more);
            least = 2 << 5 * more;
        } else if (!c) {
            return false;
        } else if (kind != TEXT && is_wildcard(c)) {
            if (kind == TOPIC_NAME || before != '/' || (n > 1 && (c == '#' || *b != '/'))) {
                return false;
            }
        }
        before = c;
    }
    return !more;
}

static mp_obj_t text_is(mp_obj_t text, mp_obj_t topic) {
    size_t n;
    const byte *b = native_bytes(text, &n);
    return mp_obj_new_bool(is_text(b, n, mp_obj_is_true(topic)));
}
MP_DEFINE_CONST_FUN_OBJ_2(uplink_is_text_obj, text_is);

// Places in a subscription, a list as in plain.py.
enum { STATE, FILTER_TEXT, QOS, HANDLER, SINK };

static mp_obj_t subscription(size_t n_args, const mp_obj_t *args) {
    size_t n;
    const byte *text = native_bytes(args[0], &n);
    if ((mp_uint_t)mp_obj_get_int(args[QOS - 1]) > 2 || !is_text(text, n, FILTER)) {
        mp_raise_ValueError(MP_ERROR_TEXT("mqtt: wrong topic filter, or QoS"));
    }
    mp_obj_t items[] = {MP_OBJ_NEW_SMALL_INT(0), mp_obj_new_bytes(text, n), args[1], args[2], args[3]};
    return mp_obj_new_list(MP_ARRAY_SIZE(items), items);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(uplink_subscription_obj, 4, 4, subscription);

static mp_obj_t matches(mp_obj_t sub, mp_obj_t topic) {
    size_t n;
    const byte *f = native_bytes(native_items(sub, &n)[FILTER_TEXT], &n); // (behind which is a zero)
    const byte *t = native_bytes(topic, &n);
    const byte *end = t + n;
    if (!n || (*t == '$' && is_wildcard(*f))) { // 4.7.2-1
        return mp_const_false;
    }
    for (; *f && *f != '#'; f++) {
        if (*f == '+') { // the whole level, which can be empty
            while (t < end && *t != '/') {
                t++;
            }
        } else if (t < end && *t == *f) {
            t++;
        } else {
            break;
        }
    }
    return mp_obj_new_bool(*f == '#' || (t == end && (!*f || f[1] == '#'))); // "a/#" also matches "a" (4.7.1.2)
}
MP_DEFINE_CONST_FUN_OBJ_2(uplink_matches_obj, matches);

// ---- composing ------------------------------------------------------------------------------------------

static mp_obj_t cut_front(mp_obj_t b, mp_obj_t n_in) {
    size_t size, n = mp_obj_get_int(n_in);
    byte *at = (byte *)native_bytes(b, &size);
    if (n <= size) {
        memmove(at, at + n, size - n);
        native_resize(b, size - n);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(uplink_cut_front_obj, cut_front);

static mp_obj_t put_number(mp_obj_t b, mp_obj_t n_in) {
    mp_int_t n = mp_obj_get_int(n_in);
    byte two[] = {n >> 8, n};
    native_extend(b, two, 2);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_2(uplink_put_number_obj, put_number);

static mp_obj_t put_header(mp_obj_t b, mp_obj_t first, mp_obj_t n_in) {
    size_t n = mp_obj_get_int(n_in);
    byte head[1 + (8 * sizeof(n) + 6) / 7], *at = head;
    *at++ = mp_obj_get_int(first);
    for (; n > 127; n >>= 7) {
        *at++ = n | 128;
    }
    *at++ = n;
    native_extend(b, head, at - head);
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_3(uplink_put_header_obj, put_header);

// (b, room, first byte, topic, packet identifier or 0, payload, bytes that follow)
static mp_obj_t compose(size_t n_args, const mp_obj_t *args) {
    mp_obj_t b = args[0];
    size_t n, m, held;
    const byte *topic = native_bytes(args[3], &n);
    const byte *payload = native_bytes(args[5], &m);
    bool with_id = args[4] != MP_OBJ_NEW_SMALL_INT(0);
    held = ((mp_obj_array_t *)MP_OBJ_TO_PTR(b))->len;
    if (held + n + m + HEADERS > (size_t)MP_OBJ_SMALL_INT_VALUE(args[1])) {
        return mp_const_false;
    }
    put_header(b, args[2], MP_OBJ_NEW_SMALL_INT(2 + n + 2 * with_id + m + MP_OBJ_SMALL_INT_VALUE(args[6])));
    put_number(b, MP_OBJ_NEW_SMALL_INT(n));
    native_extend(b, topic, n);
    if (with_id) {
        put_number(b, args[4]);
    }
    native_extend(b, payload, m);
    return mp_const_true;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(uplink_compose_obj, 7, 7, compose);

// ---- Decoder --------------------------------------------------------------------------------------------

// What has come when `step` is called.
enum { FIRST, LENGTH, HEAD, SKIPPED, NAME, PIECE };

typedef struct {
    mp_obj_base_t base;
    byte step; // (small ones in front: Thumb reaches them with one instruction)
    byte first;
    byte shift;
    byte id_size; // of a PUBLISH: bytes of its packet identifier
    uint16_t number; // length of the topic
    uint16_t id;
    mp_obj_t client; // from here on as the arguments are
    mp_obj_list_t *counts;
    mp_obj_list_t *ids;
    mp_obj_list_t *subs;
    mp_obj_array_t *topic;
    mp_obj_array_t *body;
    mp_obj_array_t *into; // where the bytes awaited go; NULL: nowhere
    mp_obj_t *sink; // the subscription that takes the pieces
    size_t packet;
    size_t need; // bytes that must come next
    size_t size;
    size_t left;
} decoder_t;

// Whether a server can send that first byte: not QoS 3, no other flags. (memchr in a list would come to lie in RAM.)
static bool is_first(unsigned c) {
    unsigned type = c >> 4, flags = c & 15;
    return type == 3 ? (flags & 6) != 6 : c == 0x62 || (!flags && 0x2ab4 >> type & 1);
}

// What is wrong, as in decoder.py; None: nothing.
#define TYPE MP_OBJ_NEW_SMALL_INT(1)
#define SIZE MP_OBJ_NEW_SMALL_INT(2)
#define ZERO MP_OBJ_NEW_SMALL_INT(3)
#define TWICE MP_OBJ_NEW_SMALL_INT(4)
#define NO_TOPIC MP_OBJ_NEW_SMALL_INT(5)

static MP_NOINLINE void next(decoder_t *self, int step, mp_obj_array_t *into, size_t need) {
    self->step = step;
    self->into = into;
    self->need = need;
    native_clear(MP_OBJ_FROM_PTR(self->body));
}

static mp_int_t state(decoder_t *self) {
    return MP_OBJ_SMALL_INT_VALUE(mp_load_attr(self->client, MP_QSTR_state));
}

static void count(decoder_t *self, size_t k) {
    mp_obj_t *n = &self->counts->items[k];
    *n = mp_obj_new_int(mp_obj_get_int(*n) + 1);
}

// Where among the identifiers this one is, or the first that is free; NULL: neither.
static mp_obj_t *place(decoder_t *self) {
    mp_obj_t *found = NULL;
    for (mp_obj_t *at = self->ids->items + self->ids->len; at-- > self->ids->items;) {
        if (*at == MP_OBJ_NEW_SMALL_INT(self->id)) {
            return at;
        }
        if (*at == MP_OBJ_NEW_SMALL_INT(0)) {
            found = at;
        }
    }
    return found;
}

// The application; false where it raised.
static bool call(decoder_t *self, mp_obj_t *sub, int step, mp_obj_t a) {
    static const qstr_short_t names[] = {0, MP_QSTR_begin, MP_QSTR_write, MP_QSTR_end};
    nlr_buf_t nlr;
    if (nlr_push(&nlr) == 0) {
        mp_obj_t args[] = {sub[HANDLER], MP_OBJ_NULL, MP_OBJ_FROM_PTR(self->topic), a};
        if (step != HANDLE) {
            native_load_method(sub[SINK], names[step], args);
        }
        bool alone = step > BEGIN;
        if (alone) {
            args[2] = a;
        }
        mp_call_method_n_kw(2 - alone, 0, args);
        nlr_pop();
        return true;
    }
    mp_obj_t error = MP_OBJ_FROM_PTR(nlr.ret_val);
    if (!mp_obj_exception_match(error, MP_OBJ_FROM_PTR(&mp_type_Exception))) {
        nlr_jump(nlr.ret_val);
    }
    native_call(self->client, MP_QSTR__lost, 2, MP_OBJ_NEW_SMALL_INT(FAILED), error);
    return false;
}

static void end(decoder_t *self, bool good) {
    mp_obj_t *sub = self->sink;
    if (sub) {
        self->sink = NULL;
        call(self, sub, END, mp_obj_new_bool(good));
    }
}

// The next filter that is wanted, from number `*i` on, to which the topic belongs; NULL: none.
static mp_obj_t *matching(decoder_t *self, size_t *i) {
    while (*i < self->subs->len) { // (a handler may subscribe)
        mp_obj_t sub = self->subs->items[(*i)++];
        mp_obj_t *items = ((mp_obj_list_t *)MP_OBJ_TO_PTR(sub))->items;
        if (items[STATE] < MP_OBJ_NEW_SMALL_INT(UNWANTED) && matches(sub, MP_OBJ_FROM_PTR(self->topic)) == mp_const_true) {
            return items;
        }
    }
    return NULL;
}

static void deliver(decoder_t *self) {
    mp_obj_t body = MP_OBJ_FROM_PTR(self->body);
    bool nobody = true;
    count(self, RECEIVED);
    size_t i = 0;
    for (mp_obj_t *sub; (sub = matching(self, &i));) {
        nobody = false;
        if (sub[HANDLER] != mp_const_none) {
            call(self, sub, HANDLE, body);
        } else if (call(self, sub, BEGIN, MP_OBJ_NEW_SMALL_INT(self->body->len))) {
            call(self, sub, END, mp_obj_new_bool(call(self, sub, WRITE, body)));
        }
    }
    if (nobody) {
        count(self, UNROUTED);
    }
}

// Where the payload of a PUBLISH goes; `self->into` is NULL.
static void route(decoder_t *self) {
    bool again = false, full = false;
    if (self->first & 4) {
        mp_obj_t *at = place(self);
        full = !at;
        again = at && *at != MP_OBJ_NEW_SMALL_INT(0);
    }
    if (state(self) != UP
        || (self->id && native_call(self->client, MP_QSTR__room, 1, mp_obj_new_bool(full)) == mp_const_false)) {
        return;
    }
    if (again) {
        count(self, DUPLICATES);
    } else if (self->number && self->size <= self->packet) {
        self->into = self->body;
    } else {
        mp_obj_t left = MP_OBJ_NEW_SMALL_INT(self->left);
        size_t i = 0;
        for (mp_obj_t *sub; (sub = matching(self, &i));) {
            if (sub[SINK] != mp_const_none) {
                self->sink = sub;
                if (call(self, sub, BEGIN, left)) {
                    self->into = self->body;
                } else {
                    self->sink = NULL;
                }
                count(self, RECEIVED);
                return;
            }
        }
        native_call(self->client, MP_QSTR__lost, 2, MP_OBJ_NEW_SMALL_INT(OVERSIZE), left);
    }
}

// What was awaited has come.
static MP_NOINLINE void step(decoder_t *self) {
    mp_obj_array_t *p = self->body, *into = p;
    const byte *b = p->items;
    size_t n = self->number, need = 1;
    int then = FIRST;
    mp_obj_t bad = SIZE;
    bool publish = self->first >> 4 == 3;
    switch (self->step) {
        case FIRST:
            self->first = b[0];
            self->size = self->shift = 0;
            if (!is_first(b[0])) {
                bad = TYPE;
                goto wrong;
            }
            if ((b[0] == CONNACK) != (state(self) == GREETING)) {
                bad = TWICE;
                goto wrong;
            }
            then = LENGTH;
            break;
        case LENGTH: {
            size_t size = self->size |= (b[0] & 127) << self->shift;
            self->shift += 7;
            if (b[0] >= 128) {
                then = LENGTH;
                if (self->shift < 28) {
                    break;
                }
                goto wrong;
            }
            then = HEAD;
            need = size;
            if (publish) {
                need = 2;
            } else if (self->first != SUBACK) {
                if (size != (self->first == PINGRESP ? 0 : 2)) {
                    goto wrong;
                }
                break;
            } else if (size > self->packet) {
                goto wrong;
            }
            if (size <= 2) {
                goto wrong;
            }
            break;
        }
        case HEAD:
            n = p->len ? b[0] << 8 | b[1] : 1;
            if (!publish) {
                bad = ZERO;
                if (n || self->first == CONNACK) {
                    bad = native_call(self->client, MP_QSTR__take, 3, MP_OBJ_NEW_SMALL_INT(self->first), MP_OBJ_NEW_SMALL_INT(n), p);
                }
                goto wrong; // (or nothing is)
            }
            self->id_size = self->first & 6 ? 2 : 0;
            self->left = self->size - 2 - n - self->id_size;
            if (!n || (mp_int_t)self->left < 0) {
                goto wrong;
            }
            self->number = n;
            native_clear(MP_OBJ_FROM_PTR(self->topic));
            if (n <= TOPIC) {
                goto name;
            }
            then = SKIPPED;
            into = NULL;
            need = n;
            break;
        case SKIPPED:
            self->number = n = 0;
        name:
            then = NAME;
            into = self->topic;
            need = n + self->id_size;
            break;
        case NAME:
            self->id = 0;
            if (self->id_size) {
                const byte *t = self->topic->items;
                self->id = t[n] << 8 | t[n + 1];
                native_resize(MP_OBJ_FROM_PTR(self->topic), n);
                bad = ZERO;
                if (!self->id) {
                    goto wrong;
                }
            }
            bad = NO_TOPIC;
            if (n && !is_text(self->topic->items, n, TOPIC_NAME)) {
                goto wrong;
            }
            self->into = NULL;
            route(self);
            goto piece;
        default:
            if (self->sink) {
                if (p->len && !call(self, self->sink, WRITE, MP_OBJ_FROM_PTR(p))) {
                    end(self, false);
                    self->into = NULL;
                }
            } else if (self->into) {
                deliver(self);
            }
            if (self->left) {
            piece:
                then = PIECE;
                into = self->into;
                need = into ? MIN(self->left, self->packet) : self->left;
                self->left -= need; // (here: a step that Ctrl-C has ended in a handler is done once more)
                break;
            }
            end(self, true);
            if (self->id && state(self) == UP) { // the application has it
                int kind = PUBACK;
                mp_obj_t id = MP_OBJ_NEW_SMALL_INT(self->id);
                if (self->first & 4) {
                    kind = PUBREC;
                    *place(self) = id;
                }
                native_call(self->client, MP_QSTR__reply, 2, MP_OBJ_NEW_SMALL_INT(kind), id);
            }
    }
    next(self, then, into, need);
    return;
wrong:
    next(self, FIRST, p, 1);
    if (bad != mp_const_none) {
        native_call(self->client, MP_QSTR__bad, 1, bad);
    }
}

static mp_obj_t decoder_feed(size_t n_args, const mp_obj_t *args) {
    decoder_t *self = MP_OBJ_TO_PTR(args[0]);
    size_t n;
    const byte *at = native_bytes(args[1], &n) + mp_obj_get_int(args[2]);
    const byte *last = at + mp_obj_get_int(args[3]);
    while (at < last && (mp_uint_t)(state(self) - GREETING) < 2) {
        n = MIN((size_t)(last - at), self->need);
        if (self->into) {
            native_extend(MP_OBJ_FROM_PTR(self->into), at, n);
        }
        at += n;
        self->need -= n;
        while (!self->need) {
            step(self);
        }
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(feed_obj, 4, 4, decoder_feed);

static mp_obj_t decoder_begin(mp_obj_t self_in) {
    decoder_t *self = MP_OBJ_TO_PTR(self_in);
    next(self, FIRST, self->body, 1);
    return self_in;
}
static MP_DEFINE_CONST_FUN_OBJ_1(decoder_begin_obj, decoder_begin);

static mp_obj_t decoder_end(mp_obj_t self) {
    end(MP_OBJ_TO_PTR(self), false);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(decoder_end_obj, decoder_end);

// (client, counters, identifiers, filters, topic, body, longest packet)
static mp_obj_t decoder_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 7, 7, false);
    decoder_t *self = mp_obj_malloc(decoder_t, type);
    memcpy(&self->client, args, 6 * sizeof(mp_obj_t));
    self->packet = mp_obj_get_int(args[6]);
    self->sink = NULL;
    return decoder_begin(MP_OBJ_FROM_PTR(self));
}

static const mp_rom_map_elem_t decoder_methods_table[] = {
    {MP_ROM_QSTR(MP_QSTR_feed), MP_ROM_PTR(&feed_obj)},
    {MP_ROM_QSTR(MP_QSTR_begin), MP_ROM_PTR(&decoder_begin_obj)},
    {MP_ROM_QSTR(MP_QSTR_end), MP_ROM_PTR(&decoder_end_obj)},
};
static MP_DEFINE_CONST_DICT(decoder_methods, decoder_methods_table);

MP_DEFINE_CONST_OBJ_TYPE(
    uplink_decoder_type,
    MP_QSTR_Decoder,
    MP_TYPE_FLAG_METHODS_STAY,
    make_new, decoder_make_new,
    locals_dict, &decoder_methods
    );
