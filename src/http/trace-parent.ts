const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-.*)?$/;

/** The trace id of a W3C `traceparent`; undefined where there is none, or none that is valid. */
export function traceIdIn(traceparent: string | string[] | undefined): string | undefined {
  if (typeof traceparent !== "string" || traceparent.length > 256) return undefined;
  // Version 00 ends after its flags.
  if (traceparent.startsWith("00") && traceparent.length !== 55) return undefined;
  return TRACE_PARENT.exec(traceparent)?.[1];
}
