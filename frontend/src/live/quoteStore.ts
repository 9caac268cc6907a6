/**
 * The newest quote of each symbol, outside React.
 *
 * A quote waits in `pending` until the next frame and only the newest of a symbol is shown: a thousand quotes a second
 * cost at most one render per row and frame. Rows listen to their own symbol, so a row renders only when its quote moved.
 */

import type { Quote } from './quote';
import { appendPoint, joinPoints, type Point } from './series';
import { compareStreamIds } from './streamId';

export interface QuoteEntry {
  /** Stream id of the event. */
  readonly id: string;
  readonly quote: Quote;
}

type Listener = () => void;
/** Runs the callback once, soon; the browser's requestAnimationFrame. */
export type Schedule = (flush: () => void) => void;

const NO_POINTS: readonly Point[] = [];

/** Of two entries of a symbol, the later; the same id twice changes nothing. */
export function newerEntry(current: QuoteEntry | undefined, incoming: QuoteEntry): QuoteEntry {
  return current && compareStreamIds(incoming.id, current.id) <= 0 ? current : incoming;
}

/** Distinct sources of the shown quotes with their number of symbols, by name. */
export function countSources(entries: Iterable<QuoteEntry>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { quote } of entries) counts.set(quote.source, (counts.get(quote.source) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => a.localeCompare(b)));
}

function sameCounts(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([source, count]) => b.get(source) === count);
}

export class QuoteStore {
  private readonly entries = new Map<string, QuoteEntry>();
  private readonly pending = new Map<string, QuoteEntry>();
  private readonly points = new Map<string, readonly Point[]>();
  private readonly symbolListeners = new Map<string, Set<Listener>>();
  private readonly boardListeners = new Set<Listener>();
  private sourceCounts: ReadonlyMap<string, number> = new Map();
  private newestTs: number | null = null;
  private scheduled = false;

  constructor(private readonly schedule: Schedule) {}

  /** Takes a quote; it is visible after the next frame. */
  offer(entry: QuoteEntry): void {
    const { symbol, last, ts } = entry.quote;
    const kept = newerEntry(this.pending.get(symbol) ?? this.entries.get(symbol), entry);
    if (kept !== entry) return;
    this.pending.set(symbol, entry);
    // Points are kept at once: a hidden tab has no frames, and its sparkline must not have a hole afterwards.
    if (last !== null) this.points.set(symbol, appendPoint(this.series(symbol), [ts, last]));
    this.requestFlush();
  }

  /** Puts what the server kept before what came live. */
  seedSeries(stored: Readonly<Record<string, readonly Point[]>>): void {
    for (const [symbol, points] of Object.entries(stored)) {
      this.points.set(symbol, joinPoints(points, this.series(symbol)));
      this.notify(symbol);
    }
  }

  /** Makes everything that waits visible and tells who listens. */
  flush(): void {
    this.scheduled = false;
    const moved = [...this.pending];
    this.pending.clear();
    if (moved.length === 0) return;
    for (const [symbol, entry] of moved) {
      this.entries.set(symbol, entry);
      this.newestTs = Math.max(this.newestTs ?? entry.quote.ts, entry.quote.ts);
    }
    const counts = countSources(this.entries.values());
    if (!sameCounts(counts, this.sourceCounts)) this.sourceCounts = counts;
    for (const [symbol] of moved) this.notify(symbol);
    for (const listener of this.boardListeners) listener();
  }

  get(symbol: string): QuoteEntry | undefined {
    return this.entries.get(symbol);
  }

  series(symbol: string): readonly Point[] {
    return this.points.get(symbol) ?? NO_POINTS;
  }

  /** Changes identity only when a count changes. */
  sources(): ReadonlyMap<string, number> {
    return this.sourceCounts;
  }

  /** Time of the newest quote of all, epoch milliseconds. */
  newest(): number | null {
    return this.newestTs;
  }

  subscribe(symbol: string, listener: Listener): () => void {
    const listeners = this.symbolListeners.get(symbol) ?? new Set();
    this.symbolListeners.set(symbol, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Hears every flush, whatever the symbol. */
  subscribeBoard(listener: Listener): () => void {
    this.boardListeners.add(listener);
    return () => this.boardListeners.delete(listener);
  }

  private requestFlush(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => this.flush());
  }

  private notify(symbol: string): void {
    for (const listener of this.symbolListeners.get(symbol) ?? []) listener();
  }
}
