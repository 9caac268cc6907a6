/** Coverage as a grid: symbols by trade dates. */

import type { Cell, CellState, CoverageAnswer } from '@/api/research';
import { weekdays } from '@/shared/dates';

export interface Grid {
  readonly dates: readonly string[];
  readonly months: readonly Month[];
  readonly rows: readonly GridRow[];
}

export interface GridRow {
  readonly symbol: string;
  /** Beside `dates`; undefined where there is nothing to say. */
  readonly cells: readonly (Cell | undefined)[];
}

export interface Month {
  /** "2026-11". */
  readonly name: string;
  /** How many dates of it there are. */
  readonly dates: number;
}

/** The grid of an answer: all weekdays of its span, and other dates that have something. */
export function gridOf({ start, end, symbols, days }: CoverageAnswer): Grid {
  const byDate = new Map(days.map(({ trade_date, cells }) => [trade_date, new Map(cells.map((c) => [c.symbol, c]))]));
  const dates = [...new Set([...weekdays(start, end), ...byDate.keys()])].toSorted();
  const rows = symbols.map((symbol) => ({ symbol, cells: dates.map((date) => byDate.get(date)?.get(symbol)) }));
  return { dates, months: monthsOf(dates), rows };
}

function monthsOf(dates: readonly string[]): readonly Month[] {
  const counts = new Map<string, number>();
  for (const date of dates) counts.set(date.slice(0, 7), (counts.get(date.slice(0, 7)) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, dates: count }));
}

export interface StateWords {
  readonly word: string;
  readonly means: string;
}

/** In the order of the legend: from what is well to what is not. */
export const STATES: Readonly<Record<CellState, StateWords>> = {
  exported: { word: 'In the lake', means: 'the file has every stored tick' },
  archived: { word: 'Lake only', means: 'archived: the file is the only one that has the ticks' },
  stale: { word: 'Partly', means: 'more ticks are stored than the file has: export again' },
  stored: { word: 'Not exported', means: 'only in the tick store' },
  damaged: { word: 'Damaged', means: 'its file is not what was written' },
  missing: { word: 'File missing', means: 'its file is gone' },
  empty: { word: 'Nothing', means: 'the market was open and no tick is stored' },
  closed: { word: 'Closed', means: 'no session' },
};

export type Level = 'good' | 'fair' | 'poor' | 'unknown';

export const LEVELS: Readonly<Record<Level, StateWords>> = {
  good: { word: '99.5% or more', means: 'of the open hours are in no gap' },
  fair: { word: '95% or more', means: 'of the open hours are in no gap' },
  poor: { word: 'Less than 95%', means: 'of the open hours are in no gap' },
  unknown: { word: 'Not looked at', means: 'no quality report yet' },
};

const GOOD = 0.995;
const FAIR = 0.95;

/** How good the ticks of a cell are; null where there are none. */
export function levelOf(cell: Cell | undefined): Level | null {
  if (!cell || (cell.ticks === 0 && !cell.stored)) return null;
  const share = cell.quality?.coverage;
  if (share === undefined || share === null) return 'unknown';
  return share >= GOOD ? 'good' : share >= FAIR ? 'fair' : 'poor';
}

/** How many cells are in each state, or of each level. */
export function countBy<K extends string>(grid: Grid, keyOf: (cell: Cell) => K | null): ReadonlyMap<K, number> {
  const counts = new Map<K, number>();
  for (const cell of grid.rows.flatMap(({ cells }) => cells)) {
    const key = cell ? keyOf(cell) : null;
    if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** A place in the grid. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Where a key leads to in the grid, at most to its edges; null for another key. */
export function stepTo(key: string, { row, column }: Place, grid: Grid): Place | null {
  const places: Readonly<Record<string, Place>> = {
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    PageUp: { row, column: column - MONTH_DATES },
    PageDown: { row, column: column + MONTH_DATES },
    Home: { row, column: 0 },
    End: { row, column: grid.dates.length - 1 },
  };
  const to = places[key];
  return to ? { row: within(to.row, grid.rows.length), column: within(to.column, grid.dates.length) } : null;
}

const MONTH_DATES = 21;
const within = (at: number, count: number): number => Math.min(Math.max(at, 0), count - 1);
