/* What differs between the C interfaces of Lua 5.1 to 5.5 (ABI is 51 .. 55; LuaJIT has that of 5.1).
 *
 * No Lua header is needed: this is the public binary interface (Lua manual, "The Application Program
 * Interface" and "lua_Debug"), so one build serves every lupa module, whatever it was compiled from.
 */
#ifndef LLMSPELL_ABI_H
#define LLMSPELL_ABI_H

#include <stddef.h>
#include <stdint.h>

typedef struct lua_State lua_State;
typedef int (*CFunction)(lua_State *L);

/* lua_Debug */
typedef struct Activation {
    int event;
    const char *name, *namewhat, *what, *source;
#if ABI >= 54
    size_t source_length;
#endif
    int currentline;
#if ABI == 51
    int nups;
#endif
    int linedefined, lastlinedefined;
#if ABI >= 52
    unsigned char nups, nparams;
    char isvararg;
#if ABI >= 55
    unsigned char extraargs;
#endif
    char istailcall;
#if ABI == 54
    unsigned short ftransfer, ntransfer;
#elif ABI >= 55
    int ftransfer, ntransfer;
#endif
#endif
    char short_src[60];
#if ABI == 51
    int frame; /* i_ci: number of the CallInfo; LuaJIT: stack offset, and size in the upper half */
#else
    void *frame; /* i_ci: the CallInfo */
#endif
    char reserve[64]; /* a lupa built with a longer LUA_IDSIZE shall be found out, not crash */
} Activation;

typedef void (*Hook)(lua_State *L, Activation *ar);

enum { EVENT_CALL, EVENT_RETURN, EVENT_LINE, EVENT_COUNT, EVENT_TAIL }; /* lua.h, LUA_HOOK... */
enum { MASK_CALL = 1, MASK_RETURN = 2, MASK_LINE = 4, MASK_COUNT = 8 };
enum { MASK_ALL = MASK_CALL | MASK_RETURN | MASK_LINE };
enum { T_NIL = 0, T_BOOLEAN = 1, T_NUMBER = 3, T_STRING = 4, T_TABLE = 5, T_FUNCTION = 6, T_THREAD = 8 };
enum { STATUS_OK = 0, STATUS_YIELD = 1, STATUS_MEMORY_ERROR = 4 };

#if ABI == 51
#define REGISTRY (-10000)
#define UPVALUE(n) (-10002 - (n))
#else
#if ABI >= 55
#define REGISTRY (-(2147483647 / 2 + 1000))
#else
#define REGISTRY (-1001000)
#endif
#define UPVALUE(n) (REGISTRY - (n))
#endif

#if ABI >= 53
typedef long long Integer;
typedef long long Index; /* of lua_rawgeti */
typedef intptr_t Context;
typedef int (*Continuation)(lua_State *L, int status, Context context);
#else
typedef ptrdiff_t Integer;
typedef int Index;
typedef int Context;
typedef CFunction Continuation;
#endif

#endif
