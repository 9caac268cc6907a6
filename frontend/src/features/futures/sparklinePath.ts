/** Geometry of a sparkline. */

import type { Point } from '@/live/series';

export interface SparklineBox {
  readonly width: number;
  readonly height: number;
}

/** Room above and below the line, so that its stroke is not cut. */
const MARGIN = 2;

/**
 * An SVG path through the points, time to the right and price up, filling the box.
 *
 * The time axis is that of the points, so a pause shows as a long straight piece. A price that never moved is a line in
 * the middle. Empty for less than two points.
 */
export function sparklinePath(points: readonly Point[], { width, height }: SparklineBox): string {
  const first = points[0];
  const newest = points.at(-1);
  if (!first || !newest || points.length < 2) return '';
  const prices = points.map(([, price]) => price);
  const low = Math.min(...prices);
  const range = Math.max(...prices) - low;
  const duration = newest[0] - first[0] || 1;
  const x = (ms: number) => ((ms - first[0]) / duration) * width;
  const y = (price: number) =>
    range === 0 ? height / 2 : height - MARGIN - ((price - low) / range) * (height - 2 * MARGIN);
  return points.map(([ms, price], i) => `${i === 0 ? 'M' : 'L'}${x(ms).toFixed(1)} ${y(price).toFixed(1)}`).join('');
}

/** Which way the series went from its first to its newest point. */
export function trendOf(points: readonly Point[]): 'up' | 'down' | 'flat' {
  const first = points[0]?.[1];
  const newest = points.at(-1)?.[1];
  if (first === undefined || newest === undefined || first === newest) return 'flat';
  return newest > first ? 'up' : 'down';
}
