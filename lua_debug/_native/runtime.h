/* What is known of one attached LuaRuntime. Everything lives in here, nothing in globals: a process
 * may run several runtimes, of several Lua versions, each on a thread of its own.
 *
 * Only the runtime's own thread touches the contents, but for `interrupted` and `is_waking`, which any
 * thread may set, and what the table of runtimes guards by its lock (`in_use`, `serial`, `owner`).
 */
#ifndef LLMSPELL_RUNTIME_H
#define LLMSPELL_RUNTIME_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_RUNTIMES 64 /* a power of two: the low bits of a runtime's key */

/* The breakpoint lines of one source, one bit each. */
typedef struct Source {
    struct Source *next;
    size_t name_length;
    int last_line;
    int is_marked; /* LuaJIT: its functions with breakpoints tell when they are entered */
    unsigned char *lines;
    char name[];
} Source;

/* What is known of a function body (Lua's Proto), by its address. */
typedef struct Entry {
    const void *proto;
    unsigned generation;    /* of Runtime.generation; older ones are void */
    unsigned char has_lines;  /* a breakpoint line lies in this very body */
    unsigned char is_hidden;  /* of the probe */
    unsigned char is_interpreted; /* LuaJIT: was taken from the compiler */
    int skipped_in; /* the serial of a step that does not end in it */
    int first_line, last_line; /* of the breakpoint lines, if it has some */
    const Source *source;
    const Source *written; /* lines on which assignments to what is watched may begin, in its source */
} Entry;

/* A place on a stack. `id` is the CallInfo's address, 5.1: its number, LuaJIT: its stack offset.
 * `order` grows with the depth. */
typedef struct Frame {
    void *thread;
    intptr_t id;
    intptr_t order;
    const char *const *bottom; /* the thread's first CallInfo (5.2 and later) */
} Frame;

enum StepKind { STEP_NONE, STEP_IN, STEP_OVER, STEP_OUT, STEP_LAND /* at the next instruction */ };

typedef struct Step {
    enum StepKind kind;
    Frame target;
    const void *begun_at; /* the instruction and frame at which an event without a line was reported */
    intptr_t begun_in;
    int only;        /* in no other thread than the target's */
    int serial;      /* which step it is */
    int return_line; /* of the caller that is being returned to */
    int keeps_lines; /* LuaJIT: an error may unwind to a frame of the script, and tells nobody */
    int lands_above; /* LuaJIT: it lands also in what C calls before it returns to the target */
} Step;

enum WatchKind { WATCH_FIELD, WATCH_LOCAL, WATCH_UPVALUE };

/* A watched place. Its values lie in the table Runtime.watch_values from 3 * number + 1 on:
 * table or function, key, last value. */
typedef struct Watch {
    enum WatchKind kind;
    int slot; /* number of the local or upvalue */
    int is_gone;
    Frame frame;
    char name[64]; /* of the local; another variable may take its slot */
} Watch;

/* A hook that the script itself set by debug.sethook. */
typedef struct UserHook {
    struct UserHook *next;
    void *thread; /* NULL: any (LuaJIT) */
    int mask, count;
    int epoch;     /* of Runtime.epoch, when the thread was armed last */
    int wanted;    /* the events that we asked for then */
    int left;      /* of the count, while it is halted or Lua counts for us */
    int is_halted; /* the debugger's code runs, which is not counted */
    int is_brief;  /* LuaJIT: it is a probe's, of whose end a call tells */
    int is_inherited; /* coroutines that the thread makes have it, too */
    int is_due;    /* the count ended in the debugger's code, and is told when the script goes on */
} UserHook;

/* A coroutine being resumed; lives on the C stack of the one who resumes. */
typedef struct Resumption {
    void *thread, *from;
    const struct Resumption *outer;
} Resumption;

/* LuaJIT: a frame is in the middle of a line, from which it called. */
typedef struct Call {
    const void *thread;
    intptr_t id;
    int line;
} Call;

enum { CALL_NOTES = 61 };

typedef struct Layout {
    int proto_offset;    /* of the Proto pointer in a closure */
    int proto_is_narrow; /* LuaJIT 2.0: a 32-bit pointer */
    int mask_offset;     /* of hookmask in lua_State (5.2 and later), 0: unknown */
    int pc_offset;       /* LuaJIT: of the saved pc in a C frame, 0: unknown */
    int c_frame_offset;  /* LuaJIT: of the C frame in lua_State */
    int base_offset;     /* LuaJIT: of the function's first stack slot in lua_State, 0: unknown */
    int first_return;    /* LuaJIT: number of the bytecode RETM, which RET, RET0 and RET1 follow */
    int count_offset;    /* of hookcount in lua_State, LuaJIT: in what all threads share; 0: unknown */
    int has_bodies;      /* LuaJIT: function bodies are as bodies.inc has them */
} Layout;

typedef struct Runtime {
    volatile sig_atomic_t in_use;
    volatile sig_atomic_t interrupted;
    volatile sig_atomic_t is_waking; /* LuaJIT: compiled code is to be left, and safepoints to hear */
    unsigned serial;
    int64_t owner;            /* the system's id of the thread that runs it */
    void *volatile running;   /* the lua_State that runs now; LuaJIT: the main one */
    void (*demand)(struct Runtime *); /* for the signal handler: hook the very next instruction */

    const void *api;
    const void *hook;         /* this runtime's hook function */
    int is_jit;
    char *shared;             /* LuaJIT: what all threads share (lj_obj.h, global_State) */
    Layout layout;
    const Resumption *resumptions;
    const void *create, *resume, *wrap; /* the original coroutine functions */
    int is_compiler_off;      /* LuaJIT: by us */
    int probes_call_last;     /* LuaJIT: a probe ends with the call of a C function */

    const void *aside; /* the thread in which the probe works between two instructions */
    int has_doomed; /* threads are in the table of doomed_ref: every instruction raises an error */
    int busy;       /* the hook must look at more than breakpoints */
    int is_quiet;   /* no events: the probe works */
    int is_dying;   /* every instruction raises P.death */
    int everywhere; /* the mask that every thread needs */
    int at_rest;    /* LuaJIT: the mask while no function with breakpoints is on a stack */
    int epoch;      /* changes with what threads need; a thread's hook count tells which it has */
    int patience;   /* calls and returns until the stack is searched for breakpoints */

    Source *sources;
    Entry *entries;
    unsigned capacity, used, generation;
    const void *last_proto;
    Entry *last_entry;

    const void *heard_in; /* LuaJIT: the thread of the last event, and its frame */
    intptr_t heard_frame;
    Call calls[CALL_NOTES];
    Step step;
    Watch *watches;
    int watch_count;
    int tells_lines; /* every line is an event "watch" */
    Source *written;  /* lines on which assignments to what is watched may begin */
    Frame *awaited;   /* frames in which such ones are pending; of one thread the innermost comes last */
    size_t awaited_count, awaited_capacity;
    int is_owed;      /* one is over, which the next line tells */
    UserHook *user_hooks;

    /* references into the registry; 0: none */
    int probe_ref, on_event_ref, hooks_ref, returned_ref, thread_ref;
    int watch_ref, user_ref, doomed_ref, created_ref, interpreted_ref, bodies_ref;
    int kept_bodies; /* LuaJIT: how many the table of bodies_ref has */
    struct Guards *guards; /* LuaJIT: of compiled code; NULL: it cannot be left, so safepoints stay awake */
    int safepoints_ref, noted_bodies; /* LuaJIT: bodies that have some, and the last number in that table */
    int is_asleep; /* LuaJIT: the safepoints are */
    int is_recording, put_off; /* LuaJIT: a trace is being made; events since something waits for its end */
    int owes_flush; /* LuaJIT: compiled code is to be thrown away then */
} Runtime;

extern Runtime runtimes[MAX_RUNTIMES];

/* A free place, claimed for the calling thread, or NULL if all are taken. */
Runtime *claim_runtime(void);
/* Gives a place back; called when the Lua state closes. */
void release_runtime(Runtime *rt);
/* The calling thread is the one that runs the runtime from now on. */
void own_runtime(Runtime *rt);
int64_t runtime_key(const Runtime *rt);
int interrupt_runtime(int64_t key);
/* LuaJIT: has the safepoints hear, if that can be done from outside. */
int wake_runtime(int64_t key);
int attached_runtimes(void);
/* Whether the wake-up signal could be installed; any thread may ask, any number of times. */
int install_signal(void);
/* Copies bytes from an address that may be anything; false if there is no memory. */
int peek(const void *address, void *out, size_t size);

#endif
