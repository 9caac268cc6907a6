/** Bars of the chart: those that the server made of ticks, and the newest one as the quotes move it. */

import type { BarAnswer } from '@/api/research';
import type { Quote } from '@/live/quote';
import type { Bar } from '@/shared/chart/bar';

/** Start of the interval that an instant belongs to, epoch seconds. */
export function barStart(ms: number, seconds: number): number {
  const at = Math.floor(ms / 1000);
  return at - (at % seconds);
}

/** Bars of an answer of `/api/history/bars`, oldest first. */
export function readBars(bars: readonly Pick<BarAnswer, 'ts' | keyof Omit<Bar, 'time'>>[]): readonly Bar[] {
  return bars.map(({ ts, open, high, low, close, volume }) => ({
    time: Date.parse(ts) / 1000,
    open,
    high,
    low,
    close,
    volume: volume ?? 0,
  }));
}

/** Prices that the desk does not take either. */
const REFUSED = ['crossed', 'zero_price'] as const;

/**
 * The newest bar, moved by quotes.
 *
 * Its volume grows by the difference of the session's cumulative volumes; one that falls is a restart and counts from
 * zero, as on the server. The first volume heard is only the base: what was traded before it is in the server's bar.
 */
export class LiveBar {
  private bar: Bar | null;
  private cumulative: number | null = null;

  constructor(
    private readonly seconds: number,
    newest: Bar | undefined,
  ) {
    this.bar = newest ?? null;
  }

  /** The bar after a quote; null when it does not move one: without a last, refused, or of a bar that is over. */
  take(quote: Pick<Quote, 'ts' | 'last' | 'volume' | 'flags'>): Bar | null {
    if (quote.last === null || REFUSED.some((flag) => quote.flags.includes(flag))) return null;
    const time = barStart(quote.ts, this.seconds);
    if (this.bar && time < this.bar.time) return null;
    const traded = this.tradedSince(quote.volume);
    const { last } = quote;
    this.bar =
      this.bar?.time === time
        ? withTrade(this.bar, last, traded)
        : { time, open: last, high: last, low: last, close: last, volume: traded };
    return this.bar;
  }

  private tradedSince(volume: number | null): number {
    if (volume === null) return 0;
    const before = this.cumulative;
    this.cumulative = volume;
    if (before === null) return 0;
    return volume >= before ? volume - before : volume;
  }
}

function withTrade(bar: Bar, last: number, traded: number): Bar {
  return {
    ...bar,
    high: Math.max(bar.high, last),
    low: Math.min(bar.low, last),
    close: last,
    volume: (bar.volume ?? 0) + traded,
  };
}
