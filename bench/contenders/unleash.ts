import { createRequire } from "node:module";

// Unleash, a server for feature flags: what its clients poll. Not the same work (nothing is merged, nobody asks who says
// so); it is what people know for "configuration over HTTP".

interface Unleash {
  start(options: object): Promise<unknown>;
}

// Its module is CommonJS without names that an import could find.
const unleash = createRequire(import.meta.url)("unleash-server") as Unleash;
const database = new URL(process.env.DATABASE_URL ?? "");
await unleash.start({
  db: {
    host: database.hostname,
    port: Number(database.port),
    user: database.username,
    password: "",
    database: database.pathname.slice(1),
    ssl: false,
  },
  server: { host: "127.0.0.1", port: Number(process.env.PORT) },
  authentication: {
    type: "none",
    initApiTokens: [
      {
        environment: "development",
        project: "*",
        projects: ["*"],
        secret: process.env.CLIENT_TOKEN,
        type: "client",
        tokenName: "bench",
      },
    ],
  },
  logLevel: "fatal",
  // It reports to its makers otherwise.
  versionCheck: { enable: false },
  telemetry: false,
});
