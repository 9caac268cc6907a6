/** The part of the board that lives in the address: view, columns, order, filter, and the instrument that is open. */

import type { Timeframe as ApiTimeframe } from '@/api/research';
import { type ColumnId, isColumnId, isSortable } from './columns';
import { HEATS, type Heat } from './heat';

export const VIEWS = ['table', 'cards', 'heatmap'] as const;
export type View = (typeof VIEWS)[number];

export const TIMEFRAMES = ['1m', '5m', '15m', '1h'] as const satisfies readonly ApiTimeframe[];
export type Timeframe = (typeof TIMEFRAMES)[number];

export interface BoardSearch {
  /** A column's id, with "-" before it for descending: "-change_pct". */
  readonly sort?: string;
  /** Words that the symbol or name must contain. */
  readonly q?: string;
  readonly view?: View;
  /** Columns of the table, "last.change"; absent: as many as fit. */
  readonly cols?: string;
  /** What the heatmap is coloured by; absent: the signal. */
  readonly heat?: Heat;
  /** The instrument whose panel is open. */
  readonly symbol?: string;
  /** Of its chart; absent: one minute. */
  readonly tf?: Timeframe;
}

/** Replaces the given parts of the address; undefined takes one out. A `step` is one that "back" leads back from. */
export type OnBoardSearch = (change: { [K in keyof BoardSearch]?: BoardSearch[K] | undefined }, step?: boolean) => void;

export interface Sorting {
  readonly id: string;
  readonly desc: boolean;
}

const SYMBOL = /^[A-Z0-9][A-Z0-9._-]{0,23}$/;

/** Reads the address; what is unknown is left out, never an error. */
export function readBoardSearch(raw: Record<string, unknown>): BoardSearch {
  const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  const sort = typeof raw.sort === 'string' && readSorting(raw.sort) ? raw.sort : undefined;
  const q = text(raw.q);
  const view = VIEWS.find((each) => each === raw.view);
  const cols = writeColumns(readColumns(text(raw.cols)));
  const heat = HEATS.find((each) => each === raw.heat);
  const symbol = SYMBOL.test(text(raw.symbol)) ? text(raw.symbol) : undefined;
  const tf = TIMEFRAMES.find((each) => each === raw.tf);
  return {
    ...(sort && { sort }),
    ...(q && { q }),
    ...(view && { view }),
    ...(cols && { cols }),
    ...(heat && { heat }),
    ...(symbol && { symbol }),
    ...(tf && { tf }),
  };
}

/** The columns of "last.change" that there are; null for none. */
export function readColumns(cols: string | undefined): readonly ColumnId[] | null {
  const known = (cols ?? '').split('.').filter(isColumnId);
  return known.length > 0 ? [...new Set(known)] : null;
}

export function writeColumns(ids: readonly ColumnId[] | null): string | undefined {
  return ids?.join('.') || undefined;
}

/** "-last" as { id: "last", desc: true }; null for none or a column that does not sort. */
export function readSorting(sort: string | undefined): Sorting | null {
  const match = /^(-?)(\w+)$/.exec(sort ?? '');
  const id = match?.[2];
  return id && isSortable(id) ? { id, desc: match[1] === '-' } : null;
}

export function writeSorting(sorting: Sorting | undefined): string | undefined {
  return sorting && `${sorting.desc ? '-' : ''}${sorting.id}`;
}
