#define ABI 51
#include "core.inc"
