/** The chart of a trade date. */

import { DAY_MS, dateMs } from '@/shared/dates';
import { writeInstant } from '../chart/chartSearch';

/** A trade date of the futures begins the evening before; bars of 5 minutes show all of it. */
const BEGINS_MS = -2 * 3_600_000;

export function dayOnChart(symbol: string, date: string) {
  const from = writeInstant(dateMs(date) + BEGINS_MS);
  const to = writeInstant(dateMs(date) + DAY_MS + BEGINS_MS);
  return { to: '/research/chart', search: { symbol, tf: '5m', from, to } } as const;
}
