/* The functions of Lua's C interface that the core calls, looked up by name in a lupa module.
 *
 * API(result, name, (parameters)) are needed, OPTIONAL ones may be missing (NULL).
 */
#ifndef LLMSPELL_API_H
#define LLMSPELL_API_H

#include "abi.h"

#define COMMON_FUNCTIONS(API, OPTIONAL) \
    API(void, lua_sethook, (lua_State *, Hook, int, int)) \
    API(Hook, lua_gethook, (lua_State *)) \
    API(int, lua_gethookmask, (lua_State *)) \
    API(int, lua_gethookcount, (lua_State *)) \
    API(int, lua_getinfo, (lua_State *, const char *, Activation *)) \
    API(int, lua_getstack, (lua_State *, int, Activation *)) \
    API(const char *, lua_getlocal, (lua_State *, Activation *, int)) \
    API(const char *, lua_getupvalue, (lua_State *, int, int)) \
    API(const void *, lua_topointer, (lua_State *, int)) \
    API(lua_State *, lua_tothread, (lua_State *, int)) \
    API(CFunction, lua_tocfunction, (lua_State *, int)) \
    API(const char *, lua_tolstring, (lua_State *, int, size_t *)) \
    API(int, lua_toboolean, (lua_State *, int)) \
    API(int, lua_iscfunction, (lua_State *, int)) \
    API(int, lua_isstring, (lua_State *, int)) \
    API(int, lua_type, (lua_State *, int)) \
    API(int, lua_gettop, (lua_State *)) \
    API(void, lua_settop, (lua_State *, int)) \
    API(int, lua_checkstack, (lua_State *, int)) \
    API(void, lua_pushvalue, (lua_State *, int)) \
    API(void, lua_pushnil, (lua_State *)) \
    API(void, lua_pushboolean, (lua_State *, int)) \
    API(void, lua_pushinteger, (lua_State *, Integer)) \
    API(void, lua_pushnumber, (lua_State *, double)) \
    API(void, lua_pushstring, (lua_State *, const char *)) \
    API(void, lua_pushlstring, (lua_State *, const char *, size_t)) \
    API(void, lua_pushcclosure, (lua_State *, CFunction, int)) \
    API(int, lua_pushthread, (lua_State *)) \
    API(void, lua_xmove, (lua_State *, lua_State *, int)) \
    API(void, lua_createtable, (lua_State *, int, int)) \
    API(int, lua_getfield, (lua_State *, int, const char *)) \
    API(void, lua_setfield, (lua_State *, int, const char *)) \
    API(int, lua_rawget, (lua_State *, int)) \
    API(void, lua_rawset, (lua_State *, int)) \
    API(int, lua_rawgeti, (lua_State *, int, Index)) \
    API(void, lua_rawseti, (lua_State *, int, Index)) \
    API(int, lua_rawequal, (lua_State *, int, int)) \
    API(int, lua_next, (lua_State *, int)) \
    API(int, lua_setmetatable, (lua_State *, int)) \
    API(int, lua_status, (lua_State *)) \
    API(void, lua_concat, (lua_State *, int)) \
    API(int, lua_error, (lua_State *)) \
    API(void, luaL_where, (lua_State *, int)) \
    API(int, luaL_ref, (lua_State *, int)) \
    API(void, luaL_unref, (lua_State *, int, int)) \
    API(int, luaL_loadstring, (lua_State *, const char *)) \
    API(int, luaL_argerror, (lua_State *, int, const char *)) \
    OPTIONAL(int, luaJIT_setmode, (lua_State *, int, int))

#if ABI == 51
#define OWN_FUNCTIONS(API, OPTIONAL) \
    API(void, lua_call, (lua_State *, int, int)) \
    API(int, lua_pcall, (lua_State *, int, int, int)) \
    API(int, lua_resume, (lua_State *, int)) \
    API(void, lua_insert, (lua_State *, int)) \
    API(Integer, lua_tointeger, (lua_State *, int)) \
    API(double, lua_tonumber, (lua_State *, int)) \
    API(void *, lua_newuserdata, (lua_State *, size_t)) \
    OPTIONAL(void, lua_setlevel, (lua_State *, lua_State *))
#else
#define COMMON_52(API, OPTIONAL) \
    API(void, lua_callk, (lua_State *, int, int, Context, Continuation)) \
    API(int, lua_pcallk, (lua_State *, int, int, int, Context, Continuation)) \
    API(Integer, lua_tointegerx, (lua_State *, int, int *)) \
    API(double, lua_tonumberx, (lua_State *, int, int *))
#if ABI == 52
#define OWN_FUNCTIONS(API, OPTIONAL) COMMON_52(API, OPTIONAL) \
    API(int, lua_resume, (lua_State *, lua_State *, int)) \
    API(void, lua_insert, (lua_State *, int)) \
    API(void *, lua_newuserdata, (lua_State *, size_t))
#elif ABI == 53
#define OWN_FUNCTIONS(API, OPTIONAL) COMMON_52(API, OPTIONAL) \
    API(int, lua_resume, (lua_State *, lua_State *, int)) \
    API(void, lua_rotate, (lua_State *, int, int)) \
    API(void *, lua_newuserdata, (lua_State *, size_t))
#else
#define OWN_FUNCTIONS(API, OPTIONAL) COMMON_52(API, OPTIONAL) \
    API(int, lua_resume, (lua_State *, lua_State *, int, int *)) \
    API(void, lua_rotate, (lua_State *, int, int)) \
    API(void *, lua_newuserdatauv, (lua_State *, size_t, int)) \
    OPTIONAL(int, lua_closethread, (lua_State *, lua_State *)) \
    OPTIONAL(int, lua_resetthread, (lua_State *))
#endif
#endif

#define ALL_FUNCTIONS(API, OPTIONAL) COMMON_FUNCTIONS(API, OPTIONAL) OWN_FUNCTIONS(API, OPTIONAL)

#define MEMBER(result, name, parameters) result(*name) parameters;
typedef struct Api {
    ALL_FUNCTIONS(MEMBER, MEMBER)
} Api;
#undef MEMBER

#endif
