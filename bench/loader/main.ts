import { type Load, type LoadLimit, runLoad } from "./load.js";

/** The load generator's own process: it is told what to load, and answers with what came of it. */
process.on("message", ({ load, limit }: { load: Load; limit: LoadLimit }) => {
  runLoad(load, limit).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ problem: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
