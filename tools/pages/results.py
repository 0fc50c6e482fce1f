"""What commands write with ``--output json``: the shape of each result, tried by golden tests."""

from collections.abc import Mapping

RESULTS: Mapping[str, str] = {
    "run": "{status: success|error, mode: embedded|connected, script, script_length, args_count, "
    "streaming, result, output, values: […], exit_code, error?}",
    "exec": "{status: executed|error, mode, code_length, streaming, result, output, values: […], "
    "exit_code, error?}",
    "debug --list": "[{pid, host, port, program, lua, kind: script|kernel|replay}]",
    "run --stream": "{stream: stdout, text} for each piece, then the result",
    "kernel start --daemon": "{id, pid, started, state, version, language, runtime, "
    "connection_file, dap, log_file, pid_file, …}",
    "kernel stop": "{stopped: [{id, how}]}",
    "kernel interrupt": "{interrupted}",
    "kernel list": "[{id, pid, state, running, why, …}]",
    "kernel status": "{id, pid, state, running, why, ports: {…}|null, health: {…}|null, problem, …}, at an address "
    "{address, health, problem}",
    "kernel serve": "{said}, with --status {running, why} or {running, pid, kernels: […]}, "
    "with --stop {stopped}",
    "kernel create, restart": "{id, pid, connection_file, …}",
    "kernel install": "{installed}",
    "kernel systemd-unit": "{unit} or {written, next}",
    "state show": "{mode, entries: [{scope, key, value, version, updated, expires, redacted?}], "
    "is_complete}",
    "state clear": "{mode, cleared}",
    "state export": "{mode, file, format, bytes}",
    "state import": "{mode, imported, created: […], changed: […], same: […], redacted: […], "
    "expired: […], deleted: […], dry_run}",
    "state schemas": "{mode, schemas: [{schema, current, latest, applied: [{version, name, at}], "
    "pending: […]}]}",
    "state migrate": "{mode, schema: {schema, current, latest, …}, from, done: […]}",
    "events show": "{mode, events: [{number, name, id, time, correlation_id, data, …}]}",
    "session list": "{mode, sessions: [{id, name, status, tags, created, updated, last_activity}], current}",
    "session show": "{mode, session: {id, name, status, usage: {…}, …}}",
    "session create, use, suspend, resume, complete, fail, archive, restore": "{mode, session}",
    "session update, grant, revoke, transfer": "{mode, session}",
    "session policies": "{mode, id, kernel: {…}, own: {…}}",
    "session collect": "{mode, collected: {contents, blocks, bytes, is_postponed}}",
    "session delete": "{mode, deleted, ids: […], left}",
    "session history": "{mode, id, entries: [{sequence, time, kind, actor, correlation, data}]}",
    "session trail": "{mode, id, records: [{time, actor, action, session, is_done, detail}]}",
    "session report": "{mode, report: {…}}",
    "session replay": "{mode, result: {session_id, correlation_id, mode, total_duration, "
    "hooks_replayed, successful_replays, failed_replays, similarity_score, identical, "
    "different_steps, failure, error, stopped_before, metadata: {…}, steps: […]}}",
    "session cancel": "{mode, id, cancelled: […]}",
    "session replays": "{mode, under_way: [{…}], results: [{mode, successful_replays, …}]}",
    "session artifacts": "{mode, artifacts: [{id, name, version, size, hash, …}]}",
    "session artifact": "{artifact: {…}, text|base64} or {artifact, file}",
    "session store": "{mode, artifact: {…}}",
    "session diff": "{mode, old: {…}, new: {…}, difference: {is_identical, unified, …}}",
    "session schedule, unschedule": "{mode, schedule: {id, type, state, next_run, …}}",
    "session schedules": "{mode, schedules: [{id, type, state, next_run, runs, …}]}",
    "session snapshot": "{mode, snapshot: {path, …}}",
    "config init": "{created}",
    "config validate": "{file, valid, errors: [{key, message, line, variable}], warnings: […], notices: […]}",
    "config show": "{file, settings: [{key, value, origin}]}",
    "config set": "{file, key, value, notices: […]}",
    "keys add": "{added, kept_in}",
    "keys list": "{keys: [{provider, origin}]}",
    "keys remove": "{removed, from: […]}",
    "backup create": "{mode, id, file, bytes, created, entries, artifacts, secrets, note, "
    "damage, removed: […]}",
    "backup list": "{mode, folder, backups: [{id, file, bytes, created?, entries?, artifacts?, "
    "secrets?, note?, damage}]}",
    "backup verify": "{mode, id, file, valid, damage}",
    "backup restore": "{mode, restored, entries, artifacts, configuration, missing: […]}",
    "backup delete": "{mode, deleted}",
    "doctor": "{version, folder, python, executable, system, lupa, luas: [{name, release, runs, "
    "can_be_paused, is_default, problem}], accelerator: {is_there, why_not}, warnings: […]}",
    "doctor FILE:LINE": "{file, line, is_hit, findings: [{text, is_obstacle}]}",
    "meta": "{written: […]}",
    "version": "{version, python, lupa, luas: […], platform}",
}
"""By command; ``?`` behind what may be missing, ``…`` for more of the kind."""
