/** Where the bars of a trade date come from. */

import type { CellState, CoverageAnswer } from '@/api/research';

/** By trade date: the state of a symbol's cell. */
export type Kept = ReadonlyMap<string, CellState>;

export function keptOf(coverage: CoverageAnswer | undefined, symbol: string): Kept {
  const found = (coverage?.days ?? []).map(
    ({ trade_date, cells }) => [trade_date, cells.find((cell) => cell.symbol === symbol)?.state] as const,
  );
  return new Map(found.filter((each): each is readonly [string, CellState] => each[1] !== undefined));
}

const WORDS: Readonly<Record<CellState, string>> = {
  exported: 'Lake',
  archived: 'Lake only',
  stale: 'Lake, newer not exported',
  stored: 'Not exported yet',
  damaged: 'Damaged file',
  missing: 'File is missing',
  empty: 'Nothing',
  closed: 'Nothing',
};

export const keptWord = (state: CellState | undefined): string => (state ? WORDS[state] : '—');

/** "20 dates from the lake, 1 not exported yet". */
export function keptWords(kept: Kept, firstDate: string, lastDate: string): string {
  const counts = new Map<string, number>();
  for (const [date, state] of kept) {
    const word = SHORT[state];
    if (word && date >= firstDate && date <= lastDate) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${count === 1 ? 'date' : 'dates'} ${word}`).join(', ');
}

const SHORT: Partial<Record<CellState, string>> = {
  exported: 'from the lake',
  archived: 'from the lake',
  stale: 'from the lake and the tick store',
  stored: 'not exported yet',
  damaged: 'with a damaged file',
  missing: 'whose file is missing',
};
