import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly onClose?: () => void;
  /** It closes when its matter is settled, not before. */
  readonly isRequired?: boolean;
  readonly className?: string;
}

/** A modal dialog of the browser's own: it keeps the focus inside, and gives it back. */
export function Dialog({ title, children, onClose, isRequired = false, className = "" }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const { current } = element;
    const before = document.activeElement;
    if (current !== null && !current.open) current.showModal();
    // The browser would choose the button that closes.
    current?.querySelector<HTMLElement>("input, textarea, select, .primary")?.focus();
    return () => {
      current?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={element}
      className={className}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        if (!isRequired) onClose?.();
      }}
    >
      <header className="dialog-head">
        <h2 id={titleId}>{title}</h2>
        {!isRequired && (
          <button type="button" className="quiet icon" aria-label="Close" onClick={onClose}>
            ✕
          </button>
        )}
      </header>
      {children}
    </dialog>
  );
}
