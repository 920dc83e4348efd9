import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { readSettings, unknownSettings } from "../src/env.js";
import { OTHER_SETTINGS, TestApp } from "./graphql/test-app.js";

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const page = read("docs/kubernetes.md");
const manifest = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
const secrets = new Map(
  [...page.matchAll(/--from-literal=([\w-]+)=(\S+)/g)].map(([, key = "", value = ""]) => [key, value]),
);

const PROBE = z.object({
  httpGet: z.object({ path: z.string(), port: z.string() }),
  periodSeconds: z.number(),
  timeoutSeconds: z.number().optional(),
  failureThreshold: z.number().optional(),
});
const LABELS = z.record(z.string(), z.string());
const CONTAINER = z.object({
  image: z.string(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  env: z.array(
    z.object({
      name: z.string(),
      value: z.string().optional(),
      valueFrom: z.object({ secretKeyRef: z.object({ name: z.string(), key: z.string() }) }).optional(),
    }),
  ),
  startupProbe: PROBE,
  livenessProbe: PROBE,
  readinessProbe: PROBE,
  lifecycle: z.undefined().optional(),
  resources: z.object({ requests: LABELS, limits: z.object({ memory: z.string() }).strict() }),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
});
const DEPLOYMENT = z.object({
  apiVersion: z.literal("apps/v1"),
  kind: z.literal("Deployment"),
  spec: z.object({
    replicas: z.number().min(2),
    selector: z.object({ matchLabels: LABELS }),
    template: z.object({
      metadata: z.object({ labels: LABELS }),
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.object({ runAsNonRoot: z.literal(true), runAsUser: z.number().min(1) }),
        containers: z.tuple([CONTAINER]),
        volumes: z.array(z.object({ name: z.string() })),
      }),
    }),
  }),
});
const SERVICE = z.object({
  apiVersion: z.literal("v1"),
  kind: z.literal("Service"),
  spec: z.object({
    selector: LABELS,
    ports: z.array(z.object({ name: z.string(), port: z.number(), targetPort: z.string() })),
  }),
});
const BUDGET = z.object({ kind: z.literal("PodDisruptionBudget") });

const documents = parseAllDocuments(manifest);
const [deployment, service] = z
  .tuple([DEPLOYMENT, SERVICE, BUDGET])
  .parse(documents.map((document) => document.toJS()));
const pod = deployment.spec.template.spec;
const [container] = pod.containers;

/** The environment of the container, secrets filled in from the command that makes them. */
function environment(): Record<string, string> {
  return Object.fromEntries(
    container.env.map(({ name, value, valueFrom }) => [
      name,
      value ?? (secrets.get(valueFrom?.secretKeyRef.key ?? "") ?? "").replace(/^"\$\(.*/, "s".repeat(48)),
    ]),
  );
}

describe("the manifest of docs/kubernetes.md", () => {
  test("is YAML without errors and warnings", () => {
    for (const { errors, warnings } of documents) expect([...errors, ...warnings]).toEqual([]);
  });

  test("gives settings that there are, with values that Strata takes, on all addresses", () => {
    const env = environment();
    expect(unknownSettings(env)).toEqual([]);
    const settings = readSettings(env);
    expect(settings).toMatchObject({ host: "0.0.0.0", access: { kind: "token" }, store: { kind: "redis" } });
    expect(settings.mergeCache).toBeDefined();
  });

  test("has no secret in it: every one comes by reference, and the page says how it is made", () => {
    const secret = /SECRET|STORE|MERGE_CACHE|JWKS/;
    for (const { name, value, valueFrom } of container.env) {
      expect([name, value === undefined]).toEqual([name, secret.test(name)]);
      if (valueFrom !== undefined)
        expect([name, secrets.has(valueFrom.secretKeyRef.key)]).toEqual([name, true]);
    }
  });

  test("names one port, from the setting to the Service and the probes", () => {
    const { port } = readSettings(environment());
    expect(container.ports).toEqual([{ name: "http", containerPort: port }]);
    expect(service.spec.ports.map(({ targetPort }) => targetPort)).toEqual(["http"]);
    for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
      expect(probe.httpGet.port).toBe("http");
    expect(service.spec.selector).toEqual(deployment.spec.template.metadata.labels);
    expect(deployment.spec.selector.matchLabels).toEqual(deployment.spec.template.metadata.labels);
  });

  test("asks for paths that are answered, and restarts nothing because the store is down", async () => {
    const { app } = await TestApp.forTest(undefined, OTHER_SETTINGS);
    expect(container.livenessProbe.httpGet.path).toBe("/health/live");
    expect(container.startupProbe.httpGet.path).toBe("/health/live");
    expect(container.readinessProbe.httpGet.path).toBe("/health/ready");
    for (const { httpGet } of [container.livenessProbe, container.readinessProbe])
      expect((await app.inject(httpGet.path)).statusCode).toBe(200);
    expect(container.readinessProbe.timeoutSeconds).toBeGreaterThan(2);
  });

  test("leaves time for the delay and for closing, and the delay is as long as readiness takes to fail", () => {
    const { drainDelay } = readSettings(environment());
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drainDelay + 10);
    const { periodSeconds, failureThreshold = 3 } = container.readinessProbe;
    expect(drainDelay).toBeGreaterThan(periodSeconds * failureThreshold);
  });

  test("gives what Strata writes a volume, and runs it as the image's user", () => {
    const [mount] = container.volumeMounts;
    expect(environment().STRATA_STATE).toMatch(new RegExp(`^${mount?.mountPath}/`));
    expect(pod.volumes.map(({ name }) => name)).toContain(mount?.name);
    expect(read("Dockerfile")).toMatch(/^USER node$/m);
    expect(container.image.split(":").at(-1)).toBe(JSON.parse(read("package.json")).version);
  });

  test("gives memory for the caches and for what there is besides", () => {
    const { cacheMebibytes } = readSettings(environment());
    const { limits, requests } = container.resources;
    expect(Number.parseInt(requests.memory ?? "", 10)).toBeGreaterThan(cacheMebibytes + 150);
    expect(Number.parseInt(limits.memory, 10)).toBeGreaterThan(Number.parseInt(requests.memory ?? "", 10));
  });
});
