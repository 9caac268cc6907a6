import { expect, it } from 'vitest';
import { readBoardSearch, readSorting, writeSorting } from './boardSearch';

it('reads what it knows and leaves out the rest', () => {
  expect(readBoardSearch({ sort: '-change_pct', q: 'es', other: 1 })).toEqual({ sort: '-change_pct', q: 'es' });
  expect(readBoardSearch({ sort: 'nonsense', q: {} })).toEqual({});
  expect(readBoardSearch({ sort: 5, q: 500 })).toEqual({ q: '500' });
});

it('writes what it reads', () => {
  for (const sort of ['last', '-last', '-change_pct']) expect(writeSorting(readSorting(sort) ?? undefined)).toBe(sort);
  expect(writeSorting(undefined)).toBeUndefined();
  expect(readSorting(undefined)).toBeNull();
  expect(readSorting('--last')).toBeNull();
});
