import Fastify from "fastify";
import merge from "lodash.merge";
import { createLayerReader } from "./redis-layers.js";

// What many would write first: a REST route that reads the layers and merges them with lodash. Values, and nothing about
// where they come from.

const layersOf = createLayerReader(process.env.REDIS_URL ?? "");
const app = Fastify();
app.get<{ Params: { account: string; config: string } }>(
  "/accounts/:account/configs/:config",
  async ({ params: { account, config } }) => {
    const layers = await layersOf(account, config);
    return merge({}, ...layers.toReversed().map(({ document }) => document));
  },
);
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
