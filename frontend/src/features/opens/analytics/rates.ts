/** Words and places of rates: shares of 0 to 1 with their intervals of 95 per cent, and values in USD. */

import { groupThousands } from '@/shared/decimal';
import { UNKNOWN } from '@/shared/format';

export type Interval = readonly [low: number, high: number] | readonly number[];

/** "54%"; the unknown sign for null. */
export function wholePercent(share: number | null | undefined): string {
  return share === null || share === undefined ? UNKNOWN : `${Math.round(share * 100)}%`;
}

/** "35 to 72%", "-3 to 9%". */
export function formatInterval(interval: Interval | null | undefined): string {
  const ends = endsOf(interval);
  return ends ? `${Math.round(ends[0] * 100) + 0} to ${Math.round(ends[1] * 100) + 0}%` : UNKNOWN;
}

/** "+12" or "-3" per cent points of a difference of shares; "0" for what rounds to it. */
export function formatPoints(difference: number): string {
  const points = Math.round(difference * 100) + 0;
  return points > 0 ? `+${points}` : String(points);
}

/** "$1,234", "-$12.50" with cents below $1,000, "+$3.20" where a sign is wanted: for averages and axes. */
export function shortUsd(usd: number | null | undefined, signed = false): string {
  if (usd === null || usd === undefined) return UNKNOWN;
  const size = Math.abs(usd);
  const [whole = '0', cents] = size.toFixed(size < 1000 ? 2 : 0).split('.');
  const digits = `$${groupThousands(whole)}${cents && cents !== '00' ? `.${cents}` : ''}`;
  if (usd < 0 && /[1-9]/.test(digits)) return `-${digits}`;
  return signed && usd > 0 && /[1-9]/.test(digits) ? `+${digits}` : digits;
}

/** "-$3 to $21". */
export function formatUsdInterval(interval: Interval | null | undefined): string {
  const ends = endsOf(interval);
  return ends ? `${shortUsd(ends[0])} to ${shortUsd(ends[1])}` : UNKNOWN;
}

/** Low and high of an interval; null for none. */
export function endsOf(interval: Interval | null | undefined): readonly [number, number] | null {
  const [low, high] = interval ?? [];
  return low === undefined || high === undefined ? null : [low, high];
}

/** Whether a value lies outside an interval: then the difference is more than the sample's own noise. */
export function isOutside(value: number | null | undefined, interval: Interval | null | undefined): boolean {
  const ends = endsOf(interval);
  return ends !== null && value !== null && value !== undefined && (value < ends[0] || value > ends[1]);
}

/** What a rate is measured against. */
interface Against {
  readonly base_rate: number | null;
  readonly base_rate_after_spread: number | null;
}

/** What noise would win at the prices at which one could trade; before the spread where that is not known. */
export function baseOf({ base_rate, base_rate_after_spread }: Against): number | null {
  return base_rate_after_spread ?? base_rate;
}

/** Whether a rate lies above (1) or below (-1) what chance gives, or (0) is not told apart from it. */
export function sideOf(rate: number, interval: Interval | null, base: number): 1 | 0 | -1 {
  if (!isOutside(base, interval)) return 0;
  return rate > base ? 1 : -1;
}

/** From +2 (far above) to -2 (far below), null for what is not known. */
export type Level = 2 | 1 | 0 | -1 | -2 | null;

/** Shares from which a difference from the base rate counts as one, and as a large one. */
export const APART = 0.03;
export const FAR_APART = 0.1;

/** How a rate stands against its base rate. */
export function levelOf(rate: number | null | undefined, base: number | null | undefined): Level {
  if (rate === null || rate === undefined || base === null || base === undefined) return null;
  const difference = rate - base;
  const size = Math.abs(difference);
  if (size < APART) return 0;
  const level = size < FAR_APART ? 1 : 2;
  return difference > 0 ? level : (-level as Level);
}

/** A scale's ends in USD: zero and all the values are inside. */
export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** So many steps of a scale's ends to one of its marks. */
const FINE = 4;

/** A scale for values with their intervals; from -1 to 1 where there are none. Its ends are a little beyond the last. */
export function scaleOf(values: readonly (number | null | undefined)[]): Scale {
  const known = values.filter((each): each is number => typeof each === 'number' && Number.isFinite(each));
  const low = Math.min(0, ...known);
  const high = Math.max(0, ...known);
  if (low === high) return { low: -1, high: 1 };
  const step = stepOf((high - low) / FINE);
  return { low: Math.floor(low / step) * step, high: Math.ceil(high / step) * step };
}

interface Valued {
  readonly value: number | null;
  readonly interval: Interval | null;
}

/** A scale that holds all values and their intervals; those of low samples are given as null, and may leave it. */
export function valuesScale(groups: readonly Valued[]): Scale {
  const { low, high } = scaleOf(groups.flatMap(({ value, interval }) => [value, ...(interval ?? [])]));
  // Room for a little of the intervals that leave it.
  const isBare = groups.every(({ interval }) => interval === null);
  return isBare ? scaleOf([1.5 * low, 1.5 * high, -high / 2, -low / 2]) : { low, high };
}

/** A round step, so that there are about five of them in a span above zero: 1, 2 or 5 times a power of ten. */
export function stepOf(span: number): number {
  const raw = span / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((each) => each * power >= raw) ?? 10;
  return factor * power;
}

/** The round values on a scale. */
export function ticksOf({ low, high }: Scale): readonly number[] {
  const step = stepOf(high - low);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Where a value lies on a scale, 0 to 1, kept inside. */
export function placeOn({ low, high }: Scale, value: number): number {
  return Math.min(Math.max((value - low) / (high - low), 0), 1);
}
