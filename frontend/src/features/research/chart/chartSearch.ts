/** The part of the chart page that lives in the address: what is shown, and which span of it. */

import type { Timeframe } from '@/api/research';
import { defined } from '@/shared/search';

export const TIMEFRAMES = ['1s', '5s', '1m', '5m', '15m', '1h', '1d'] as const satisfies readonly Timeframe[];
export const DEFAULT_TIMEFRAME: Timeframe = '1m';

export interface ChartSearch {
  /** Absent: the first of the watch list. */
  readonly symbol?: string;
  /** Absent: one minute. */
  readonly tf?: Timeframe;
  /** Earlier contracts at the newest one's level; absent: prices as they were. */
  readonly adjust?: 'difference';
  /** Regular hours only. */
  readonly session?: 'rth';
  /** Start of the first bar that is seen, ISO 8601 UTC; absent: as many as there is room for. */
  readonly from?: string;
  /** Of the last; absent: the newest, also when newer ones come. */
  readonly to?: string;
}

/** Replaces the given parts of the address; undefined takes one out. A `step` is one that "back" leads back from. */
export type OnChartSearch = (change: { [K in keyof ChartSearch]?: ChartSearch[K] | undefined }, step?: boolean) => void;

const SYMBOL = /^[A-Z0-9][A-Z0-9._-]{0,23}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z$/;

/** Reads the address; what is unknown is left out, never an error. */
export function readChartSearch(raw: Record<string, unknown>): ChartSearch {
  const symbol = String(raw.symbol ?? '');
  return defined({
    symbol: SYMBOL.test(symbol) ? symbol : undefined,
    tf: TIMEFRAMES.find((each) => each === raw.tf && each !== DEFAULT_TIMEFRAME),
    adjust: raw.adjust === 'difference' ? raw.adjust : undefined,
    session: raw.session === 'rth' ? raw.session : undefined,
    from: readInstant(raw.from),
    to: readInstant(raw.to),
  });
}

function readInstant(value: unknown): string | undefined {
  return typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** As the address has it: "2026-11-20T14:30Z", with seconds where they say something. */
export function writeInstant(ms: number): string {
  return new Date(ms).toISOString().replace(/(:00)?\.\d+Z$/, 'Z');
}
