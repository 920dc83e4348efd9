import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

// PostGraphile over PostgreSQL: the merge is a function of the database (layers.sql), which PostGraphile serves as a
// query. Fields come as one JSON value: types of their own for fields and contributions would make it slower.

// It is written for Node 22 and newer. This function is all that it misses on Node 20, where it runs like all the others.
(Promise as { withResolvers?: unknown }).withResolvers ??= () => {
  let settle: object = {};
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
};

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: process.env.DATABASE_URL ?? "", schemas: ["public"] })],
  grafserv: { graphiql: false, watch: false },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1");
