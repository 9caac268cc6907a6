/** The desk's row as figures that can be shown: exact prices, and the last price that they were measured from. */

import type { BoardRow } from '@/live/board';
import { type Micros, percentOf, toMicros } from '@/shared/decimal';

export interface RangeView {
  readonly low: Micros | null;
  readonly high: Micros | null;
  readonly last: Micros | null;
}

export interface DeskView {
  /** The last good price; the desk's distances are measured from it, not from a suspect quote. */
  readonly last: Micros | null;
  readonly vwap: Micros | null;
  readonly vwapDistance: Micros | null;
  readonly vwapDistancePct: number | null;
  readonly day: RangeView;
  readonly year: RangeView;
}

/** ``shown``: the last of the newest quote, where the distance from VWAP is to fit it; a suspect one does not count. */
export function deskView(row: BoardRow | undefined, shown: Micros | null = null): DeskView {
  const vwap = toMicros(row?.vwap);
  const isGood = row !== undefined && row.suspect.length === 0;
  const ownDistance = isGood && shown !== null && vwap !== null ? shown - vwap : null;
  const vwapDistance = ownDistance ?? toMicros(row?.vwap_distance);
  const [low52, high52] = [toMicros(row?.low_52w), toMicros(row?.high_52w)];
  const fromLow = toMicros(row?.dist_from_52w_low);
  const change = toMicros(row?.change);
  const last = sum(vwap, vwapDistance) ?? sum(low52, fromLow) ?? sum(toMicros(row?.baseline), change);
  return {
    last,
    vwap,
    vwapDistance,
    vwapDistancePct: ownDistance !== null && vwap ? percentOf(ownDistance, vwap) : (row?.vwap_distance_pct ?? null),
    day: { low: toMicros(row?.session_low), high: toMicros(row?.session_high), last },
    year: { low: low52, high: high52, last: sum(low52, fromLow) ?? last },
  };
}

function sum(a: Micros | null, b: Micros | null): Micros | null {
  return a === null || b === null ? null : a + b;
}
