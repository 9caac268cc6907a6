/** What keyboard shortcuts have in common. */

/** Whether a key belongs to what has the focus (a field, a dialog) or to the browser, and so is no shortcut of ours. */
export function isTaken(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.closest('input, textarea, select, dialog, [role="dialog"]') !== null || target.isContentEditable)
  );
}
