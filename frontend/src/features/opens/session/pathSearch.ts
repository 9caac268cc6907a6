/** The part of a session's page that lives in the address. */

export interface PathSearch {
  /** Whose price path is shown; absent: that of TOTAL. */
  readonly symbol?: string;
}

/** Replaces the given parts of the address; undefined takes one out. A `step` is one that "back" leads back from. */
export type OnPathSearch = (change: { symbol?: string | undefined }, step?: boolean) => void;

const SYMBOL = /^[A-Z0-9][A-Z0-9._-]{0,23}$/;

export function readPathSearch({ symbol }: Record<string, unknown>): PathSearch {
  return typeof symbol === 'string' && SYMBOL.test(symbol) ? { symbol } : {};
}
