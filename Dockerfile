FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-fund --no-audit
COPY tsconfig.json tsconfig.build.json schema.graphql ./
COPY src ./src
COPY web ./web
RUN npm run build

FROM node:22-bookworm-slim
WORKDIR /app
COPY package.json package-lock.json ./
# The embedded store's native part comes prebuilt: nothing has to run to install it.
RUN npm ci --omit=dev --ignore-scripts --no-fund --no-audit && npm cache clean --force
COPY LICENSE ./
COPY schemas ./schemas
COPY examples ./examples
COPY docs ./docs
COPY --from=build /app/dist ./dist
RUN install --directory --owner=node --group=node /data

# /data: the embedded store, or what a gateway on Redis remembers across restarts; each container has its own.
ENV NODE_ENV=production STRATA_STORE=lmdb:/data/store STRATA_STATE=/data/state
VOLUME /data

# Without STRATA_JWT_SECRET or STRATA_JWT_JWKS it listens on loopback only, which is the container's own: run it with
# --network host, or as docker-compose.yml does. With one of them, set STRATA_HOST=0.0.0.0 and publish port 4000.
USER node
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.STRATA_PORT || 4000) + '/health/live').then(({ ok }) => process.exit(ok ? 0 : 1))"]
STOPSIGNAL SIGTERM
# As `npm start`: what short-lived objects need (docs/performance.md).
CMD ["node", "--max-semi-space-size=32", "--no-allocation-site-pretenuring", "dist/main.js"]
