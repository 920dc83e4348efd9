import { randomBytes } from "node:crypto";
import { link, lstat, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { StrataError } from "../../../domain/errors.js";

export interface FolderLock {
  /** Lets the next process in. Safe to call twice. */
  release(): Promise<void>;
}

const NAME = "lock.sock";
/** A socket under this prefix was moved aside by somebody who thought its owner dead. */
const ASIDE = `${NAME}.aside-`;
/** The system's limit for the path of a socket is 104 to 108 bytes, its end included. */
const LONGEST_SOCKET_PATH = 100;
const ATTEMPTS = 20;
const LONGEST_BACK_OFF_MS = 30;

/**
 * One process per folder, by a Unix socket named `lock.sock` in it: who listens there has the folder, and the kernel
 * stops listening for the dead, so that what a killed process left behind is taken over at once.
 *
 * The name only ever shows sockets that listen or whose owner is gone: a newcomer listens under a private name first
 * and then links the public one, which fails when it is taken. Two newcomers may both find the same dead socket, and
 * the slower one may then move the *new* owner's aside: so it looks again before it deletes anything and puts back
 * what lives, and the winner looks at everything that was moved aside before it believes that it has won. When it finds
 * somebody there it steps back and comes again.
 *
 * @throws StrataError STORE_UNAVAILABLE when another process, or this one, has the folder
 * @throws the system's error when no socket can be made there
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const server = await acquire(folder);
    if (server !== undefined) return lockHeldBy(server, folder);
    await setTimeout(Math.random() * LONGEST_BACK_OFF_MS);
  }
  throw taken(folder);
}

function lockHeldBy(server: Server, folder: string): FolderLock {
  let released: Promise<void> | undefined;
  return {
    release: () => {
      released ??= withdraw(folder, server);
      return released;
    },
  };
}

/** @returns undefined when another was there as well; each of the two may have seen the other, so both come again */
async function acquire(folder: string): Promise<Server | undefined> {
  const own = `${NAME}.new-${suffix()}`;
  const server = await listen(folder, own);
  try {
    const { ino } = await lstat(join(folder, own));
    await publish(folder, own);
    if (!(await anotherIsAside(folder, ino))) return server;
    await close(server);
    return undefined;
  } catch (error) {
    await close(server);
    await rm(join(folder, own), { force: true });
    throw error;
  }
}

/** Gives the listening socket its public name, once that is free or its bearer is dead. */
async function publish(folder: string, own: string): Promise<void> {
  const name = join(folder, NAME);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await linked(join(folder, own), name)) {
      await rm(join(folder, own), { force: true });
      return;
    }
    if (await isAlive(folder, NAME)) throw taken(folder);
    if (await liveAfterMovingAside(folder)) throw taken(folder);
  }
  throw taken(folder);
}

/** True when what was moved aside turned out to be alive; it is put back then. What is dead is deleted. */
async function liveAfterMovingAside(folder: string): Promise<boolean> {
  const aside = `${ASIDE}${suffix()}`;
  if (!(await renamed(join(folder, NAME), join(folder, aside)))) return false;
  if (await isAlive(folder, aside)) {
    await putBack(folder, aside);
    return true;
  }
  await rm(join(folder, aside), { force: true });
  return false;
}

/** Where the name is taken meanwhile the live socket stays aside: who took the name will find it there and step back. */
async function putBack(folder: string, aside: string): Promise<void> {
  if (await linked(join(folder, aside), join(folder, NAME))) await rm(join(folder, aside), { force: true });
}

/** Our own socket may be among them, moved aside by a slower newcomer who is about to put it back. */
async function anotherIsAside(folder: string, ownInode: number): Promise<boolean> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(ASIDE) || (await inodeOf(join(folder, entry))) === ownInode) continue;
    if (await isAlive(folder, entry)) return true;
    await rm(join(folder, entry), { force: true });
  }
  return false;
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).ino;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Closes first: from then on the socket is dead under whatever name, and moving it aside can hurt nobody. */
async function withdraw(folder: string, server: Server): Promise<void> {
  await close(server);
  await liveAfterMovingAside(folder).catch(() => {
    // The folder may be gone or read-only by now; a dead socket left in it is taken over anyway.
  });
}

async function listen(folder: string, name: string): Promise<Server> {
  const server = createServer((caller) => caller.destroy());
  await throughShortPath(
    folder,
    name,
    (path) =>
      new Promise<void>((resolve, reject) => {
        server.once("error", reject).listen(path, resolve);
      }),
  );
  server.removeAllListeners("error").on("error", () => {
    // Accepting may fail (too many open files); the lock is the listening itself.
  });
  return server.unref();
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Only a refusal proves a socket dead. Silence, a full queue or a lack of rights do not. */
async function isAlive(folder: string, name: string): Promise<boolean> {
  try {
    await throughShortPath(folder, name, connected);
    return true;
  } catch (error) {
    const code = codeOf(error);
    return code !== "ECONNREFUSED" && code !== "ENOENT";
  }
}

function connected(path: string): Promise<void> {
  const socket = connect(path);
  return new Promise<void>((resolve, reject) => {
    socket.once("error", reject).once("connect", resolve).setTimeout(1_000, resolve);
  }).finally(() => socket.destroy());
}

/** A folder whose path is too long for a socket is reached through a symbolic link that lives as long as the call. */
async function throughShortPath<T>(
  folder: string,
  name: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return use(path);
  const detour = await mkdtemp(join(tmpdir(), "s-"));
  try {
    await symlink(folder, join(detour, "f"));
    return await use(join(detour, "f", name));
  } finally {
    await rm(detour, { recursive: true, force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

function taken(folder: string): StrataError {
  return new StrataError(
    "STORE_UNAVAILABLE",
    `The store folder ${folder} is in use by another Strata process (or is open twice in this one). ` +
      "Stop the other one first, or give this one a folder of its own in STRATA_STORE.",
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function suffix(): string {
  return randomBytes(4).toString("hex");
}
