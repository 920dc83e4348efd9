import { createRequire } from "node:module";
import type { Plugin } from "vite";

/** As much of @babel/core as is used. Its types are not there before the clients are installed. */
interface Babel {
  transformAsync(
    code: string,
    options: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly code: string; readonly map: string } | null>;
}

/** What Relay's users have in their build: each `graphql` text is replaced by what relay-compiler made of it. */
export function relayPlugin(): Plugin {
  const require = createRequire(import.meta.url);
  return {
    name: "relay",
    enforce: "pre",
    async transform(code, id) {
      if (!code.includes("graphql`") || id.includes("node_modules")) return undefined;
      const { transformAsync } = require("@babel/core") as Babel;
      const made = await transformAsync(code, {
        filename: id,
        babelrc: false,
        configFile: false,
        plugins: [[require.resolve("babel-plugin-relay"), { eagerEsModules: true }]],
        parserOpts: { plugins: ["typescript", "jsx"] },
        sourceMaps: true,
      });
      return made ?? undefined;
    },
  };
}
