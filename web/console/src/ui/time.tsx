import { useEffect } from "react";
import { createStore, useStore } from "../store.js";

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** Ticks while any time is shown, so that "2 min ago" does not stay. */
const now = createStore(Date.now());
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function watchClock(): () => void {
  watchers += 1;
  if (watchers === 1) {
    now.set(Date.now());
    timer = setInterval(() => now.set(Date.now()), 30_000);
  }
  return () => {
    watchers -= 1;
    if (watchers === 0) clearInterval(timer);
  };
}

export function ago(at: string, from = Date.now()): string {
  const seconds = (Date.parse(at) - from) / 1_000;
  for (const [unit, length] of STEPS)
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  return "just now";
}

export function exactTime(at: string): string {
  return absolute.format(new Date(at));
}

export function Time({ at }: { at: string }) {
  const from = useStore(now);
  useEffect(watchClock, []);
  return (
    <time dateTime={at} title={`${exactTime(at)} (${at})`}>
      {ago(at, Math.max(from, Date.parse(at)))}
    </time>
  );
}
