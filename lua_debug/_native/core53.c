#define ABI 53
#include "core.inc"
