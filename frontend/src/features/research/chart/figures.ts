/** What the chart draws beside the candles: VWAP of each trade date, hours that are not regular, rolls. */

import type { Roll } from '@/api/research';
import type { Band, LinePoint, Mark } from '@/shared/chart/bar';
import { formatSigned, toMicros } from '@/shared/decimal';
import type { HistoryBar } from './barHistory';

/** VWAP beside its bar, since the trade date's first bar that is shown; null before anything was traded. */
export type VwapOf = ReadonlyMap<HistoryBar, number>;

/**
 * VWAP so far at every bar: a bar's own VWAP times its volume is what was paid in it. It begins anew with each trade date.
 * Of a date whose first bars may not be known yet there is none, unless `isWhole`: the bars begin with all there is.
 */
export function sessionVwap(bars: readonly HistoryBar[], isWhole: boolean): VwapOf {
  const found = new Map<HistoryBar, number>();
  const partial = isWhole ? undefined : bars[0]?.tradeDate;
  let date = '';
  let paid = 0;
  let traded = 0;
  for (const bar of bars) {
    if (bar.tradeDate !== date) [date, paid, traded] = [bar.tradeDate, 0, 0];
    if (bar.vwap !== null && bar.volume !== null) {
      paid += bar.vwap * bar.volume;
      traded += bar.volume;
    }
    if (traded > 0 && date !== partial) found.set(bar, paid / traded);
  }
  return found;
}

/** A line a trade date, or one for all of them. */
export function vwapLine(bars: readonly HistoryBar[], vwap: VwapOf, isOne: boolean): readonly LinePoint[] {
  const known = bars.filter((bar) => vwap.has(bar));
  return known.map((bar, i) => {
    const next = known[i + 1];
    const isLast = !isOne && next !== undefined && next.tradeDate !== bar.tradeDate;
    return { time: bar.time, value: vwap.get(bar) ?? bar.close, ...(isLast && { isLast }) };
  });
}

/** Spans of bars outside regular hours. */
export function outsideHours(bars: readonly HistoryBar[]): readonly Band[] {
  const bands: { from: number; to: number }[] = [];
  bars.forEach((bar, i) => {
    if (bar.session !== 'ETH') return;
    const open = bands.at(-1);
    if (open?.to === i - 1) open.to = i;
    else bands.push({ from: i, to: i });
  });
  return bands;
}

/** Where one contract follows another: before the first bar of the trade date with which it does. */
export function rollMarks(bars: readonly HistoryBar[], rolls: readonly Roll[], precision: number): readonly Mark[] {
  return rolls.flatMap((roll) => {
    const bar = bars.findIndex((each) => each.tradeDate >= roll.trade_date);
    return bar > 0 ? [{ bar, words: rollWords(roll, precision) }] : [];
  });
}

/** "ESZ25 → ESH26 +52.25". */
export function rollWords({ from_contract, to_contract, difference }: Roll, precision: number): string {
  const micros = toMicros(difference);
  return `${from_contract} → ${to_contract} ${micros === null ? 'not measured' : formatSigned(micros, precision)}`;
}
