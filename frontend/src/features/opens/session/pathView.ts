/**
 * The price path as a picture: where each instant and price lies.
 *
 * Time is drawn true, so that a silence is as long as it was; a chart of bars would close it up.
 */

import type { PathAnswer, PathPoint } from '@/api/marketOpen';

export interface Point {
  /** Epoch milliseconds, with a fraction. */
  readonly ms: number;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly last: number | null;
  /** The price that was compared with the levels; of a row without an entry the last. */
  readonly price: number | null;
}

/** Epoch milliseconds of an instant of the API, its microseconds kept. */
export function msOf(iso: string): number {
  const micros = /\.\d{3}(\d{1,3})/.exec(iso)?.[1] ?? '';
  return Date.parse(iso) + Number(micros.padEnd(3, '0')) / 1000;
}

export function pointsOf({ points, entry_side }: Pick<PathAnswer, 'points' | 'entry_side'>): readonly Point[] {
  const priceOf = (point: PathPoint) => (entry_side === null ? point.last : point.graded);
  return points.map((point) => ({
    ms: msOf(point.ts),
    bid: point.bid,
    ask: point.ask,
    last: point.last,
    price: priceOf(point),
  }));
}

export interface Range {
  readonly from: number;
  readonly until: number;
}

/** What is within a range, with the point before it, whose price still holds at its beginning. */
export function pointsIn(points: readonly Point[], { from, until }: Range): readonly Point[] {
  const first = points.findIndex(({ ms }) => ms >= from);
  if (first === -1) return points.slice(-1);
  return points.slice(Math.max(first - 1, 0)).filter(({ ms }) => ms <= until);
}

/** Half a minute before and after an instant. */
const NEAR_MS = 30_000;

export function near(ms: number): Range {
  return { from: ms - NEAR_MS, until: ms + NEAR_MS };
}

export function wholeRange(path: PathAnswer, points: readonly Point[]): Range {
  const times = [msOf(path.opened_at), msOf(path.captured_at), ...points.map(({ ms }) => ms)];
  if (path.resolved_at) times.push(msOf(path.resolved_at));
  return { from: Math.min(...times), until: Math.max(...times, Math.min(...times) + 1) };
}

/** Lowest and highest of what is drawn, with a little air around it. */
export function priceRange(points: readonly Point[], levels: readonly (number | null)[]): Range {
  const prices = [...points.flatMap(({ bid, ask, price }) => [bid, ask, price]), ...levels].filter(
    (each) => each !== null,
  );
  if (prices.length === 0) return { from: 0, until: 1 };
  const [low, high] = [Math.min(...prices), Math.max(...prices)];
  const air = (high - low || Math.abs(high) * 0.001 || 1) * 0.06;
  return { from: low - air, until: high + air };
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly times: Range;
  readonly prices: Range;
}

export function xOf({ width, times }: Frame, ms: number): number {
  return round(((ms - times.from) / (times.until - times.from)) * width);
}

export function yOf({ height, prices }: Frame, price: number): number {
  return round(((prices.until - price) / (prices.until - prices.from)) * height);
}

const round = (pixels: number): number => Math.round(pixels * 10) / 10;

/** A price holds until the next one: the line goes in steps. Where it is not known there is none. */
export function stepLine(frame: Frame, points: readonly Point[], of: (point: Point) => number | null): string {
  const parts: string[] = [];
  let isDrawing = false;
  for (const point of points) {
    const price = of(point);
    const x = xOf(frame, point.ms);
    if (price === null) {
      if (isDrawing) parts.push(`H${x}`);
      isDrawing = false;
      continue;
    }
    const y = yOf(frame, price);
    parts.push(isDrawing ? `H${x}V${y}` : `M${x} ${y}`);
    isDrawing = true;
  }
  return parts.join('');
}

/** The space between bid and ask, as one shape over the points that have both. */
export function spreadArea(frame: Frame, points: readonly Point[]): string {
  const both = points.filter(({ bid, ask }) => bid !== null && ask !== null);
  if (both.length < 2) return '';
  const there = both.map(
    ({ ms, ask }, i) => `${i === 0 ? 'M' : 'H'}${xOf(frame, ms)}${i === 0 ? ' ' : 'V'}${yOf(frame, ask ?? 0)}`,
  );
  const back = both
    .toReversed()
    .map(({ ms, bid }, i) =>
      i === 0 ? `L${xOf(frame, ms)} ${yOf(frame, bid ?? 0)}` : `V${yOf(frame, bid ?? 0)}H${xOf(frame, ms)}`,
    );
  return `${there.join('')}${back.join('')}Z`;
}

/** A silence longer than this leaves open what happened in it. */
const SILENCE_MS = 5_000;

/** Times without a quote. Of a path that was thinned its points are further apart than the quotes were. */
export function silences(points: readonly Point[], ticks: number): readonly Range[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return [];
  const isThinned = ticks > points.length;
  const limit = isThinned ? Math.max(SILENCE_MS, ((last.ms - first.ms) / points.length) * 6) : SILENCE_MS;
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    return before && point.ms - before.ms > limit ? [{ from: before.ms, until: point.ms }] : [];
  });
}

const SECOND = 1000;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Round instants between the ends, at most so many. */
export function timeTicks({ from, until }: Range, most: number): readonly number[] {
  const step = (STEPS_S.find((each) => (until - from) / (each * SECOND) <= most) ?? 7200) * SECOND;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.max(Math.floor((until - first) / step) + 1, 0) }, (_, i) => first + i * step);
}

/** Round prices between the ends, at most so many. */
export function priceTicks({ from, until }: Range, most: number): readonly number[] {
  const rough = (until - from) / most;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * size >= rough) ?? 10) * size;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.max(Math.floor(until / step) - first + 1, 0) }, (_, i) => (first + i) * step);
}

/** The point that holds at an instant; null before the first. */
export function pointAt(points: readonly Point[], ms: number): Point | null {
  return points.findLast((point) => point.ms <= ms) ?? null;
}
