/** TOTAL's sum on its scale. */

import type { Contribution, Missing, Thresholds } from '@/live/board';
import { placeIn } from './range';

/** Every one of eleven instruments at its strongest, times two. */
export const SCALE_END = 22;

/** Where a sum of signal weights lies from the left end (-22) to the right (+22), 0 to 1. */
export function scalePlace(sum: number): number {
  return placeIn(-SCALE_END, SCALE_END, sum) ?? 0.5;
}

/** The marks on the scale: TOTAL's thresholds, from left to right. */
export function scaleMarks({ strong_sell, sell, buy, strong_buy }: Thresholds): readonly number[] {
  return [strong_sell, sell, buy, strong_buy];
}

/** Whole numbers with their sign: "+4", "0", "-12". */
export function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}

const STRENGTHS: Readonly<Record<string, number>> = { STRONG_BUY: 2, BUY: 1, HOLD: 0, SELL: -1, STRONG_SELL: -2 };

/** Whether the instrument's sign is turned in TOTAL: a bear instrument, whose rise is bad for the others. */
export function isTurned({ signal, signal_weight }: Contribution): boolean {
  const strength = signal === null ? 0 : (STRENGTHS[signal] ?? 0);
  return strength !== 0 && signal_weight === -strength;
}

/** More of them than these are counted, not named. */
const NAMED = 3;

/** Who is missing and why, in few words: "closed DX, 5 stale". */
export function missingText(missing: readonly Missing[]): string {
  const reasons = [...new Set(missing.map(({ reason }) => reason))];
  return reasons
    .map((reason) =>
      reasonText(
        reason,
        missing.filter((each) => each.reason === reason),
      ),
    )
    .join(', ');
}

function reasonText(reason: string, rows: readonly Missing[]): string {
  if (rows.length > NAMED) return `${rows.length} ${reason}`;
  return `${reason} ${rows.map(({ symbol }) => symbol).join(' ')}`;
}
