/* The lupa modules there are. Each has its own copy of Lua, so its own addresses of the C interface. */
#ifndef LLMSPELL_FLAVOURS_H
#define LLMSPELL_FLAVOURS_H

#include "host_door.h"

#define FLAVOURS(F) \
    F(lua51, 51, 0) F(lua52, 52, 0) F(lua53, 53, 0) F(lua54, 54, 0) F(lua55, 55, 0) \
    F(luajit20, 51, 1) F(luajit21, 51, 1)

/* Fills the Api (of the interface `abi`) from an opened library. NULL, or the name of what it lacks. */
#define DECLARE_ABI(abi) \
    extern const size_t api_size_##abi; \
    const char *bind_api_##abi(void *library, void *api); \
    int open_##abi(void *L, const void *api, int is_jit); \
    void put_door_##abi(void *L, HostDoor *door, const char *field);
DECLARE_ABI(51)
DECLARE_ABI(52)
DECLARE_ABI(53)
DECLARE_ABI(54)
DECLARE_ABI(55)
#undef DECLARE_ABI

#endif
