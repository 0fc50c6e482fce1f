#define ABI 54
#include "core.inc"
