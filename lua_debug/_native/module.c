/* The Python side of the extension: binding lupa modules, interrupting runtimes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "flavours.h"
#include "runtime.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef struct Flavour {
    const char *module, *symbol;
    const size_t *size;
    const char *(*bind)(void *library, void *api);
    int (*open)(void *L, const void *api, int is_jit);
    void (*put_door)(void *L, HostDoor *door, const char *field);
    int is_jit;
    void *api; /* NULL until it is bound; never freed, as Lua states may use it */
} Flavour;

enum FlavourNumber {
#define NUMBER(name, abi, is_jit) FLAVOUR_##name,
    FLAVOURS(NUMBER)
#undef NUMBER
    FLAVOUR_COUNT
};

#define LIST(name, abi, is_jit_) \
    {#name, "llmspell_hooks_" #name, &api_size_##abi, bind_api_##abi, open_##abi, put_door_##abi, is_jit_, NULL},
static Flavour flavours[FLAVOUR_COUNT] = {FLAVOURS(LIST)};
#undef LIST

/* The functions that package.loadlib looks for. It opens the file once more; if that has been replaced
 * since, this is another copy, which nobody has prepared and which answers nothing. */
#define DEFINE_OPEN(name, abi, is_jit_) \
    __attribute__((visibility("default"))) int llmspell_hooks_##name(void *L) { \
        const Flavour *flavour = &flavours[FLAVOUR_##name]; \
        return flavour->api ? flavour->open(L, flavour->api, flavour->is_jit) : 0; \
    }
FLAVOURS(DEFINE_OPEN)
#undef DEFINE_OPEN

static PyObject *bind(Flavour *flavour, const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD), *api;
    const char *missing;
    if (!library) return PyErr_Format(PyExc_OSError, "%s is not loaded: %s", path, dlerror());
    api = calloc(1, *flavour->size);
    if (!api) return PyErr_NoMemory();
    missing = flavour->bind(library, api);
    if (missing) {
        free(api);
        return PyErr_Format(PyExc_OSError, "%s does not export %s", path, missing);
    }
    flavour->api = api;
    return PyUnicode_FromString(flavour->symbol);
}

static PyObject *prepare(PyObject *self, PyObject *arguments) {
    const char *module, *path;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "ss", &module, &path)) return NULL;
    for (int i = 0; i < FLAVOUR_COUNT; i++) {
        if (strcmp(flavours[i].module, module) != 0) continue;
        if (flavours[i].api) return PyUnicode_FromString(flavours[i].symbol);
        return bind(&flavours[i], path);
    }
    return PyErr_Format(PyExc_OSError, "lupa.%s is unknown here", module);
}

static PyObject *interrupt(PyObject *self, PyObject *key) {
    long long number = PyLong_AsLongLong(key);
    (void)self;
    if (number == -1 && PyErr_Occurred()) return NULL;
    return PyBool_FromLong(interrupt_runtime(number));
}

static PyObject *wake(PyObject *self, PyObject *key) {
    long long number = PyLong_AsLongLong(key);
    (void)self;
    if (number == -1 && PyErr_Occurred()) return NULL;
    return PyBool_FromLong(wake_runtime(number));
}

static HostDoor *free_place(void) {
    for (int i = 0; i < MAX_DOORS; i++)
        if (!host_doors[i].answer) return &host_doors[i];
    return NULL;
}

static PyObject *open_door(PyObject *self, PyObject *arguments) {
    const char *module, *field;
    unsigned long long state;
    PyObject *answer;
    HostDoor *door = free_place();
    (void)self;
    if (!PyArg_ParseTuple(arguments, "sKsO", &module, &state, &field, &answer)) return NULL;
    for (int i = 0; i < FLAVOUR_COUNT; i++) {
        if (strcmp(flavours[i].module, module) != 0 || !flavours[i].api || !door) continue;
        door->api = flavours[i].api;
        door->answer = Py_NewRef(answer);
        flavours[i].put_door((void *)(uintptr_t)state, door, field);
        Py_RETURN_TRUE;
    }
    Py_RETURN_FALSE;
}

static PyObject *attached(PyObject *self, PyObject *nothing) {
    (void)self;
    (void)nothing;
    return PyLong_FromLong(attached_runtimes());
}

static PyMethodDef methods[] = {
    {"prepare", prepare, METH_VARARGS, "Bind the C interface that a lupa module exports."},
    {"interrupt", interrupt, METH_O, "Make a runtime report an interrupt at its next instruction."},
    {"wake", wake, METH_O, "Make the safepoints of a runtime hear, if they sleep."},
    {"open_door", open_door, METH_VARARGS, "Let a Lua state call a function of Python."},
    {"attached", attached, METH_NOARGS, "How many runtimes are attached now."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "core", "The compiled accelerator of the hooks.", -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_core(void) { return PyModule_Create(&definition); }
