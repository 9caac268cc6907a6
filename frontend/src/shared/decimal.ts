/**
 * Exact price arithmetic on integers scaled by 10^6.
 *
 * Prices arrive as JSON numbers with at most six decimals. Subtracting them as binary floats shows noise
 * (0.1 + 0.2), so they are turned into whole micros first; a number of micros is exact up to 2^53, which is a
 * price of nine thousand million.
 */

/** A price or a difference of prices in millionths of a point. */
export type Micros = number;

const SCALE = 1_000_000;
const SCALE_DIGITS = 6;

/** Micros of a price, or null where there is no price or it is too large to be exact. */
export function toMicros(price: number | null | undefined): Micros | null {
  if (price === null || price === undefined || !Number.isFinite(price)) return null;
  const micros = Math.round(price * SCALE);
  return Number.isSafeInteger(micros) ? micros : null;
}

/** a - b, null when either is unknown. */
export function subtract(a: Micros | null, b: Micros | null): Micros | null {
  return a === null || b === null ? null : a - b;
}

/** `part` in per cent of |base|; null when either is unknown or the base is zero. */
export function percentOf(part: Micros | null, base: Micros | null): number | null {
  return part === null || base === null || base === 0 ? null : (part / Math.abs(base)) * 100;
}

/** Digits of `micros` with exactly `precision` decimals (0 to 6), halves rounded away from zero, groups of three. */
export function formatMicros(micros: Micros, precision: number): string {
  const kept = Math.min(Math.max(precision, 0), SCALE_DIGITS);
  const step = 10 ** (SCALE_DIGITS - kept);
  const units = Math.round(Math.abs(micros) / step);
  const digits = String(units).padStart(kept + 1, '0');
  const whole = groupThousands(kept === 0 ? digits : digits.slice(0, -kept));
  const text = kept === 0 ? whole : `${whole}.${digits.slice(-kept)}`;
  return micros < 0 && units !== 0 ? `-${text}` : text;
}

/** As formatMicros, with a plus before what is above zero. */
export function formatSigned(micros: Micros, precision: number): string {
  const text = formatMicros(micros, precision);
  return micros > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** 1234567 as "1,234,567". */
export function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}
