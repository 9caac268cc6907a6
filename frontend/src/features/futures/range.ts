/** Where a value lies between two ends. */

/** From 0 at the low end to 1 at the high one, held within; in the middle of no range; null where an end is unknown. */
export function placeIn(low: number | null, high: number | null, value: number | null): number | null {
  if (low === null || high === null || value === null || high < low) return null;
  if (high === low) return 0.5;
  return Math.min(Math.max((value - low) / (high - low), 0), 1);
}

/** A place as whole per cent: "43%". */
export function placeText(place: number): string {
  return `${Math.round(place * 100)}%`;
}
