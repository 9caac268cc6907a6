/** Markets by days of the week, as a map of cells. */

import { DAYS, type Day } from '../history/filters';
import type { Stats } from './reads';

export type Cell = Stats['by_market_day'][number];

export interface MapRow {
  readonly country: string;
  readonly name: string;
  /** One of each day that is shown; null where the market never opened on it. */
  readonly cells: readonly (Cell | null)[];
}

export interface MarketDays {
  readonly days: readonly Day[];
  readonly rows: readonly MapRow[];
}

/** Markets in the answer's order; Monday to Friday always, the week-end where somebody opened on it. */
export function marketDays({ by_market, by_market_day }: Pick<Stats, 'by_market' | 'by_market_day'>): MarketDays {
  const seen = new Set<string>(by_market_day.map(({ day }) => day));
  const days = DAYS.filter((day, i) => i < 5 || seen.has(day));
  const cells = new Map(by_market_day.map((cell) => [`${cell.country} ${cell.day}`, cell]));
  const rows = by_market.map(({ country, display_name }) => ({
    country,
    name: display_name,
    cells: days.map((day) => cells.get(`${country} ${day}`) ?? null),
  }));
  return { days, rows };
}
