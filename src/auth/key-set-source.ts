import { readFile, stat } from "node:fs/promises";

/** Where the text of a key set comes from. */
export interface KeySetSource {
  /** Milliseconds from one look to the next. */
  readonly everyMs: number;
  /** The same while no keys are in force, and every token is refused. */
  readonly retryMs: number;
  /** Whether a look that fails takes no time either: then tokens wait for it even after one that has failed. */
  readonly failsFast: boolean;
  /** @throws Error with a message for the log: why it cannot be read, without the place, which may hold a password */
  read(): Promise<string>;
}

const FILE_EVERY_MS = 1_000;
/** A file is read again after so long even if it looks the same: two writes within one tick of a disk's clock do. */
const READ_EVERY_MS = 30_000;
const URL_EVERY_MS = 60_000;
const URL_RETRY_MS = 5_000;
const ANSWER_WITHIN_MS = 5_000;
/** Key sets have some kilobytes. */
const LARGEST = 2 ** 20;

/** A file that is written, replaced by another, or a link that is turned to another file: all of it is seen. */
export function keySetFile(file: string, now: () => number): KeySetSource {
  let known: { readonly print: string; readonly text: string; readonly readAt: number } | undefined;
  return {
    everyMs: FILE_EVERY_MS,
    retryMs: FILE_EVERY_MS,
    failsFast: true,
    async read() {
      try {
        const found = await stat(file, { bigint: true });
        // A pipe or a device may never come to an end, and then neither would the tokens that wait for it.
        if (!found.isFile()) throw new Error("it is no file, but a folder, a pipe or a device");
        const { dev, ino, size, mtimeNs, ctimeNs } = found;
        const print = [dev, ino, size, mtimeNs, ctimeNs].join();
        if (known?.print === print && now() - known.readAt < READ_EVERY_MS) return known.text;
        if (size > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
        known = { print, text: textOf(await readFile(file)), readAt: now() };
        return known.text;
      } catch (error) {
        known = undefined;
        throw new Error((error as Error).message.replaceAll(file, "the key set"));
      }
    },
  };
}

/** Redirects are not followed: the operator has said where the keys are. */
export function keySetUrl(url: URL): KeySetSource {
  return {
    everyMs: URL_EVERY_MS,
    retryMs: URL_RETRY_MS,
    failsFast: false,
    async read() {
      if (url.username !== "" || url.password !== "")
        throw new Error("the key set's address holds a name or a password, which cannot be sent");
      try {
        return await fetchText(url);
      } catch (error) {
        throw new Error(reasonOf(error));
      }
    },
  };
}

async function fetchText(url: URL): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const headers = { accept: "application/json, application/jwk-set+json" };
  const response = await fetch(url, { signal, redirect: "manual", headers });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`its server answers with status ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > LARGEST) throw new Error(`it is larger than ${LARGEST} bytes`);
    chunks.push(chunk);
  }
  return textOf(Buffer.concat(chunks));
}

/** Without a byte order mark, which some editors leave. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The message of a fetch failure may name the address; the message of its cause does not. */
function reasonOf(error: unknown): string {
  const { message, name, cause } = error as Error;
  if (name === "TimeoutError") return `its server does not answer within ${ANSWER_WITHIN_MS / 1_000} s`;
  if (!(error instanceof TypeError)) return message;
  const { code, message: reason = "" } = (cause ?? {}) as NodeJS.ErrnoException;
  return `its server cannot be asked: ${code ?? (reason || "unknown reason")}`;
}
