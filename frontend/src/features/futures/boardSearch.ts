/** The part of the board that lives in the address: what it is sorted by, and the filter. */

import { isColumnId } from './columns';

export interface BoardSearch {
  /** A column's id, with "-" before it for descending: "-change_pct". */
  readonly sort?: string;
  /** Words that the symbol or name must contain. */
  readonly q?: string;
}

/** Replaces the given parts of the address; undefined takes one out. */
export type OnBoardSearch = (change: { sort?: string | undefined; q?: string | undefined }) => void;

export interface Sorting {
  readonly id: string;
  readonly desc: boolean;
}

/** Reads the address; what is unknown is left out, never an error. */
export function readBoardSearch(raw: Record<string, unknown>): BoardSearch {
  const sort = typeof raw.sort === 'string' && readSorting(raw.sort) ? raw.sort : undefined;
  const q = typeof raw.q === 'string' || typeof raw.q === 'number' ? String(raw.q) : '';
  return { ...(sort && { sort }), ...(q && { q }) };
}

/** "-last" as { id: "last", desc: true }; null for none or an unknown column. */
export function readSorting(sort: string | undefined): Sorting | null {
  const match = /^(-?)(\w+)$/.exec(sort ?? '');
  const id = match?.[2];
  return id && isColumnId(id) ? { id, desc: match[1] === '-' } : null;
}

export function writeSorting(sorting: Sorting | undefined): string | undefined {
  return sorting && `${sorting.desc ? '-' : ''}${sorting.id}`;
}
