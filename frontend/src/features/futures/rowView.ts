/** What a row of the board shows: figures derived from one instrument and its newest quote. */

import type { Instrument } from '@/api/queries';
import type { Quote, QuoteFlag } from '@/live/quote';
import { formatMicros, type Micros, percentOf, subtract, toMicros } from '@/shared/decimal';

/** Which number the change is measured from. */
export type Baseline = 'source' | 'settlement' | 'close';

export interface Change {
  readonly points: Micros;
  /** Null where the baseline is unknown or zero. */
  readonly percent: number | null;
  readonly baseline: Baseline;
  readonly base: Micros;
}

export interface RowView {
  readonly symbol: string;
  readonly name: string;
  readonly precision: number;
  readonly hasQuote: boolean;
  readonly ts: number | null;
  readonly source: string | null;
  readonly contract: string | null;
  readonly flags: readonly QuoteFlag[];
  readonly last: Micros | null;
  readonly bid: Micros | null;
  readonly ask: Micros | null;
  readonly spread: Micros | null;
  readonly open: Micros | null;
  readonly high: Micros | null;
  readonly low: Micros | null;
  readonly close: Micros | null;
  readonly change: Change | null;
  readonly bidSize: number | null;
  readonly askSize: number | null;
  readonly volume: number | null;
}

/** The source's own change where it gives one, else last - settlement, else last - previous close (SPEC 1). */
export function changeOf(quote: Pick<Quote, 'last' | 'change' | 'settlement' | 'close'>): Change | null {
  const last = toMicros(quote.last);
  const given = toMicros(quote.change);
  if (last === null) return null;
  if (given !== null) return change(given, last - given, 'source');
  const settlement = toMicros(quote.settlement);
  if (settlement !== null) return change(last - settlement, settlement, 'settlement');
  const close = toMicros(quote.close);
  return close === null ? null : change(last - close, close, 'close');
}

function change(points: Micros, base: Micros, baseline: Baseline): Change {
  return { points, percent: percentOf(points, base), baseline, base };
}

/** Says from what the change is measured, for the cell's title. */
export function changeTitle({ baseline, base }: Change, precision: number, source: string | null): string {
  const price = formatMicros(base, precision);
  if (baseline === 'source') return `Net change as ${source ?? 'the source'} gives it (from ${price})`;
  return baseline === 'settlement' ? `From the prior settlement ${price}` : `From the previous close ${price}`;
}

/** The view of an instrument; everything is unknown while there is no quote. */
export function rowView(instrument: Instrument, quote: Quote | undefined): RowView {
  const bid = toMicros(quote?.bid);
  const ask = toMicros(quote?.ask);
  return {
    symbol: instrument.symbol,
    name: instrument.name,
    precision: instrument.display_precision,
    hasQuote: quote !== undefined,
    ts: quote?.ts ?? null,
    source: quote?.source ?? null,
    contract: quote?.contract ?? null,
    flags: quote?.flags ?? [],
    last: toMicros(quote?.last),
    bid,
    ask,
    spread: subtract(ask, bid),
    open: toMicros(quote?.open),
    high: toMicros(quote?.high),
    low: toMicros(quote?.low),
    close: toMicros(quote?.close),
    change: quote ? changeOf(quote) : null,
    bidSize: quote?.bidSize ?? null,
    askSize: quote?.askSize ?? null,
    volume: quote?.volume ?? null,
  };
}

/** Whether the filter's words all occur in the symbol or the name, whatever the case. */
export function matchesFilter(instrument: Pick<Instrument, 'symbol' | 'name'>, filter: string): boolean {
  const text = `${instrument.symbol} ${instrument.name}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
