/** Where progress is shown, if it is a terminal. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export interface Progress {
  /** Shows the text in place of the one before, unless that has only just been shown. */
  show(text: () => string): void;
  /** Takes away what is shown. */
  clear(): void;
}

const EVERY_MS = 100;
const START_OF_LINE = "\r\x1b[K";

/** One line that is written over and over. Where nobody watches, nothing is written at all. */
export function createProgress(terminal: Terminal, clock: () => number = () => performance.now()): Progress {
  let shownAt = -EVERY_MS;
  let isShown = false;
  return {
    show(text) {
      const time = clock();
      if (terminal.isTTY !== true || time - shownAt < EVERY_MS) return;
      shownAt = time;
      isShown = true;
      terminal.write(START_OF_LINE + text());
    },
    clear() {
      if (isShown) terminal.write(START_OF_LINE);
      isShown = false;
    },
  };
}

/** For people: 1234567 is 1,234,567. */
export function grouped(count: number): string {
  return count.toLocaleString("en");
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
