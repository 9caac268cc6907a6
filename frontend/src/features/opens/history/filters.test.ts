import { describe, expect, it } from 'vitest';
import {
  changeOf,
  choiceOf,
  countFilters,
  filtersOf,
  filterWords,
  NO_FILTERS,
  readFilterSearch,
  readList,
  writeList,
} from './filters';

it('keeps lists whatever is in their parts', () => {
  const parts = ['United Kingdom', 'U.S.', '50%', '%2E'];
  expect(readList(writeList(parts))).toEqual(parts);
  expect(writeList([])).toBeUndefined();
  expect(readList('USA..USA')).toEqual(['USA']);
});

it('reads an address and leaves out what it does not know', () => {
  expect(
    readFilterSearch({
      markets: 'Japan.USA',
      days: 'Friday.Monday.Someday',
      from: '2025-02-30',
      until: '2025-10-09',
      outcomes: 'WORKED.WON',
      signals: 'MAYBE',
      kinds: 'MANUAL',
      symbol: 'ES',
      other: 1,
    }),
  ).toEqual({
    markets: 'Japan.USA',
    days: 'Monday.Friday',
    until: '2025-10-09',
    outcomes: 'WORKED',
    kinds: 'MANUAL',
    symbol: 'ES',
  });
  expect(readFilterSearch({ symbol: 'TOTAL', markets: 7 })).toEqual({ markets: '7' });
});

describe('filters', () => {
  const search = readFilterSearch({ markets: 'Japan', days: 'Monday', from: '2025-01-01', signals: 'BUY.STRONG_BUY' });

  it('become the parameters of the API', () => {
    expect(filtersOf(search)).toEqual({
      market: ['Japan'],
      day_of_week: ['Monday'],
      start_date: '2025-01-01',
      signal: ['STRONG_BUY', 'BUY'],
    });
    expect(filtersOf({})).toEqual({});
    expect(filtersOf({ symbol: 'NQ' })).toEqual({ symbol: 'NQ' });
  });

  it('go into the address and come back', () => {
    expect(changeOf({ days: ['Friday'], markets: [], symbol: 'TOTAL', from: null })).toEqual({
      days: 'Friday',
      markets: undefined,
      symbol: undefined,
      from: undefined,
    });
    expect(readFilterSearch(changeOf(choiceOf(search)))).toEqual(search);
    expect(countFilters(search)).toBe(4);
    expect(countFilters({ ...search, ...NO_FILTERS } as object)).toBe(0);
  });

  it('are told in words', () => {
    const told = filterWords(choiceOf(search), () => 'Tokyo');
    expect(told).toEqual([
      { name: 'markets', words: 'Tokyo' },
      { name: 'days', words: 'Monday' },
      { name: 'from', words: 'from 2025-01-01' },
      { name: 'signals', words: 'Strong buy or Buy' },
    ]);
    expect(filterWords(choiceOf({}), String)).toEqual([]);
  });
});
