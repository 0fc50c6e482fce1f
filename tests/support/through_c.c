/* through_c: a C module for Lua 5.1 to 5.5 and LuaJIT whose functions call Lua in every way there is.
 *
 * It is compiled by the tests with -DABI=51 .. 55 and declares what it uses of Lua's C interface, so no
 * Lua header is needed (Lua manual, "The Application Program Interface"). */
#include <stddef.h>
#include <stdint.h>

typedef struct lua_State lua_State;
typedef int (*lua_CFunction)(lua_State *L);

#if ABI >= 53
typedef intptr_t Context;
typedef int (*Continuation)(lua_State *L, int status, Context context);
#else
typedef int Context;
typedef lua_CFunction Continuation;
#endif

extern int lua_gettop(lua_State *L);
extern void lua_settop(lua_State *L, int index);
extern void lua_pushvalue(lua_State *L, int index);
extern void lua_pushboolean(lua_State *L, int value);
extern void lua_pushcclosure(lua_State *L, lua_CFunction function, int upvalues);
extern void lua_createtable(lua_State *L, int array, int hash);
extern void lua_setfield(lua_State *L, int index, const char *name);
extern void lua_xmove(lua_State *from, lua_State *to, int count);
extern lua_State *lua_newthread(lua_State *L);
extern int lua_error(lua_State *L);
extern int luaL_error(lua_State *L, const char *format, ...);

#if ABI >= 53
extern void lua_rotate(lua_State *L, int index, int count);
#define lua_insert(L, index) lua_rotate(L, index, 1)
#else
extern void lua_insert(lua_State *L, int index);
#endif
#if ABI == 51
extern void lua_call(lua_State *L, int arguments, int results);
extern int lua_pcall(lua_State *L, int arguments, int results, int handler);
extern int lua_yield(lua_State *L, int results);
extern int lua_resume(lua_State *L, int arguments);
#else
extern void lua_callk(lua_State *L, int arguments, int results, Context context, Continuation k);
extern int lua_pcallk(lua_State *L, int arguments, int results, int handler, Context context, Continuation k);
extern int lua_yieldk(lua_State *L, int results, Context context, Continuation k);
#define lua_call(L, arguments, results) lua_callk(L, arguments, results, 0, NULL)
#define lua_pcall(L, arguments, results, handler) lua_pcallk(L, arguments, results, handler, 0, NULL)
#define lua_yield(L, results) lua_yieldk(L, results, 0, NULL)
#if ABI >= 54
extern int lua_resume(lua_State *L, lua_State *from, int arguments, int *results);
#else
extern int lua_resume(lua_State *L, lua_State *from, int arguments);
#endif
#endif

enum { ANY = -1 /* LUA_MULTRET */ };

/* call(f, ...): what f returns */
static int call(lua_State *L) {
    lua_call(L, lua_gettop(L) - 1, ANY);
    return lua_gettop(L);
}

/* twice(f, ...): calls f two times, answers what it returned last */
static int twice(lua_State *L) {
    int top = lua_gettop(L);
    for (int i = 1; i <= top; i++) lua_pushvalue(L, i);
    lua_call(L, top - 1, 0);
    return call(L);
}

/* try(f, ...): true and what f returns, or false and the error, as pcall */
static int try(lua_State *L) {
    int status = lua_pcall(L, lua_gettop(L) - 1, ANY, 0);
    lua_pushboolean(L, status == 0);
    lua_insert(L, 1);
    return lua_gettop(L);
}

/* yield(...): what the coroutine is resumed with */
static int yield(lua_State *L) { return lua_yield(L, lua_gettop(L)); }

/* fail(text): raises an error with the position of the caller */
static int fail(lua_State *L) { return luaL_error(L, "failed in C"); }

/* raise(value): raises it */
static int raise(lua_State *L) {
    lua_settop(L, 1);
    return lua_error(L);
}

/* aside(f, ...): runs f in a coroutine that C makes and resumes once; what it returns or yields */
static int aside(lua_State *L) {
    int arguments = lua_gettop(L) - 1, status, results;
    lua_State *other = lua_newthread(L);
    lua_insert(L, 1);
    lua_xmove(L, other, arguments + 1);
#if ABI == 51
    status = lua_resume(other, arguments);
    results = lua_gettop(other);
#elif ABI < 54
    status = lua_resume(other, L, arguments);
    results = lua_gettop(other);
#else
    status = lua_resume(other, L, arguments, &results);
#endif
    if (status > 1) {
        lua_xmove(other, L, 1);
        return lua_error(L);
    }
    lua_xmove(other, L, results);
    return results;
}

#if ABI >= 52
/* Where a function goes on that was left by a yield. */
#if ABI >= 53
static int go_on(lua_State *L, int status, Context context) {
    (void)status;
    (void)context;
#else
static int go_on(lua_State *L) {
#endif
    return lua_gettop(L);
}

/* call_on(f, ...): as call, and f may yield */
static int call_on(lua_State *L) {
    lua_callk(L, lua_gettop(L) - 1, ANY, 0, go_on);
    return lua_gettop(L);
}
#endif

static const struct { const char *name; lua_CFunction function; } functions[] = {
    {"call", call}, {"twice", twice}, {"try", try}, {"yield", yield},
    {"fail", fail}, {"raise", raise}, {"aside", aside},
#if ABI >= 52
    {"call_on", call_on},
#endif
};

int luaopen_through_c(lua_State *L) {
    lua_createtable(L, 0, 8);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        lua_pushcclosure(L, functions[i].function, 0);
        lua_setfield(L, -2, functions[i].name);
    }
    return 1;
}
