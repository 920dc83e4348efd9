/*
 * Keeps a record of what has reached the disk, for tests. Preloaded into a process (LD_PRELOAD), it adds lines to fsync.log,
 * in the folder where the process was started; files go by their inode, for their names change:
 *
 *   synced <inode> <size>   an fsync has succeeded. The size is that from before it: what is written while it runs may be on
 *                           disk after it, or not
 *   cut <inode> <size>      the file was made, emptied or shortened: what was on disk beyond is no longer part of it
 *
 * With FSYNC_DELAY_MS in the environment every fsync takes that much longer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int record = -1;

__attribute__((constructor)) static void open_record(void) {
  record = syscall(SYS_openat, AT_FDCWD, "fsync.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* One system call, so that threads and children do not write into each other's lines. */
static void note(const char *what, const struct stat *file, long long size) {
  char line[80];
  int saved = errno;
  int length = snprintf(line, sizeof line, "%s %llu %lld\n", what, (unsigned long long)file->st_ino, size);
  if (S_ISREG(file->st_mode)) syscall(SYS_write, record, line, length);
  errno = saved;
}

static int sync_with(long call, int fd) {
  const char *delay = getenv("FSYNC_DELAY_MS");
  struct stat before;
  int is_known = fstat(fd, &before) == 0;
  if (delay) usleep(atoi(delay) * 1000);
  int result = syscall(call, fd);
  if (result == 0 && is_known) note("synced", &before, before.st_size);
  return result;
}

int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

static int noting_cut(int result, int fd, off_t size) {
  struct stat file;
  if (result == 0 && fstat(fd, &file) == 0) note("cut", &file, size);
  return result;
}

int ftruncate64(int fd, off64_t size) { return noting_cut(syscall(SYS_ftruncate, fd, size), fd, size); }
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int truncate64(const char *path, off64_t size) {
  struct stat file;
  int result = syscall(SYS_truncate, path, size);
  if (result == 0 && stat(path, &file) == 0) note("cut", &file, size);
  return result;
}

int truncate(const char *path, off_t size) { return truncate64(path, size); }

/* A new file may have the inode of one that is gone, and must not have its record as well. */
static int open_with(const char *path, int flags, mode_t mode) {
  struct stat file;
  int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (fd >= 0 && flags & (O_CREAT | O_TRUNC) && fstat(fd, &file) == 0 && file.st_size == 0) note("cut", &file, 0);
  return fd;
}

#define MODE_OF_LAST(flags)        \
  mode_t mode = 0;                 \
  if (flags & O_CREAT) {           \
    va_list rest;                  \
    va_start(rest, flags);         \
    mode = va_arg(rest, mode_t);   \
    va_end(rest);                  \
  }

int open64(const char *path, int flags, ...) {
  MODE_OF_LAST(flags)
  return open_with(path, flags | O_LARGEFILE, mode);
}

int open(const char *path, int flags, ...) {
  MODE_OF_LAST(flags)
  return open_with(path, flags, mode);
}
