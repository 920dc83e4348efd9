const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;

/** Where a caller's trace stands. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** What a W3C `traceparent` says; undefined where there is none, or none that is valid. */
export function traceParentIn(traceparent: string | string[] | undefined): TraceParent | undefined {
  if (typeof traceparent !== "string" || traceparent.length > 256) return undefined;
  // Version 00 ends after its flags.
  if (traceparent.startsWith("00") && traceparent.length !== 55) return undefined;
  const [, traceId, spanId, flags] = TRACE_PARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags ?? "", 16) };
}
