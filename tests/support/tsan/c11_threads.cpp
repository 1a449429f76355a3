// Boost Software License 1.0, see LICENSE

/*  The threads, mutexes and conditions of C11, made of those of POSIX.

    librdkafka uses C11's. ThreadSanitizer does not know them: a thread that it did not see begin makes it crash, and what a mutex orders
   that it did not see locked looks like a race. Programs that run under it define the functions themselves, and the dynamic linker then
   prefers these for librdkafka too. In glibc the types are the same; so is what is here, only that ThreadSanitizer sees it.  */

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {

static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t)
              && sizeof(once_flag) == sizeof(pthread_once_t));

pthread_mutex_t* posix(mtx_t* of) { return reinterpret_cast<pthread_mutex_t*>(of); }
pthread_cond_t* posix(cnd_t* of) { return reinterpret_cast<pthread_cond_t*>(of); }

int c11(int failure) {
    switch (failure) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ENOMEM: return thrd_nomem;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
    }
}

struct beginning {
    thrd_start_t run;
    void* with;
};

void* begin(void* from) {
    const std::unique_ptr<beginning> what(static_cast<beginning*>(from));
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(what->run(what->with)));
}

} // namespace

extern "C" {

// librdkafka itself is not compiled for ThreadSanitizer, which sees only what it calls: reference counts and other atomics that order its
// accesses are missing. It never calls back into this program (kafka_broker asks its queues), so nothing of ours is hidden.
const char* __tsan_default_suppressions() { // NOLINT: the name is ThreadSanitizer's
    return "race:librdkafka.so\nmutex:librdkafka.so\n";
}

int thrd_create(thrd_t* made, thrd_start_t run, void* with) {
    auto what = std::make_unique<beginning>(beginning{run, with});
    const int failure = pthread_create(made, nullptr, &begin, what.get());
    if (failure == 0) static_cast<void>(what.release());
    return failure == EAGAIN ? thrd_nomem : c11(failure);
}

int thrd_join(thrd_t which, int* result) {
    void* returned = nullptr;
    const int failure = pthread_join(which, &returned);
    if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(returned));
    return c11(failure);
}

void call_once(once_flag* which, void (*run)(void)) { pthread_once(reinterpret_cast<pthread_once_t*>(which), run); }

int thrd_detach(thrd_t which) { return c11(pthread_detach(which)); }

int mtx_init(mtx_t* made, int type) {
    pthread_mutexattr_t how;
    pthread_mutexattr_init(&how);
    if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&how, PTHREAD_MUTEX_RECURSIVE);
    const int failure = pthread_mutex_init(posix(made), &how);
    pthread_mutexattr_destroy(&how);
    return c11(failure);
}

void mtx_destroy(mtx_t* which) { pthread_mutex_destroy(posix(which)); }
int mtx_lock(mtx_t* which) { return c11(pthread_mutex_lock(posix(which))); }
int mtx_trylock(mtx_t* which) { return c11(pthread_mutex_trylock(posix(which))); }
int mtx_timedlock(mtx_t* which, const timespec* until) { return c11(pthread_mutex_timedlock(posix(which), until)); }
int mtx_unlock(mtx_t* which) { return c11(pthread_mutex_unlock(posix(which))); }

int cnd_init(cnd_t* made) { return c11(pthread_cond_init(posix(made), nullptr)); }
void cnd_destroy(cnd_t* which) { pthread_cond_destroy(posix(which)); }
int cnd_signal(cnd_t* which) { return c11(pthread_cond_signal(posix(which))); }
int cnd_broadcast(cnd_t* which) { return c11(pthread_cond_broadcast(posix(which))); }
int cnd_wait(cnd_t* which, mtx_t* of) { return c11(pthread_cond_wait(posix(which), posix(of))); }
int cnd_timedwait(cnd_t* which, mtx_t* of, const timespec* until) { return c11(pthread_cond_timedwait(posix(which), posix(of), until)); }
}
