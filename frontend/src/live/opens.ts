/** Market opens: their events say what has changed, and what shows it is asked for anew. */

import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { parseObject } from './quote';

/** The first part of the keys of all that the server answers about market opens; the second says what it is. */
export const opensKey = ['market-open'] as const;

/** What changes what is shown; `market_open.skipped` changes nothing. */
export const OPEN_EVENTS = [
  'market_open.captured',
  'market_open.outcome',
  'market_open.missed',
  'market_open.corrected',
] as const;

export interface OpenEvent {
  /** Null of an open that was missed. */
  readonly sessionId: string | null;
  /** The market's local date, "2025-10-09"; null where the event does not say it. */
  readonly tradeDate: string | null;
}

/** Reads an event's JSON; null when it is none. */
export function readOpenEvent(data: string): OpenEvent | null {
  const said = parseObject(data);
  if (!said) return null;
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return { sessionId: text(said.session_id), tradeDate: text(said.trade_date) };
}

/** Whether an answer may be another after an event. The keys are those of features/opens/shared/queries.ts. */
export function concerns({ sessionId, tradeDate }: OpenEvent, key: QueryKey): boolean {
  const [root, what, of] = key;
  if (root !== opensKey[0]) return false;
  if (what === 'session' || what === 'path') return of === sessionId;
  // An empty date is the present one.
  if (what === 'today') return of === '' || tradeDate === null || of === tradeDate;
  return true;
}

/** Events of one instant come together: three markets open at once, with 12 rows each. */
const TOGETHER_MS = 100;
const MOST_OFTEN_MS = 1_000;

/** Asks anew for what events concern: soon after the first, and once a second at most. */
export class OpensRefresher {
  private readonly waiting: OpenEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly queryClient: QueryClient,
    private readonly now: () => number,
  ) {}

  /** Takes an event; answers whether it could be read. */
  take(data: string): boolean {
    const event = readOpenEvent(data);
    if (!event) return false;
    this.waiting.push(event);
    this.timer ??= setTimeout(() => this.ask(), Math.max(TOGETHER_MS, this.askedAt + MOST_OFTEN_MS - this.now()));
    return true;
  }

  /** A market opened or closed: a card may wait for its capture, or the date has turned. */
  marketTurned(): void {
    void this.queryClient.invalidateQueries({ queryKey: [...opensKey, 'today'] });
  }

  private ask(): void {
    const events = this.waiting.splice(0);
    this.timer = undefined;
    this.askedAt = this.now();
    const predicate = ({ queryKey }: { queryKey: QueryKey }) => events.some((event) => concerns(event, queryKey));
    void this.queryClient.invalidateQueries({ predicate });
  }
}
