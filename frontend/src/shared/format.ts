/** Words for numbers that are not prices: ages, latencies, counts, rates. */

import { groupThousands } from './decimal';

/** Shown where a value is unknown. */
export const UNKNOWN = '—';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Whole units of the largest fitting size: "3s", "2m", "5h", "4d". A time in the future is "0s". */
export function formatAge(ageMs: number): string {
  const age = Math.max(ageMs, 0);
  if (age < MINUTE) return `${Math.floor(age / SECOND)}s`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)}m`;
  if (age < DAY) return `${Math.floor(age / HOUR)}h`;
  return `${Math.floor(age / DAY)}d`;
}

/** The same spelled out, for sentences: "12 s", "3 min", "2 h", "4 days". */
export function formatAgeLong(ageMs: number): string {
  const age = Math.max(ageMs, 0);
  if (age < MINUTE) return `${Math.floor(age / SECOND)} s`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h`;
  const days = Math.floor(age / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

/** "4 ms", "1.2 s"; past a minute the source's times are not those of now and a figure would mislead. */
export function formatLatency(ms: number): string {
  if (ms < 1) return '<1 ms';
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  return '>1 min';
}

/** A whole count, grouped; the unknown sign for null. */
export function formatCount(count: number | null | undefined): string {
  if (count === null || count === undefined) return UNKNOWN;
  const digits = groupThousands(String(Math.abs(Math.trunc(count))));
  return count < 0 ? `-${digits}` : digits;
}

/** "+0.23%", "-1.20%", "0.00%". */
export function formatPercent(percent: number): string {
  const text = Math.abs(percent).toFixed(2);
  if (!/[1-9]/.test(text)) return '0.00%';
  return `${percent > 0 ? '+' : '-'}${text}%`;
}

/** Events a second with one decimal below ten. */
export function formatRate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond));
}
