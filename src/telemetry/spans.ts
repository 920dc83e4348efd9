import {
  type Attributes,
  type Context,
  context,
  ProxyTracerProvider,
  propagation,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { traceParentIn } from "./trace-parent.js";

const SCOPE = "strata";

let isOn = false;

/**
 * Finds out whether an SDK is loaded that takes spans: without one, nothing is made for it. Called once, at the start; an SDK is
 * loaded before (`NODE_OPTIONS=--import`).
 */
export function detectTracing(): boolean {
  const provider = trace.getTracerProvider();
  const delegate = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  const span = delegate.getTracer(SCOPE).startSpan("detect");
  // A tracer that does nothing makes spans without an id.
  isOn = trace.isSpanContextValid(span.spanContext());
  return isOn;
}

/** Does work within a span of its own, below the one that is active. Attributes hold no values of callers. */
export function withSpan<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  if (!isOn) return work();
  return trace.getTracer(SCOPE).startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      // Messages can quote what was sent.
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttribute("error.type", (error as { code?: string }).code ?? (error as Error).name);
      throw error;
    } finally {
      span.end();
    }
  });
}

export interface TracedRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const requests = new WeakMap<object, Span>();

/** Handles a request within a server span. Its parent is the span that is active already, or the one in the headers. */
export function withRequestSpan(request: TracedRequest, handle: () => void): void {
  if (!isOn) {
    handle();
    return;
  }
  const { method = "", url = "" } = request;
  const attributes = {
    "http.request.method": method,
    "url.path": url.split("?", 1).join(),
    "url.scheme": "http",
  };
  const options: SpanOptions = { kind: SpanKind.SERVER, attributes };
  const parent = parentOf(request);
  const span = trace.getTracer(SCOPE).startSpan(method, options, parent);
  requests.set(request, span);
  context.with(trace.setSpan(parent, span), handle);
}

/** Ends a request's span; the second time there is nothing to end. */
export function endRequestSpan(
  request: object,
  route: string,
  status: number,
  attributes: () => Attributes,
): void {
  const span = isOn ? requests.get(request) : undefined;
  if (span === undefined) return;
  requests.delete(request);
  span.setAttributes({ ...attributes(), "http.response.status_code": status });
  if (route !== "none") span.setAttribute("http.route", route);
  const { method = "" } = request as TracedRequest;
  span.updateName(route === "none" ? method : `${method} ${route}`);
  if (status >= 500) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute("error.type", String(status));
  }
  span.end();
}

/** The id of a request's trace; undefined where no span was made for it. */
export function traceIdOf(request: object): string | undefined {
  return isOn ? requests.get(request)?.spanContext().traceId : undefined;
}

function parentOf({ headers }: TracedRequest): Context {
  const active = context.active();
  if (trace.getSpan(active) !== undefined) return active;
  const extracted = propagation.extract(active, headers);
  const sent = traceParentIn(headers.traceparent);
  // The SDK may have no propagator, or another one than W3C's.
  if (sent === undefined || trace.getSpanContext(extracted) !== undefined) return extracted;
  return trace.setSpanContext(extracted, { ...sent, isRemote: true });
}
