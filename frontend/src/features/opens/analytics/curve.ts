/** The running P&L as a curve: its drawdown, its lines, the day below a pointer. */

import { placeOn, type Scale, scaleOf } from './rates';

export interface PnlPoint {
  readonly trade_date: string;
  readonly pnl_usd: number;
  readonly cumulative_usd: number;
  readonly entries: number;
}

export interface CurvePoint extends PnlPoint {
  /** How far it is below the highest before it (which is at least 0), in USD, zero or below. */
  readonly drawdown: number;
}

/** The points with their drawdown. */
export function withDrawdown(points: readonly PnlPoint[]): readonly CurvePoint[] {
  let highest = 0;
  return points.map((point) => {
    highest = Math.max(highest, point.cumulative_usd);
    return { ...point, drawdown: point.cumulative_usd - highest };
  });
}

/** The span of days with the deepest drawdown: the last high before it, and its bottom; null where there is none. */
export function deepest(points: readonly CurvePoint[]): { readonly from: number; readonly to: number } | null {
  let to = -1;
  points.forEach((point, i) => {
    if (point.drawdown < (points[to]?.drawdown ?? 0)) to = i;
  });
  if (to < 0) return null;
  const from = points.findLastIndex((point, i) => i < to && point.drawdown === 0);
  return { from: Math.max(from, 0), to };
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Curve {
  readonly scale: Scale;
  /** Paths of the sum, of the area between it and its highest so far, and the height of zero. */
  readonly line: string;
  readonly under: string;
  readonly zero: number;
}

/** The place of day `i` of `count`; a single day is in the middle. */
export function xOf(i: number, count: number, width: number): number {
  return count < 2 ? width / 2 : (i / (count - 1)) * width;
}

export function yOf(scale: Scale, value: number, height: number): number {
  return (1 - placeOn(scale, value)) * height;
}

/** The curve in a box of pixels. */
export function curveOf(points: readonly CurvePoint[], { width, height }: Box): Curve {
  const scale = scaleOf(points.map((point) => point.cumulative_usd));
  const at = (value: (point: CurvePoint) => number) =>
    points.map(
      (point, i) => `${xOf(i, points.length, width).toFixed(1)} ${yOf(scale, value(point), height).toFixed(1)}`,
    );
  const sums = at((point) => point.cumulative_usd);
  const highs = at((point) => point.cumulative_usd - point.drawdown);
  return {
    scale,
    line: sums.length > 0 ? `M${sums.join('L')}` : '',
    under: sums.length > 0 ? `M${sums.join('L')}L${highs.toReversed().join('L')}Z` : '',
    zero: yOf(scale, 0, height),
  };
}

/** The day nearest to a place along the curve; -1 where there are none. */
export function nearest(x: number, count: number, width: number): number {
  if (count === 0) return -1;
  return Math.min(Math.max(Math.round((x / Math.max(width, 1)) * (count - 1)), 0), count - 1);
}
