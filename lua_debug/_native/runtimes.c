/* The table of attached runtimes, and how a runtime is interrupted from another thread.
 *
 * The way of lua.c: a signal handler on the thread that runs Lua calls lua_sethook, which Lua allows
 * there (lua.c, laction). So nothing of Lua is touched from two threads at once.
 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

Runtime runtimes[MAX_RUNTIMES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int wake_signal;

#ifdef __linux__
static int64_t this_thread(void) { return (int64_t)syscall(SYS_gettid); }

/* The kernel refuses if the thread has ended; pthread_kill would be undefined then. */
static int wake(int64_t thread) { return syscall(SYS_tgkill, getpid(), (pid_t)thread, wake_signal) == 0; }
#else
static int64_t this_thread(void) { return (int64_t)(intptr_t)pthread_self(); }

static int wake(int64_t thread) { return pthread_kill((pthread_t)(intptr_t)thread, wake_signal) == 0; }
#endif

static void on_signal(int number) {
    int saved = errno;
    int64_t self = this_thread();
    (void)number;
    for (int i = 0; i < MAX_RUNTIMES; i++) {
        Runtime *rt = &runtimes[i];
        if (rt->in_use && (rt->interrupted || rt->is_waking) && rt->owner == self) rt->demand(rt);
    }
    errno = saved;
}

static int is_free(int number) {
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL;
}

static int choose_signal(void) {
#ifdef SIGRTMIN
    for (int number = SIGRTMAX - 3; number > SIGRTMIN; number--)
        if (is_free(number)) return number;
#endif
    return is_free(SIGURG) ? SIGURG : 0; /* ignored by default, and hardly ever used */
}

int install_signal(void) {
    pthread_mutex_lock(&lock);
    if (!wake_signal) {
        struct sigaction action;
        int number = choose_signal();
        memset(&action, 0, sizeof action);
        action.sa_handler = on_signal;
        action.sa_flags = SA_RESTART | SA_ONSTACK;
        if (number && sigaction(number, &action, NULL) == 0) wake_signal = number;
    }
    pthread_mutex_unlock(&lock);
    return wake_signal != 0;
}

Runtime *claim_runtime(void) {
    Runtime *found = NULL;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_RUNTIMES && !found; i++)
        if (!runtimes[i].in_use) found = &runtimes[i];
    if (found) {
        unsigned serial = found->serial + 1;
        memset(found, 0, sizeof *found);
        found->serial = serial;
        found->owner = this_thread();
        found->in_use = 1;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

void release_runtime(Runtime *rt) {
    pthread_mutex_lock(&lock);
    rt->in_use = 0;
    pthread_mutex_unlock(&lock);
    while (rt->sources) {
        Source *next = rt->sources->next;
        free(rt->sources->lines);
        free(rt->sources);
        rt->sources = next;
    }
    while (rt->user_hooks) {
        UserHook *next = rt->user_hooks->next;
        free(rt->user_hooks);
        rt->user_hooks = next;
    }
    free(rt->entries);
    free(rt->watches);
    rt->entries = NULL;
    rt->watches = NULL;
}

void own_runtime(Runtime *rt) {
    pthread_mutex_lock(&lock);
    rt->owner = this_thread();
    pthread_mutex_unlock(&lock);
}

int64_t runtime_key(const Runtime *rt) { return (int64_t)rt->serial * MAX_RUNTIMES + (rt - runtimes); }

int interrupt_runtime(int64_t key) {
    Runtime *rt = &runtimes[key & (MAX_RUNTIMES - 1)];
    int is_woken = 0;
    pthread_mutex_lock(&lock);
    if (rt->in_use && runtime_key(rt) == key) {
        rt->interrupted = 1;
        is_woken = wake(rt->owner);
    }
    pthread_mutex_unlock(&lock);
    return is_woken;
}

int wake_runtime(int64_t key) {
    Runtime *rt = &runtimes[key & (MAX_RUNTIMES - 1)];
    int is_woken = 0;
    pthread_mutex_lock(&lock);
    if (rt->in_use && runtime_key(rt) == key && rt->guards) {
        rt->is_waking = 1;
        is_woken = wake(rt->owner);
    }
    pthread_mutex_unlock(&lock);
    return is_woken;
}

int attached_runtimes(void) {
    int count = 0;
    for (int i = 0; i < MAX_RUNTIMES; i++) count += runtimes[i].in_use != 0;
    return count;
}

int peek(const void *address, void *out, size_t size) {
    /* write() answers EFAULT for what is no memory, where reading it would kill the process */
    int ends[2], is_read;
    if (pipe(ends) != 0) return 0;
    is_read = write(ends[1], address, size) == (ssize_t)size && read(ends[0], out, size) == (ssize_t)size;
    close(ends[0]);
    close(ends[1]);
    return is_read;
}
