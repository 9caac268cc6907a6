import { type RefObject, useEffect } from 'react';
import { isTaken } from '@/shared/keys';

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

/**
 * Keys of the board: j/k and the arrows move between rows, Home and End go to the ends, "/" goes to the filter.
 *
 * The arrows, Home and End act only while a row has the focus, so that elsewhere they still scroll the page.
 */
export function useBoardKeys(table: RefObject<HTMLTableElement | null>, filter: RefObject<HTMLInputElement | null>) {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      if (event.key === '/') {
        event.preventDefault();
        filter.current?.focus();
        return;
      }
      const next = nextRow(table.current, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [table, filter]);
}

/** The row that a key leads to from the focused one; null when the key means nothing here. */
function nextRow(table: HTMLTableElement | null, key: string): HTMLElement | null {
  const rows = [...(table?.querySelectorAll<HTMLElement>('tbody tr[data-symbol]') ?? [])];
  const focused = rows.indexOf(document.activeElement as HTMLElement);
  const isLetter = key === 'j' || key === 'k';
  if (rows.length === 0 || (focused === -1 && !isLetter)) return null;
  if (key === 'Home') return rows[0] ?? null;
  if (key === 'End') return rows.at(-1) ?? null;
  const step = STEPS[key];
  if (step === undefined) return null;
  if (focused === -1) return table?.querySelector<HTMLElement>('tbody tr[tabindex="0"]') ?? null;
  return rows[Math.min(Math.max(focused + step, 0), rows.length - 1)] ?? null;
}
