/** As V8 writes it: a tree of call frames, and which of them was running at each sample. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Share {
  readonly name: string;
  /** Of the time in which anything ran, from 0 to 1: in the function itself, and with all that it called. */
  readonly self: number;
  readonly inclusive: number;
}

type Frame = CpuProfile["nodes"][number]["callFrame"];

const IDLE = "(idle)";
/** Switching the profiler on and off takes a while, and is not the server's. */
const PROFILER = "observed-strata";
const GARBAGE = "(garbage collector)";
const PLATFORM = "Node and V8 themselves";

/** Where the time went, by function and by package (of the product: by folder), the most first. */
export function sharesOf(profile: CpuProfile): { readonly functions: Share[]; readonly parts: Share[] } {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])),
  );
  const self = new Map<number, number>();
  for (const [index, id] of profile.samples.entries())
    self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  const functions = new Tally();
  const parts = new Tally();
  let total = 0;
  for (const [id, time] of self) {
    if (nodes.get(id)?.callFrame.functionName === IDLE) continue;
    const frames: Frame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const frame = nodes.get(at)?.callFrame;
      if (frame !== undefined) frames.push(frame);
    }
    if (frames.some(({ url }) => url.includes(PROFILER))) continue;
    total += time;
    const stack = frames.map((frame) => ({ name: nameOf(frame), part: partOf(frame.url) }));
    functions.add(
      stack.map(({ name }) => name),
      time,
    );
    // What Node and V8 do, they do for whoever called them; garbage is collected for nobody in particular.
    const callers = stack.map(({ part }) => part).filter((part) => part !== PLATFORM);
    parts.add(callers.length > 0 ? callers : [stack[0]?.name === GARBAGE ? GARBAGE : PLATFORM], time);
  }
  return { functions: functions.shares(total), parts: parts.shares(total) };
}

class Tally {
  readonly #self = new Map<string, number>();
  readonly #inclusive = new Map<string, number>();

  /** @param stack the innermost first; who calls itself counts once */
  add(stack: readonly string[], time: number): void {
    const [innermost = ""] = stack;
    this.#self.set(innermost, (this.#self.get(innermost) ?? 0) + time);
    for (const name of new Set(stack)) this.#inclusive.set(name, (this.#inclusive.get(name) ?? 0) + time);
  }

  shares(total: number): Share[] {
    return [...this.#inclusive]
      .map(([name, time]) => ({ name, self: (this.#self.get(name) ?? 0) / total, inclusive: time / total }))
      .sort((a, b) => b.self - a.self);
  }
}

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const file = url.split("/").slice(-2).join("/");
  return url === "" ? functionName : `${functionName || "(anonymous)"} ${file}:${lineNumber + 1}`;
}

function partOf(url: string): string {
  const dependency = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(url)?.[1];
  if (dependency !== undefined) return dependency;
  const own = /\/dist\/([^/]+)/.exec(url)?.[1];
  if (own !== undefined) return `strata ${own}`;
  return PLATFORM;
}
