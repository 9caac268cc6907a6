/** One state per source, of the health rows of all its collectors. */

import type { SourceHealth } from '@/api/queries';

export type SourceState = SourceHealth['state'];

/** Best first: of two collectors of one source one leads and the other waits, and the source is as well as its best. */
const BEST_FIRST: readonly SourceState[] = ['connected', 'stale', 'waiting', 'down'];

/** The best state among the rows of `source`; null when nothing reports it. */
export function sourceState(rows: readonly SourceHealth[], source: string): SourceState | null {
  const states = new Set(rows.filter((row) => row.source === source).map((row) => row.state));
  return BEST_FIRST.find((state) => states.has(state)) ?? null;
}

/** Sources for the header: those of the shown quotes, or those that report health while there is no quote. */
export function shownSources(counts: ReadonlyMap<string, number>, rows: readonly SourceHealth[]): readonly string[] {
  return counts.size > 0 ? [...counts.keys()] : [...new Set(rows.map((row) => row.source))].toSorted();
}
