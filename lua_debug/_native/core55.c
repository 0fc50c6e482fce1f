#define ABI 55
#include "core.inc"
