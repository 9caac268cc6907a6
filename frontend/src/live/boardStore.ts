/**
 * The desk's newest row of each symbol and TOTAL, outside React: shown at most once a frame, each row's listeners by
 * themselves, as in the store of quotes.
 */

import type { BoardChange, BoardRow, Total } from './board';
import type { Schedule } from './quoteStore';

type Listener = () => void;

/** While quotes come, the desk says something at least so often; otherwise it does not answer. */
const SILENT_AFTER_MS = 10_000;

export class BoardStore {
  private readonly rows = new Map<string, BoardRow>();
  private shownTotal: Total | null = null;
  private readonly pending = new Map<string, BoardRow>();
  private pendingTotal: Total | null = null;
  private readonly symbolListeners = new Map<string, Set<Listener>>();
  private readonly totalListeners = new Set<Listener>();
  /** Events taken, and for each symbol which of them was its last; TOTAL's is under its own name. */
  private taken = 0;
  private readonly lastTaken = new Map<string, number>();
  private scheduled = false;
  private movedMs: number | null = null;
  private quotedMs: number | null = null;
  private quotingSinceMs: number | null = null;

  constructor(private readonly schedule: Schedule) {}

  /** Takes an event of the stream; it is visible after the next frame. */
  take(change: BoardChange, receivedMs: number): void {
    this.taken += 1;
    this.movedMs = receivedMs;
    for (const row of change.rows) this.lastTaken.set(row.symbol, this.taken);
    if (change.total) this.lastTaken.set('TOTAL', this.taken);
    this.put(change);
  }

  /** To be given to `replace` with the answer to what is asked now. */
  mark(): number {
    return this.taken;
  }

  /** Takes an answer; of what an event spoke of after `mark`, the later of both is kept. */
  replace(answer: BoardChange, mark: number): void {
    const isTold = (name: string) => (this.lastTaken.get(name) ?? 0) > mark;
    const known = (symbol: string) => this.pending.get(symbol) ?? this.rows.get(symbol);
    const rows = answer.rows.filter((row) => !isTold(row.symbol) || (row.atMs ?? 0) > (known(row.symbol)?.atMs ?? 0));
    this.put({ rows, total: isTold('TOTAL') ? null : answer.total });
  }

  private put({ rows, total }: BoardChange): void {
    for (const row of rows) this.pending.set(row.symbol, row);
    this.pendingTotal = total ?? this.pendingTotal;
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => this.flush());
  }

  /** Makes everything that waits visible and tells who listens. */
  flush(): void {
    this.scheduled = false;
    const moved = [...this.pending];
    this.pending.clear();
    for (const [symbol, row] of moved) this.rows.set(symbol, row);
    for (const [symbol] of moved) for (const listener of this.symbolListeners.get(symbol) ?? []) listener();
    if (!this.pendingTotal) return;
    this.shownTotal = this.pendingTotal;
    this.pendingTotal = null;
    for (const listener of this.totalListeners) listener();
  }

  row(symbol: string): BoardRow | undefined {
    return this.rows.get(symbol);
  }

  total(): Total | null {
    return this.shownTotal;
  }

  /** A quote arrived: from now on the desk should have something to say. */
  heardQuote(receivedMs: number): void {
    const isBreak = this.quotedMs === null || receivedMs - this.quotedMs > SILENT_AFTER_MS;
    if (isBreak) this.quotingSinceMs = receivedMs;
    this.quotedMs = receivedMs;
  }

  /** Whether quotes come, but nothing from the desk. Local epoch milliseconds. */
  isSilent(nowMs: number): boolean {
    if (this.quotedMs === null || this.quotingSinceMs === null) return false;
    if (nowMs - this.quotedMs > SILENT_AFTER_MS) return false;
    return nowMs - Math.max(this.movedMs ?? 0, this.quotingSinceMs) > SILENT_AFTER_MS;
  }

  subscribe(symbol: string, listener: Listener): () => void {
    const listeners = this.symbolListeners.get(symbol) ?? new Set();
    this.symbolListeners.set(symbol, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  subscribeTotal(listener: Listener): () => void {
    this.totalListeners.add(listener);
    return () => this.totalListeners.delete(listener);
  }
}
