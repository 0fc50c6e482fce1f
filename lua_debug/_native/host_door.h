/* A door to Python: one function of Python that a Lua state may call with plain values.
 *
 * The values are copied between the two: Lua's interface is never called while Python's lock is held,
 * for it may run finalizers, and Python's objects are never left behind by an error of Lua's.
 */
#ifndef LLMSPELL_HOST_DOOR_H
#define LLMSPELL_HOST_DOOR_H

#include <stddef.h>

#define MAX_DOORS 64
#define FEW_VALUES 16 /* so many need no memory of their own */

enum ValueKind { VALUE_NIL, VALUE_BOOLEAN, VALUE_INTEGER, VALUE_NUMBER, VALUE_TEXT };

typedef struct Value {
    enum ValueKind kind;
    int boolean;
    long long integer;
    double number;
    const char *text;
    size_t length;
} Value;

typedef struct HostDoor {
    const void *api;
    const void *registry; /* of the Lua state whose door it is */
    void *answer;         /* the function of Python; NULL: the place is free */
} HostDoor;

typedef struct HostAnswer {
    int count, kept_count;
    Value *values;
    void **kept; /* what the texts lie in, to be given back */
    Value few[FEW_VALUES];
    void *few_kept[FEW_VALUES];
    char problem[256];
} HostAnswer;

extern HostDoor host_doors[MAX_DOORS];

/* Calls the door's function; what it raises or gives that is not plain becomes false and a text. */
void call_python(const HostDoor *door, const Value *arguments, int count, HostAnswer *results);
/* Gives back what results lie in. */
void give_back(HostAnswer *results);
/* The Lua state closes. */
void free_door(HostDoor *door);

#endif
