/** The part of Today that lives in the address. */

import { isDate } from '@/shared/dates';

export interface TodaySearch {
  /** Which date, "2025-10-09"; absent: the present trade date. */
  readonly date?: string;
}

/** Replaces the given parts of the address; undefined takes one out. A `step` is one that "back" leads back from. */
export type OnTodaySearch = (change: { date?: string | undefined }, step?: boolean) => void;

export function readTodaySearch({ date }: Record<string, unknown>): TodaySearch {
  return typeof date === 'string' && isDate(date) ? { date } : {};
}
