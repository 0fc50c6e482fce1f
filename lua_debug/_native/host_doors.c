/* The Python side of doors: values from Lua become objects, and objects values. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "host_door.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

HostDoor host_doors[MAX_DOORS];

static PyObject *object_of(const Value *value) {
    switch (value->kind) {
    case VALUE_BOOLEAN: return PyBool_FromLong(value->boolean);
    case VALUE_INTEGER: return PyLong_FromLongLong(value->integer);
    case VALUE_NUMBER:
        if (isfinite(value->number) && floor(value->number) == value->number) return PyLong_FromDouble(value->number);
        return PyFloat_FromDouble(value->number);
    case VALUE_TEXT: return PyUnicode_DecodeLatin1(value->text, (Py_ssize_t)value->length, NULL);
    default: return Py_NewRef(Py_None);
    }
}

static int integer_value(PyObject *object, Value *value) {
    int overflow;
    value->kind = VALUE_INTEGER;
    value->integer = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (!overflow) return !(value->integer == -1 && PyErr_Occurred());
    value->kind = VALUE_NUMBER;
    value->number = PyLong_AsDouble(object);
    if (PyErr_Occurred()) {
        PyErr_Clear();
        value->number = overflow > 0 ? HUGE_VAL : -HUGE_VAL;
    }
    return 1;
}

static int text_value(PyObject *object, Value *value, HostAnswer *results) {
    char *text;
    Py_ssize_t length;
    PyObject *bytes = PyUnicode_AsLatin1String(object);
    if (!bytes || PyBytes_AsStringAndSize(bytes, &text, &length) != 0) {
        Py_XDECREF(bytes);
        return 0;
    }
    results->kept[results->kept_count++] = bytes;
    value->kind = VALUE_TEXT;
    value->text = text;
    value->length = (size_t)length;
    return 1;
}

static void refuse(PyObject *object) {
    PyObject *name = PyType_GetName(Py_TYPE(object));
    if (name) PyErr_Format(PyExc_TypeError, "%U cannot be given to Lua", name);
    Py_XDECREF(name);
}

/* False, with an exception set, for what is not plain. */
static int value_of(PyObject *object, Value *value, HostAnswer *results) {
    if (object == Py_None) {
        value->kind = VALUE_NIL;
        return 1;
    }
    if (PyBool_Check(object)) {
        value->kind = VALUE_BOOLEAN;
        value->boolean = object == Py_True;
        return 1;
    }
    if (PyLong_Check(object)) return integer_value(object, value);
    if (PyUnicode_Check(object)) return text_value(object, value, results);
    if (PyFloat_Check(object)) {
        value->kind = VALUE_NUMBER;
        value->number = PyFloat_AsDouble(object);
        return 1;
    }
    refuse(object);
    return 0;
}

static PyObject *called(const HostDoor *door, const Value *arguments, int count) {
    PyObject *answer, *given = PyTuple_New(count);
    if (!given) return NULL;
    for (int i = 0; i < count; i++) {
        PyObject *each = object_of(&arguments[i]);
        if (!each || PyTuple_SetItem(given, i, each) != 0) {
            Py_DECREF(given);
            return NULL;
        }
    }
    answer = PyObject_Call(door->answer, given, NULL);
    Py_DECREF(given);
    return answer;
}

static int make_room(HostAnswer *results, Py_ssize_t count) {
    Value *values = calloc((size_t)count, sizeof *values);
    void **kept = calloc((size_t)count, sizeof *kept);
    if (values && kept) {
        results->values = values;
        results->kept = kept;
        return 1;
    }
    free(values);
    free(kept);
    PyErr_NoMemory();
    return 0;
}

static int take_results(PyObject *answer, HostAnswer *results) {
    Py_ssize_t count;
    if (!PyTuple_Check(answer)) {
        PyErr_SetString(PyExc_TypeError, "a door answers a tuple");
        return 0;
    }
    count = PyTuple_Size(answer);
    if (count > FEW_VALUES && !make_room(results, count)) return 0;
    for (Py_ssize_t i = 0; i < count; i++)
        if (!value_of(PyTuple_GetItem(answer, i), &results->values[i], results)) return 0;
    results->count = (int)count;
    return 1;
}

/* false, and the words of the exception that is set. */
static void tell_problem(HostAnswer *results) {
    PyObject *type, *error, *trace, *name, *words;
    const char *class = NULL, *text = NULL;
    PyErr_Fetch(&type, &error, &trace);
    PyErr_NormalizeException(&type, &error, &trace);
    name = type ? PyType_GetName((PyTypeObject *)type) : NULL;
    words = error ? PyObject_Str(error) : NULL;
    if (name) class = PyUnicode_AsUTF8AndSize(name, NULL);
    if (words) text = PyUnicode_AsUTF8AndSize(words, NULL);
    snprintf(results->problem, sizeof results->problem, "%s: %s", class ? class : "Exception", text ? text : "");
    Py_XDECREF(name);
    Py_XDECREF(words);
    Py_XDECREF(type);
    Py_XDECREF(error);
    Py_XDECREF(trace);
    PyErr_Clear();
    results->count = 2;
    results->values[0] = (Value){.kind = VALUE_BOOLEAN};
    results->values[1] = (Value){.kind = VALUE_TEXT, .text = results->problem, .length = strlen(results->problem)};
}

void call_python(const HostDoor *door, const Value *arguments, int count, HostAnswer *results) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *answer = called(door, arguments, count);
    results->count = results->kept_count = 0;
    results->values = results->few;
    results->kept = results->few_kept;
    if (!answer || !take_results(answer, results)) tell_problem(results);
    Py_XDECREF(answer);
    PyGILState_Release(state);
}

void give_back(HostAnswer *results) {
    PyGILState_STATE state;
    if (results->kept_count) {
        state = PyGILState_Ensure();
        while (results->kept_count) Py_DECREF((PyObject *)results->kept[--results->kept_count]);
        PyGILState_Release(state);
    }
    if (results->values == results->few) return;
    free(results->values);
    free(results->kept);
}

void free_door(HostDoor *door) {
    PyGILState_STATE state = PyGILState_Ensure();
    PyObject *answer = door->answer;
    door->answer = NULL;
    door->registry = NULL;
    Py_XDECREF(answer);
    PyGILState_Release(state);
}
