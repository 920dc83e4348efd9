import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { Dialog } from "./ui/dialog.js";

const KEYS = [
  ["/", "Search the fields of this config"],
  ["g", "Search the accounts"],
  ["↑ ↓", "From one field to the next"],
  ["Enter", "Open a field's ladder; in an input: go on to the review"],
  ["e", "Edit the field"],
  ["r", "Reset the field to what it would inherit"],
  ["h", "History of the field"],
  ["Ctrl Enter", "In a text of several lines: go on to the review"],
  ["Esc", "Leave an input, close a dialog"],
  ["?", "This list"],
] as const;

interface Sheet {
  show(): void;
}

const SheetContext = createContext<Sheet>({ show: () => {} });

export function useSheet(): Sheet {
  return useContext(SheetContext);
}

/** Keys that work everywhere outside inputs. */
export function Shortcuts({ children }: { children: ReactNode }) {
  const [isShown, setShown] = useState(false);
  const sheet = useMemo(() => ({ show: () => setShown(true) }), []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
        return;
      if (event.key === "?") setShown(true);
      else if (!focusSearch(event.key)) return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <SheetContext value={sheet}>
      {children}
      {isShown && (
        <Dialog title="Keys" onClose={() => setShown(false)}>
          <dl className="keys">
            {KEYS.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </SheetContext>
  );
}

function focusSearch(key: string): boolean {
  const selector = { "/": '[data-action="search"]', g: '[data-action="search-accounts"]' }[key];
  if (selector === undefined || document.querySelector("dialog[open]") !== null) return false;
  const input = document.querySelector<HTMLInputElement>(selector);
  const panel = input?.closest<HTMLElement>("[popover]");
  if (panel && getComputedStyle(panel).display === "none") panel.showPopover();
  input?.focus();
  return input !== null;
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");
}
