#define ABI 52
#include "core.inc"
