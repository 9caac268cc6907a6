/** How the markets stand: one answer of the API, kept true by events between two answers. */

import { queryOptions } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import type { Market, MarketPhase, MarketStatus, MarketsAnswer, TransitionKind } from '@/api/markets';
import type { ClockReading } from './presentClock';
import { parseObject } from './quote';

export const marketsKey = ['markets'] as const;

export interface MarketRow extends Market {
  /** Up to which instant this row knows, epoch milliseconds: that of the answer, or of the event that came later. */
  readonly asOfMs: number;
}

export interface MarketBoard {
  readonly clock: ClockReading;
  readonly markets: readonly MarketRow[];
}

/** A market opened or closed, as the event `market.open` or `market.close` says it. */
export interface MarketEvent {
  readonly market: string;
  readonly atMs: number;
  readonly status: MarketStatus;
  readonly phase: MarketPhase;
  readonly tradeDate: string | null;
  readonly nextAt: string | null;
  readonly nextType: TransitionKind | null;
}

/** Reads an event's JSON; null when it is none. */
export function readMarketEvent(data: string): MarketEvent | null {
  const said = parseObject(data);
  const atMs = typeof said?.at === 'string' ? Date.parse(said.at) : Number.NaN;
  if (!said || typeof said.market !== 'string' || Number.isNaN(atMs)) return null;
  return {
    market: said.market,
    atMs,
    status: oneOf(STATUSES, said.status) ?? 'UNKNOWN',
    phase: oneOf(PHASES, said.phase) ?? 'UNKNOWN',
    tradeDate: textOrNull(said.trade_date),
    nextAt: textOrNull(said.next_transition_at),
    nextType: oneOf(KINDS, said.next_transition_type),
  };
}

const STATUSES = ['OPEN', 'CLOSED', 'UNKNOWN'] as const;
const PHASES = ['OPEN', 'CLOSED', 'PRE_MARKET', 'POST_MARKET', 'BREAK', 'UNKNOWN'] as const;
const KINDS = ['OPEN', 'CLOSE'] as const;

function oneOf<T extends string>(known: readonly T[], value: unknown): T | null {
  return known.find((each) => each === value) ?? null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The board after an event; the same board when its row knows that instant already, or there is no such row. */
export function applyMarketEvent(board: MarketBoard, event: MarketEvent): MarketBoard {
  const row = board.markets.find(({ country }) => country === event.market);
  if (!row || event.atMs <= row.asOfMs) return board;
  const markets = board.markets.map((each) => (each === row ? rowAfter(row, event) : each));
  return { ...board, markets };
}

function rowAfter(row: MarketRow, event: MarketEvent): MarketRow {
  return {
    ...row,
    asOfMs: event.atMs,
    status: event.status,
    phase: event.phase,
    is_open: event.phase === 'UNKNOWN' ? null : event.phase === 'OPEN',
    resumes_at: null,
    next_transition: event.nextAt,
    next_transition_at: event.nextAt,
    next_transition_type: event.nextType,
    // After a close the next session's date counts, which the event does not know.
    trade_date: event.status === 'OPEN' ? event.tradeDate : row.trade_date,
  };
}

/** An answer as a board. `takenMs`: when it arrived, by this machine's clock. */
export function boardOf(answer: MarketsAnswer, takenMs: number): MarketBoard {
  const nowMs = Date.parse(answer.now);
  const { simulated, speed } = answer.clock;
  const markets = answer.markets
    .toSorted((a, b) => a.position - b.position)
    .map((market) => ({ ...market, asOfMs: nowMs }));
  return { clock: { nowMs, takenMs, simulated, speed }, markets };
}

/** An event may overtake an answer by so much; more than that, and the clock was set back or a replay began anew. */
const OVERTAKING_MS = 5_000;

/** The answer's board, but with the rows that an event has told of a later instant while the answer was on its way. */
export function mergeBoards(shown: MarketBoard | undefined, answered: MarketBoard): MarketBoard {
  const { speed, simulated } = answered.clock;
  const tolerance = simulated ? OVERTAKING_MS * (speed ?? 0) : OVERTAKING_MS;
  const markets = answered.markets.map((row) => {
    const before = shown?.markets.find(({ country }) => country === row.country);
    const ahead = before ? before.asOfMs - row.asOfMs : 0;
    return before && ahead > 0 && ahead <= tolerance ? before : row;
  });
  return { ...answered, markets };
}

const FIVE_MINUTES_MS = 5 * 60_000;
/** So long an event may take before the answer is asked for instead. */
const GRACE_MS = 3_000;
/** Phases (lunch, pre-market) and dates change on multiples of five minutes without an event; later than this after them
 * the rush of an open is over. */
const AFTER_PHASE_MS = 5_000;
const FASTEST_MS = 1_000;
const STANDING_MS = 10_000;

/**
 * How long to wait before the board is asked for anew, milliseconds of this machine.
 *
 * `presentMs`: the board's time now; `spreadMs`: what this page waits longer than others, so that they do not all ask at
 * once. A transition that no event has told is asked for once.
 */
export function refetchAfterMs(board: MarketBoard, presentMs: number, spreadMs: number): number {
  const speed = board.clock.simulated ? board.clock.speed : 1;
  if (speed === null) return FASTEST_MS;
  if (speed <= 0) return STANDING_MS;
  const untilPhase = (FIVE_MINUTES_MS - (presentMs % FIVE_MINUTES_MS) + AFTER_PHASE_MS + spreadMs) / speed;
  const waits = board.markets
    .flatMap(({ next_transition_at, resumes_at }) => [next_transition_at, resumes_at])
    .flatMap((at) => (at === null ? [] : (Date.parse(at) - presentMs) / speed + GRACE_MS))
    .filter((wait) => wait > 0);
  return Math.max(Math.min(untilPhase, ...waits), FASTEST_MS);
}

/** What the query needs of the session. */
interface Present {
  present(): number;
  readonly spreadMs: number;
}

export function marketsQuery(live: Present) {
  return queryOptions({
    queryKey: marketsKey,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ client, signal }): Promise<MarketBoard> => {
      const answer = await fetchMarkets(signal);
      return mergeBoards(client.getQueryData<MarketBoard>(marketsKey), boardOf(answer, Date.now()));
    },
    refetchInterval: ({ state }) =>
      state.data ? refetchAfterMs(state.data, live.present(), live.spreadMs) : STANDING_MS,
  });
}

function fetchMarkets(signal: AbortSignal): Promise<MarketsAnswer> {
  return unwrap(api.GET('/api/markets', { signal }));
}
