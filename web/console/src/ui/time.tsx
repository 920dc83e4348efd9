import { useEffect } from "react";
import { createStore, useStore } from "../store.js";
import { ago } from "./ago.js";

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
