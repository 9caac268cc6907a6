/** The desk's row as figures that can be shown: exact prices, and the last price that they were measured from. */

import type { BoardRow } from '@/live/board';
import { type Micros, toMicros } from '@/shared/decimal';

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

export function deskView(row: BoardRow | undefined): DeskView {
  const vwap = toMicros(row?.vwap);
  const vwapDistance = toMicros(row?.vwap_distance);
  const [low52, high52] = [toMicros(row?.low_52w), toMicros(row?.high_52w)];
  const fromLow = toMicros(row?.dist_from_52w_low);
  const change = toMicros(row?.change);
  const last = sum(vwap, vwapDistance) ?? sum(low52, fromLow) ?? sum(toMicros(row?.baseline), change);
  return {
    last,
    vwap,
    vwapDistance,
    vwapDistancePct: row?.vwap_distance_pct ?? null,
    day: { low: toMicros(row?.session_low), high: toMicros(row?.session_high), last },
    year: { low: low52, high: high52, last: sum(low52, fromLow) ?? last },
  };
}

function sum(a: Micros | null, b: Micros | null): Micros | null {
  return a === null || b === null ? null : a + b;
}
