/*
 * Breaks the disk under one file, for tests: preloaded into a process (LD_PRELOAD), it makes the system calls on
 * data.mdb fail while the file named by FAULT_CONTROL exists. What that file says:
 *
 *   nospace       nothing more can be written (ENOSPC)
 *   toobig        the file may not grow (EFBIG)
 *   short         half of what is to be written still fits (no error)
 *   sync          what was written does not reach the disk (EIO)
 *   meta          the last write of a commit, the one that makes it valid, is done but reported as failed (EIO)
 *   meta-sticks   the same, and the attempt to take it back does nothing
 *   meta-once     the same for one commit; all is well from then on
 *   die-before    the process is killed before the last write of a commit
 *   die           the process is killed once that write is done: the commit is on disk, and nobody has been told
 *   slow          reaching the disk takes 2.5 seconds
 *
 * Every call that was interfered with adds a byte to FAULT_CONTROL.count.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define META_PAGES 8192

static int is_data_file(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 9) return 0;
  path[length] = 0;
  return strcmp(path + length - 9, "/data.mdb") == 0;
}

/* Whether the fault is on; counts when it is. Uses plain system calls: the library's are the ones replaced here. */
static int fault(const char *wanted) {
  const char *control = getenv("FAULT_CONTROL");
  char mode[32] = "", counter[PATH_MAX];
  int saved = errno;
  if (!control) return 0;
  int fd = syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    ssize_t length = syscall(SYS_read, fd, mode, sizeof mode - 1);
    mode[length > 0 ? length : 0] = 0;
    syscall(SYS_close, fd);
  }
  int on = strcmp(mode, wanted) == 0;
  if (on) {
    snprintf(counter, sizeof counter, "%s.count", control);
    fd = syscall(SYS_openat, AT_FDCWD, counter, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
      syscall(SYS_write, fd, "x", 1);
      syscall(SYS_close, fd);
    }
  }
  errno = saved;
  return on;
}

static int fail(int code) {
  errno = code;
  return -1;
}

/* The error of a write of content, or 0. */
static int write_error(int fd) {
  if (!is_data_file(fd)) return 0;
  if (fault("nospace")) return ENOSPC;
  if (fault("toobig")) return EFBIG;
  return 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  int code = write_error(fd);
  return code ? fail(code) : syscall(SYS_write, fd, bytes, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  int code = write_error(fd);
  if (is_data_file(fd) && fault("short")) return syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len / 2);
  return code ? fail(code) : syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  static int swallow_next = 0;
  int code = write_error(fd);
  if (code) return fail(code);
  if (at >= META_PAGES && is_data_file(fd) && fault("short")) return syscall(SYS_pwrite64, fd, bytes, count / 2, at);
  if (at < META_PAGES && is_data_file(fd)) {
    int is_synchronous = fcntl(fd, F_GETFL) & O_DSYNC;
    if (is_synchronous && fault("die-before")) kill(getpid(), SIGKILL);
    if (is_synchronous && fault("die")) {
      syscall(SYS_pwrite64, fd, bytes, count, at);
      kill(getpid(), SIGKILL);
    }
    if (swallow_next && !is_synchronous) {
      swallow_next = 0;
      return count;
    }
    if (fault("meta-once") && is_synchronous) {
      swallow_next = 1;
      syscall(SYS_unlinkat, AT_FDCWD, getenv("FAULT_CONTROL"), 0);
      syscall(SYS_pwrite64, fd, bytes, count, at);
      return fail(EIO);
    }
    int sticks = fault("meta-sticks");
    if (sticks || fault("meta")) {
      if (is_synchronous) {
        syscall(SYS_pwrite64, fd, bytes, count, at);
        return fail(EIO);
      }
      if (sticks) return count;
    }
  }
  return syscall(SYS_pwrite64, fd, bytes, count, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return pwrite64(fd, bytes, count, at);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  int code = write_error(fd);
  return code ? fail(code) : syscall(SYS_pwritev, fd, parts, count, at, 0);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  return pwritev64(fd, parts, count, at);
}

static int sync_with(long call, int fd) {
  if (is_data_file(fd)) {
    if (fault("sync")) return fail(EIO);
    if (fault("slow")) usleep(2500000);
  }
  return syscall(call, fd);
}

int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

int msync(void *address, size_t length, int flags) {
  return fault("sync") ? fail(EIO) : syscall(SYS_msync, address, length, flags);
}
