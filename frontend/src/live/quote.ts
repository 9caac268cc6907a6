/** The canonical quote event as the browser uses it, and the one place where it is read from JSON. */

/** Top of book and last trade of one symbol. Prices in points; null means unknown now. */
export interface Quote {
  readonly symbol: string;
  /** Time of the event, epoch milliseconds. */
  readonly ts: number;
  readonly source: string;
  readonly last: number | null;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly lastSize: number | null;
  readonly bidSize: number | null;
  readonly askSize: number | null;
  readonly volume: number | null;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  /** Previous close. */
  readonly close: number | null;
  readonly change: number | null;
  readonly settlement: number | null;
  /** Dated contract, where the source names it. */
  readonly contract: string | null;
  /** Names of the flags in `meta` that are set, e.g. "crossed". */
  readonly flags: readonly QuoteFlag[];
}

export const QUOTE_FLAGS = ['crossed', 'ahead', 'zero_price', 'negative_price'] as const;
export type QuoteFlag = (typeof QUOTE_FLAGS)[number];

const NO_FLAGS: readonly QuoteFlag[] = [];

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function flagsOf(meta: Json): readonly QuoteFlag[] {
  const flags = QUOTE_FLAGS.filter((flag) => meta[flag] === true);
  return flags.length === 0 ? NO_FLAGS : flags;
}

/** A quote of a decoded JSON object; null when it is not one (no symbol, no source or no readable time). */
export function readQuote(value: unknown): Quote | null {
  if (!isObject(value)) return null;
  const { symbol, source } = value;
  const ts = typeof value.ts === 'string' ? Date.parse(value.ts) : numberOrNull(value.ts);
  if (typeof symbol !== 'string' || symbol === '' || typeof source !== 'string') return null;
  if (ts === null || Number.isNaN(ts)) return null;
  const meta = isObject(value.meta) ? value.meta : {};
  return {
    symbol,
    ts,
    source,
    last: numberOrNull(value.last),
    bid: numberOrNull(value.bid),
    ask: numberOrNull(value.ask),
    lastSize: numberOrNull(value.lastSize),
    bidSize: numberOrNull(value.bidSize),
    askSize: numberOrNull(value.askSize),
    volume: numberOrNull(value.volume),
    open: numberOrNull(value.open),
    high: numberOrNull(value.high),
    low: numberOrNull(value.low),
    close: numberOrNull(value.close),
    change: numberOrNull(value.change),
    settlement: numberOrNull(value.settlement),
    contract: typeof meta.contract === 'string' ? meta.contract : null,
    flags: flagsOf(meta),
  };
}

/** A JSON text as an object, or null when it is neither JSON nor an object. */
export function parseObject(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
