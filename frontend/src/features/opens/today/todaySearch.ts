/** The part of Today that lives in the address. */

export interface TodaySearch {
  /** Which date, "2025-10-09"; absent: the present trade date. */
  readonly date?: string;
}

/** Replaces the given parts of the address; undefined takes one out. A `step` is one that "back" leads back from. */
export type OnTodaySearch = (change: { date?: string | undefined }, step?: boolean) => void;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

export function readTodaySearch({ date }: Record<string, unknown>): TodaySearch {
  return typeof date === 'string' && isDate(date) ? { date } : {};
}

function isDate(text: string): boolean {
  const ms = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && isoDate(ms) === text;
}

/** The weekday before (-1) or after (+1) a date: no market opens on a weekend, but for what nobody captures. */
export function stepDate(date: string, step: 1 | -1): string {
  let ms = Date.parse(`${date}T00:00:00Z`) + step * DAY_MS;
  while (isWeekend(ms)) ms += step * DAY_MS;
  return isoDate(ms);
}

export function isWeekend(dateMs: number): boolean {
  return [0, 6].includes(new Date(dateMs).getUTCDay());
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
