/** Words of market opens: money, prices, spans, outcomes. */

import type { Outcome, Quality, SessionRow } from '@/api/marketOpen';
import { formatMicros, formatSigned, toMicros } from '@/shared/decimal';
import { UNKNOWN } from '@/shared/format';

export type Tone = 'worked' | 'failed' | 'pending' | 'quiet';

interface OutcomeWords {
  readonly word: string;
  readonly tone: Tone;
  readonly title: string;
}

export const OUTCOME_WORDS: Readonly<Record<Outcome, OutcomeWords>> = {
  WORKED: { word: 'Worked', tone: 'worked', title: 'The target was touched first' },
  DIDNT_WORK: { word: 'Didn’t work', tone: 'failed', title: 'The stop was touched first' },
  PENDING: { word: 'Pending', tone: 'pending', title: 'Neither level was touched yet, and the window is not over' },
  EXPIRED: { word: 'Expired', tone: 'quiet', title: 'The window ended before a level was touched: counts 0' },
  NEUTRAL: { word: 'No entry', tone: 'quiet', title: 'There was nothing to enter: no trade' },
  ERROR: { word: 'Error', tone: 'quiet', title: 'No quote with the price that is graded came in the whole window' },
};

export const QUALITY_WORDS: Readonly<Record<Quality, { readonly word: string; readonly title: string }>> = {
  exact: { word: 'exact', title: 'Quotes came without a silence of more than 5 s' },
  gap: { word: 'gap', title: 'More than 5 s without a quote: what happened in that silence is not known' },
  bar_only: { word: 'bars only', title: 'There were only bars: where both levels lay in one, the stop counts' },
};

/** "+$100.00", "-$35.00", "$0.00"; the unknown sign for null. */
export function formatUsd(usd: number | null | undefined, signed = true): string {
  const micros = toMicros(usd);
  if (micros === null) return UNKNOWN;
  const digits = formatMicros(Math.abs(micros), 2);
  const isZero = !/[1-9]/.test(digits);
  const sign = isZero ? '' : micros < 0 ? '-' : signed ? '+' : '';
  return `${sign}$${digits}`;
}

/** "worked", "failed" or "quiet" for money above, below and at zero: its colour. */
export function toneOf(usd: number | null | undefined): Tone {
  if (!usd) return 'quiet';
  return usd > 0 ? 'worked' : 'failed';
}

/** A price with the decimals of its instrument. */
export function formatPrice(price: number | null | undefined, precision: number): string {
  const micros = toMicros(price);
  return micros === null ? UNKNOWN : formatMicros(micros, precision);
}

/** The same of a difference: "+8.25". */
export function formatMove(points: number | null | undefined, precision: number): string {
  const micros = toMicros(points);
  return micros === null ? UNKNOWN : formatSigned(micros, precision);
}

/** "0.345 s", "12.3 s", "3 min 12 s", "1 h 2 min". */
export function formatSpan(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds < 1) return `${seconds.toFixed(3)} s`;
  if (seconds < 60) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  return rest > 0 ? `${minutes} min ${rest} s` : `${minutes} min`;
}

/** A share as "54.2%"; the unknown sign for null. */
export function formatShare(share: number | null | undefined): string {
  return share === null || share === undefined ? UNKNOWN : `${Number((share * 100).toFixed(1))}%`;
}

/** "+4", "0", "-2"; the unknown sign for null. */
export function formatWeight(weight: number | null | undefined): string {
  if (weight === null || weight === undefined) return UNKNOWN;
  return weight > 0 ? `+${weight}` : String(weight);
}

/** Why instruments do not count in TOTAL: "stale VX, DX; closed ZB". */
export function missingWords(missing: SessionRow['missing']): string {
  const rows = missing ?? [];
  const of = (reason: string) => rows.flatMap((each) => (each.reason === reason ? each.symbol : []));
  return [...new Set(rows.map(({ reason }) => reason))]
    .map((reason) => `${reason} ${of(reason).join(', ')}`)
    .join('; ');
}
