"""jupyter_kernel_test: the conformance tests of the Jupyter project, whole."""

import jupyter_kernel_test as jkt


class TestWelcome(jkt.IopubWelcomeTests):
    """Who subscribes is told so."""

    kernel_name = "llmspell"
    support_iopub_welcome = True


class TestLuaKernel(jkt.KernelTests):
    """What Jupyter's own tests want of a kernel."""

    kernel_name = "llmspell"
    language_name = "lua"
    file_extension = ".lua"

    code_hello_world = "print('hello, world')"
    code_stderr = "io.stderr:write('oh\\n')"
    completion_samples = (
        {"text": "string.for", "matches": {"format"}},
        {"text": "math.flo", "matches": {"floor"}},
    )
    complete_code_samples = ("print(1)", "1 + 1", "local x = 1\nreturn x")
    incomplete_code_samples = ("for i = 1, 2 do", "x = {", "function f()")
    invalid_code_samples = ("x = = 1", "end", 'x = "abc')
    code_generate_error = "error('no')"
    code_execute_result = ({"code": "1 + 2", "result": "3"}, {"code": "#'abc' * 2", "result": "6"})
    code_display_data = (
        {"code": "display('text')", "mime": "text/plain"},
        {"code": "display{['text/html'] = '<b>x</b>'}", "mime": "text/html"},
    )
    code_clear_output = "display.clear()"
    code_history_pattern = "1 ? 2"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "string.format"
    code_page_something = "help(string.format)"
