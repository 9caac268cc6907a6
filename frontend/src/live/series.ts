/** Points of a sparkline: at most one a second, the newest 300. */

/** Epoch milliseconds and last price. */
export type Point = readonly [ms: number, last: number];

export const MAX_POINTS = 300;
const SPACING_MS = 1000;

const secondOf = (ms: number): number => Math.floor(ms / SPACING_MS);

/** `points` with one more; the same array when the point's second is taken or past. */
export function appendPoint(points: readonly Point[], point: Point): readonly Point[] {
  const newest = points.at(-1);
  if (newest && secondOf(point[0]) <= secondOf(newest[0])) return points;
  return [...points.slice(-(MAX_POINTS - 1)), point];
}

/** What the server kept, followed by what came live after it. */
export function joinPoints(stored: readonly Point[], live: readonly Point[]): readonly Point[] {
  const newest = stored.at(-1);
  const after = newest ? live.filter((point) => secondOf(point[0]) > secondOf(newest[0])) : live;
  return [...stored, ...after].slice(-MAX_POINTS);
}
