/** What a row of the board shows: figures derived from one instrument and its newest quote. */

import type { Instrument } from '@/api/queries';
import type { Quote, QuoteFlag } from '@/live/quote';
import { formatMicros, type Micros, percentOf, subtract, toMicros } from '@/shared/decimal';

/** Which number the change is measured from. */
export type Baseline = 'settlement' | 'close' | 'source';

export interface Change {
  readonly points: Micros;
  /** Null where the baseline is unknown or zero. */
  readonly percent: number | null;
  readonly baseline: Baseline;
  readonly base: Micros;
}

/** What the desk measures from since the session began. */
export interface DeskBaseline {
  readonly price: number | null;
  readonly from: 'settlement' | 'close' | null;
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
  readonly spreadTicks: number | null;
  readonly open: Micros | null;
  readonly high: Micros | null;
  readonly low: Micros | null;
  readonly close: Micros | null;
  readonly settlement: Micros | null;
  readonly change: Change | null;
  readonly bidSize: number | null;
  readonly askSize: number | null;
  readonly volume: number | null;
}

/**
 * Last minus what the desk measures from, so that change and signal agree; before the desk has a baseline the quote's own
 * settlement, else its previous close (SPEC 1), and at last the change that the source gives.
 */
export function changeOf(
  quote: Pick<Quote, 'last' | 'change' | 'settlement' | 'close'>,
  desk?: DeskBaseline,
): Change | null {
  const last = toMicros(quote.last);
  if (last === null) return null;
  const base = toMicros(desk?.price);
  if (base !== null && desk?.from) return change(last - base, base, desk.from);
  const settlement = toMicros(quote.settlement);
  if (settlement !== null) return change(last - settlement, settlement, 'settlement');
  const close = toMicros(quote.close);
  if (close !== null) return change(last - close, close, 'close');
  const given = toMicros(quote.change);
  return given === null ? null : change(given, last - given, 'source');
}

function change(points: Micros, base: Micros, baseline: Baseline): Change {
  return { points, percent: percentOf(points, base), baseline, base };
}

/** From what the change is measured, in one word. */
export const BASELINE_WORDS: Readonly<Record<Baseline, string>> = {
  settlement: 'settlement',
  close: 'prev close',
  source: 'source',
};

/** Says from what the change is measured, for the cell's title. */
export function changeTitle({ baseline, base }: Change, precision: number, source: string | null): string {
  const price = formatMicros(base, precision);
  if (baseline === 'source') return `Net change as ${source ?? 'the source'} gives it (from ${price})`;
  return baseline === 'settlement' ? `From the prior settlement ${price}` : `From the previous close ${price}`;
}

/** The view of an instrument; everything is unknown while there is no quote. */
export function rowView(instrument: Instrument, quote: Quote | undefined, desk?: DeskBaseline): RowView {
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
    spreadTicks: ticksOf(subtract(ask, bid), toMicros(Number(instrument.tick_size))),
    open: toMicros(quote?.open),
    high: toMicros(quote?.high),
    low: toMicros(quote?.low),
    close: toMicros(quote?.close),
    settlement: toMicros(quote?.settlement),
    change: quote ? changeOf(quote, desk) : null,
    bidSize: quote?.bidSize ?? null,
    askSize: quote?.askSize ?? null,
    volume: quote?.volume ?? null,
  };
}

/** A distance in ticks, to one decimal; null where either is unknown. */
export function ticksOf(distance: Micros | null, tick: Micros | null): number | null {
  return distance === null || tick === null || tick <= 0 ? null : Math.round((distance / tick) * 10) / 10;
}

/** Whether the filter's words all occur in the symbol or the name, whatever the case. */
export function matchesFilter(instrument: Pick<Instrument, 'symbol' | 'name'>, filter: string): boolean {
  const text = `${instrument.symbol} ${instrument.name}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
