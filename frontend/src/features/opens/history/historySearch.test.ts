import { expect, it } from 'vitest';
import { NEWEST_FIRST, nextSort, pagesOf, readHistorySearch, readSort, rowsOfPage, writeSort } from './historySearch';

it('reads the address', () => {
  const search = { sort: '-pnl_usd', page: 3, size: 100, open: 'united-kingdom-2025-10-09', outcomes: 'WORKED' };
  expect(readHistorySearch(search)).toEqual(search);
  expect(readHistorySearch({ sort: 'nonsense', page: 1, size: 51, open: 'a b' })).toEqual({});
  expect(readHistorySearch({ page: '1.5', sort: '-opened_at', size: '50' })).toEqual({});
});

it('turns the order of a column, and at last back to the newest first', () => {
  const first = nextSort(NEWEST_FIRST, 'pnl_usd');
  const second = nextSort(first, 'pnl_usd');
  expect([first, second, nextSort(second, 'pnl_usd')].map(writeSort)).toEqual(['-pnl_usd', 'pnl_usd', undefined]);
  expect(writeSort(nextSort(first, 'country'))).toBe('country');
  expect(writeSort(nextSort(NEWEST_FIRST, 'opened_at'))).toBe('opened_at');
  expect(readSort('-pnl_usd')).toEqual(first);
});

it('counts pages and the rows of one', () => {
  expect([pagesOf(0, 50), pagesOf(50, 50), pagesOf(51, 50)]).toEqual([1, 1, 2]);
  expect([rowsOfPage(1, 50, 0), rowsOfPage(2, 50, 70)]).toEqual([
    [0, 0],
    [51, 70],
  ]);
});
