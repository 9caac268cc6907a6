/** Which bars are seen: from the address, from a trade date, and back into the address. */

import type { View } from '@/shared/chart/bar';
import type { HistoryBar } from './barHistory';
import { writeInstant } from './chartSearch';
import type { Goal } from './useBarHistory';

/** Empty places behind the newest bar. */
const ROOM = 3;
/** Fewer bars than these are no span that somebody chose. */
const FEWEST = 20;

type Bars = readonly HistoryBar[];

/** The first bar that begins at an instant or later; their number where none does. */
export function indexAt(bars: Bars, ms: number): number {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars[middle]?.startMs ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What to see of the bars first; `most`: how many fit well. Fewer bars are drawn wider. */
export function firstView(bars: Bars, { fromMs, toMs, date }: Goal, most: number): View {
  const room = Math.min(most, Math.max(bars.length + ROOM, 2 * FEWEST));
  if (date !== undefined) return viewOfDate(bars, date, room);
  const to = toMs === undefined ? bars.length - 1 + ROOM : indexAt(bars, toMs + 1) - 1;
  const from = fromMs === undefined ? to - room : indexAt(bars, fromMs);
  return to - from >= FEWEST ? { from, to } : { from: to - Math.max(FEWEST, to - from), to };
}

/** A trade date, or what came last before it; with others around it where it is short. */
function viewOfDate(bars: Bars, date: string, room: number): View {
  const last = bars.findLastIndex((bar) => bar.tradeDate <= date);
  const shown = bars[Math.max(last, 0)]?.tradeDate;
  const first = bars.findIndex((bar) => bar.tradeDate === shown);
  const missing = Math.max(room - (last - first), 0);
  return { from: first - missing / 2, to: last + missing / 2 };
}

/** The same bars in sight after others have come before them; the newest stay in sight where they were. */
export function keptView(view: View, before: Bars, after: Bars): View {
  const first = before[0];
  const earlier = first ? after.findIndex((bar) => bar.time === first.time) : 0;
  const later = after.length - before.length - earlier;
  const shift = earlier + (view.to >= before.length - 1 ? later : 0);
  return { from: view.from + shift, to: view.to + shift };
}

export interface Seen {
  readonly first: HistoryBar;
  readonly last: HistoryBar;
  readonly count: number;
  /** The newest bar there is, is in sight. */
  readonly follows: boolean;
}

/** The bars in sight; null for none. */
export function seenIn(bars: Bars, view: View, isNewest: boolean): Seen | null {
  const [from, to] = [Math.max(Math.ceil(view.from), 0), Math.min(Math.floor(view.to), bars.length - 1)];
  const [first, last] = [bars[from], bars[to]];
  if (!first || !last || to < from) return null;
  return { first, last, count: to - from + 1, follows: isNewest && to === bars.length - 1 };
}

/** A span for the address: without an end while the newest are followed, and nothing at all when that is as at first. */
export function spanOf(seen: Seen, view: View, room: number): { from: string | undefined; to: string | undefined } {
  const isUsual = seen.follows && Math.abs(view.to - view.from - room) < 1.5;
  return {
    from: isUsual ? undefined : writeInstant(seen.first.startMs),
    to: seen.follows ? undefined : writeInstant(seen.last.startMs),
  };
}

/** Where to look for the trade date before (-1) or after (+1) the one at the right edge; null where none is read yet. */
export function stepDateView(bars: Bars, view: View, step: 1 | -1): View | null {
  const at = Math.min(Math.max(Math.floor(view.to), 0), bars.length - 1);
  const date = bars[at]?.tradeDate;
  if (date === undefined) return null;
  const next =
    step === 1
      ? bars.find((bar) => bar.tradeDate > date)?.tradeDate
      : bars.findLast((bar) => bar.tradeDate < date)?.tradeDate;
  if (next === undefined) return null;
  const to = bars.findLastIndex((bar) => bar.tradeDate === next);
  return { from: to - (view.to - view.from), to };
}
