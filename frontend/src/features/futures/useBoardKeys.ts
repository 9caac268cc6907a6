import { type RefObject, useEffect, useRef } from 'react';
import { isTaken } from '@/shared/keys';

export interface BoardActions {
  /** Enter, or a click on an item. */
  readonly onOpen: (symbol: string) => void;
  /** An item got the focus by a key. */
  readonly onMove: (symbol: string) => void;
  readonly onClose: () => void;
  /** Whether an instrument is open: then the arrows to the sides step through it, also in a table. */
  readonly isOpen: boolean;
  readonly onView: () => void;
  readonly onColumns: () => void;
}

/**
 * Keys of the board: j/k and the arrows move between items, Home and End go to the ends, Enter opens, Escape closes, "/"
 * goes to the filter, "v" shows the next view, "c" the columns.
 *
 * The arrows, Home, End and Enter act only while an item has the focus, so that elsewhere they still scroll the page.
 */
export function useBoardKeys(
  board: RefObject<HTMLElement | null>,
  filter: RefObject<HTMLInputElement | null>,
  actions: BoardActions,
): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      const act = actionOf(event.key, board.current, filter.current, latest.current);
      if (!act) return;
      event.preventDefault();
      act();
    };
    const onClick = (event: MouseEvent) => {
      const symbol = symbolOf(event.target, board.current);
      if (symbol && isPlainClick(event)) latest.current.onOpen(symbol);
    };
    window.addEventListener('keydown', onKeyDown);
    window.addEventListener('click', onClick);
    return () => {
      window.removeEventListener('keydown', onKeyDown);
      window.removeEventListener('click', onClick);
    };
  }, [board, filter]);
}

/** What a key does now; null when it means nothing here. */
function actionOf(
  key: string,
  board: HTMLElement | null,
  filter: HTMLInputElement | null,
  actions: BoardActions,
): (() => void) | null {
  if (key === '/') return () => filter?.focus();
  if (key === 'v') return actions.onView;
  if (key === 'c') return actions.onColumns;
  if (key === 'Escape') return actions.onClose;
  const focused = symbolOf(document.activeElement, board);
  if (key === 'Enter') return focused && isItem(document.activeElement) ? () => actions.onOpen(focused) : null;
  const next = nextItem(board, key, actions.isOpen);
  return next ? () => moveTo(next, actions) : null;
}

function moveTo(item: HTMLElement, actions: BoardActions): void {
  item.focus();
  if (item.dataset.symbol) actions.onMove(item.dataset.symbol);
}

const isItem = (target: EventTarget | null): target is HTMLElement =>
  target instanceof HTMLElement && target.dataset.symbol !== undefined;

function symbolOf(target: EventTarget | null, board: HTMLElement | null): string | null {
  if (!(target instanceof Element) || !board?.contains(target)) return null;
  return target.closest<HTMLElement>('[data-symbol]')?.dataset.symbol ?? null;
}

/** A click that selects text, or belongs to the browser, opens nothing. */
function isPlainClick(event: MouseEvent): boolean {
  const isModified = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  return !isModified && (document.getSelection()?.isCollapsed ?? true);
}

/** Whether a key goes to the item before or after, along the line or over it. */
const STEPS: Readonly<Record<string, readonly [step: number, overLines: boolean]>> = {
  j: [1, false],
  k: [-1, false],
  ArrowRight: [1, false],
  ArrowLeft: [-1, false],
  ArrowDown: [1, true],
  ArrowUp: [-1, true],
};

/** Meaningless in a table, whose rows fill the line, unless an instrument is open. */
const SIDEWAYS: ReadonlySet<string> = new Set(['ArrowLeft', 'ArrowRight']);

/** The item that a key leads to from the focused one; null when the key means nothing here. */
function nextItem(board: HTMLElement | null, key: string, isOpen: boolean): HTMLElement | null {
  const items = [...(board?.querySelectorAll<HTMLElement>('[data-symbol]') ?? [])];
  const focused = items.indexOf(document.activeElement as HTMLElement);
  if (focused !== -1) return items[placeAfter(items, focused, key, isOpen)] ?? null;
  const isLetter = key === 'j' || key === 'k';
  return isLetter ? (items.find(({ tabIndex }) => tabIndex === 0) ?? null) : null;
}

/** The number of the item that a key leads to; -1 when the key means nothing here. */
function placeAfter(items: readonly HTMLElement[], focused: number, key: string, isOpen: boolean): number {
  if (key === 'Home') return 0;
  if (key === 'End') return items.length - 1;
  const [step, overLines] = STEPS[key] ?? [0, false];
  const isTable = items[0]?.tagName === 'TR';
  if (step === 0 || (isTable && !isOpen && SIDEWAYS.has(key))) return -1;
  const next = focused + step * (overLines && !isTable ? lineLength(items) : 1);
  return items[next] ? next : focused;
}

/** How many items of a grid stand beside each other. */
function lineLength(items: readonly HTMLElement[]): number {
  const below = items.findIndex(({ offsetTop }) => offsetTop !== items[0]?.offsetTop);
  return below > 0 ? below : items.length;
}
