import { useEffect } from "react";
import { createStore, useStore } from "../store.js";

const message = createStore<{ readonly text: string } | null>(null);
const SHOWN_MS = 6_000;

/** Tells what happened, to eyes and to screen readers. */
export function say(text: string): void {
  message.set({ text });
}

export function Announcer() {
  const said = useStore(message);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => message.set(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div className="announcer" role="status">
      {said !== null && <p>{said.text}</p>}
    </div>
  );
}
