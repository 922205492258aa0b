// The scheduler's objects, for the files that make it up. See README.md.
// SPDX-License-Identifier: MIT
#ifndef UPLINK_LOOP_H
#define UPLINK_LOOP_H

#include "native.h"

typedef struct _loop_t loop_t;
typedef struct _task_t task_t;

// What a task that waited is told when it goes on.
enum { ANSWER_NONE, ANSWER_YES, ANSWER_NO };

// A cancelled task: when its cleanup ought to be over.
enum { UNTIL_NONE, UNTIL_SET, UNTIL_REMARKED };

// (In each of these the small ones stand in front: Thumb reaches them with one instruction.)

struct _task_t {
    mp_obj_base_t base;
    uint8_t answer;
    uint8_t until_state;
    bool first;
    bool has_due;
    bool interrupted; // in its next turn `error` is raised in it
    bool done;
    uint16_t lap; // the pass in which it last went to the head, if `first`
    loop_t *loop;
    mp_obj_t coro;
    mp_obj_t name;
    mp_obj_t on; // the Event, Queue or Task that it waits for, or MP_OBJ_NULL
    mp_obj_t error; // while it runs: what is to be raised in it; then what ended it; or MP_OBJ_NULL
    mp_obj_t value; // its result
    task_t *after; // the next who waits for the same event
    mp_int_t due; // when it is to be woken at the latest, if `has_due`
    mp_int_t until;
    mp_int_t seen; // when it was last resumed
    mp_int_t within_ms; // the watchdog is fed while it was `seen` within that; 0: always
};

typedef struct {
    mp_obj_base_t base;
    loop_t *loop;
    task_t *first; // who has waited longest
    mp_int_t ms; // of the `wait` that is about to be awaited
    bool flag;
    // A Queue has these as well.
    uint16_t size;
    uint16_t head;
    uint16_t count;
    uint16_t owed; // of the items, how many are promised to tasks that wake up
    mp_obj_t *items;
} event_t;

typedef struct _limit_t {
    mp_obj_base_t base;
    bool expired;
    loop_t *loop;
    struct _limit_t *next; // in the list of those that hold (outer before inner), or are spare
    task_t *task;
    mp_int_t ms;
    mp_int_t due;
    mp_obj_t error; // raised, or to be raised, in its task; or MP_OBJ_NULL
} limit_t;

// What `sleep_ms` returns: one for a loop, that gives each number once.
typedef struct {
    mp_obj_base_t base;
    bool asked;
    mp_int_t ms;
} turns_t;

struct _loop_t {
    mp_obj_base_t base;
    bool has_due;
    bool stale;
    bool stopped;
    uint16_t most;
    uint16_t head;
    uint16_t count;
    uint16_t lap;
    mp_obj_t now;
    mp_obj_t board;
    task_t *current; // the task that runs
    event_t *bytes; // set for no longer than it takes to wake who waits
    mp_obj_t tasks; // a list
    mp_obj_t report;
    mp_obj_t dog; // the hardware watchdog, once it is started, or MP_OBJ_NULL
    mp_obj_t errors; // modules
    mp_obj_t log;
    mp_obj_t passed; // an error, for where there is no heap for one of its own
    turns_t *turns;
    task_t *late; // who was last seen to be late
    limit_t *next; // the limits that hold
    limit_t *spare; // and those that nobody uses
    task_t **ready; // a ring of `most`
    mp_int_t due; // when the next task or limit is due, if `has_due`; can be early if `stale`
    mp_int_t feed; // when the watchdog is fed next; every `every` ms
    mp_int_t every;
    mp_int_t lost; // calls of sleep_ms that nobody has awaited
};

#define LOOP_FOREVER (1 << 28)
#define LOOP_SOON_MS (100) // a withdrawn due time that is nearer is looked into before the board idles

extern const mp_obj_type_t uplink_loop_type;
extern const mp_obj_type_t uplink_task_type;
extern const mp_obj_type_t uplink_event_type;
extern const mp_obj_type_t uplink_queue_type;
extern const mp_obj_type_t uplink_limit_type;
extern const mp_obj_type_t uplink_turns_type;
extern const mp_obj_type_t uplink_cancelled_type;
// What an awaitable yields to the loop when somebody will wake the task.
extern const mp_obj_base_t uplink_parked;

mp_int_t loop_now(loop_t *self);
mp_int_t loop_arm(loop_t *self, mp_int_t ms); // ValueError beyond LOOP_FOREVER
void loop_wake(loop_t *self, task_t *task);
void loop_interrupt(loop_t *self, task_t *task, mp_obj_t error);
void event_set(event_t *self);
void event_leave(event_t *self, task_t *task, uint8_t answer);
mp_obj_t event_new(const mp_obj_type_t *type, loop_t *loop, size_t size);
void wait_leave(mp_obj_t on, task_t *task, uint8_t answer);

#endif
