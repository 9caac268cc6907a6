import { expect, it } from 'vitest';
import { readBoardSearch, readColumns, readSorting, writeColumns, writeSorting } from './boardSearch';

it('reads what it knows and leaves out the rest', () => {
  expect(readBoardSearch({ sort: '-change_pct', q: 'es', other: 1 })).toEqual({ sort: '-change_pct', q: 'es' });
  expect(readBoardSearch({ sort: 'nonsense', q: {}, view: 'globe', heat: 1, tf: '7m', symbol: 'e s' })).toEqual({});
  expect(readBoardSearch({ sort: 5, q: 500 })).toEqual({ q: '500' });
  const all = { view: 'cards', cols: 'last.signal', heat: 'change', symbol: 'ES', tf: '5m' };
  expect(readBoardSearch(all)).toEqual(all);
});

it('keeps the columns that there are, each once', () => {
  expect(readBoardSearch({ cols: 'last.moon.last.signal' }).cols).toBe('last.signal');
  expect(readBoardSearch({ cols: 'moon' }).cols).toBeUndefined();
  expect(readColumns(undefined)).toBeNull();
  expect(writeColumns(readColumns('signal.last'))).toBe('signal.last');
  expect(writeColumns(null)).toBeUndefined();
});

it('writes what it reads', () => {
  for (const sort of ['last', '-last', '-change_pct']) expect(writeSorting(readSorting(sort) ?? undefined)).toBe(sort);
  expect(writeSorting(undefined)).toBeUndefined();
  expect(readSorting(undefined)).toBeNull();
  expect(readSorting('--last')).toBeNull();
  expect(readSorting('trend')).toBeNull();
});
