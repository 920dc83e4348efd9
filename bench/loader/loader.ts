import { once } from "node:events";
import { Child } from "../servers/child.js";
import type { Stage } from "../servers/stage.js";
import type { Load, LoadLimit, LoadResult } from "./load.js";

/** Beyond what a load is given to run. */
const PATIENCE_MS = 60_000;

type Answer = { readonly result: LoadResult } | { readonly problem: string } | { readonly ready: true };

/** The load generator, in a process of its own, so that what it costs is known and is on another core. */
export class Loader {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(stage: Stage): Promise<Loader> {
    const loader = new Loader(
      new Child({
        command: stage.script("loader/main.ts"),
        on: stage.cores.others,
        cwd: stage.folder,
        log: stage.path("loader.log"),
        ipc: true,
      }),
    );
    stage.onClose(() => loader.#child.stop("SIGKILL"));
    await loader.#answer(PATIENCE_MS);
    return loader;
  }

  /** @throws when the server cannot be reached, and when no answer was good */
  async run(load: Load, limit: LoadLimit): Promise<LoadResult> {
    this.#child.process.send({ load, limit });
    const answer = await this.#answer(limit.milliseconds + PATIENCE_MS);
    if ("problem" in answer) throw new Error(`${load.name}: ${answer.problem}`);
    if (!("result" in answer)) throw new Error("The load generator answered something else.");
    if (answer.result.failures > 0)
      throw new Error(
        `${load.name}: ${answer.result.failures} answers were not as expected, the first: ${answer.result.firstFailure}`,
      );
    return answer.result;
  }

  async #answer(milliseconds: number): Promise<Answer> {
    const gone = new AbortController();
    const onExit = () => gone.abort(new Error(`The load generator ended: ${this.#child.lastWords}`));
    this.#child.process.once("exit", onExit);
    try {
      const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(Math.ceil(milliseconds))]);
      const [answer] = await once(this.#child.process, "message", { signal });
      return answer as Answer;
    } finally {
      this.#child.process.off("exit", onExit);
    }
  }
}
