/** How old a quote may be before it must not look live (FAULTS S11). */

export type Freshness = 'fresh' | 'stale' | 'dead';

export const STALE_AFTER_MS = 5_000;
export const DEAD_AFTER_MS = 60_000;

/** Fresh up to 5 s, stale beyond it, dead beyond 60 s. */
export function freshness(ageMs: number): Freshness {
  if (ageMs > DEAD_AFTER_MS) return 'dead';
  return ageMs > STALE_AFTER_MS ? 'stale' : 'fresh';
}
