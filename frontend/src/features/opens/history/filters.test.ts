import { describe, expect, it } from 'vitest';
import { filterParams, filtersOf, filterWords, readFilterSearch, readList, searchOf, writeList } from './filters';

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
      days: 'fri.mon.someday',
      from: '2025-02-30',
      to: '2025-10-09',
      outcomes: 'WORKED.WON',
      signals: 'MAYBE',
      kinds: 'MANUAL',
      of: 'ES',
      other: 1,
    }),
  ).toEqual({
    markets: 'Japan.USA',
    days: 'mon.fri',
    to: '2025-10-09',
    outcomes: 'WORKED',
    kinds: 'MANUAL',
    of: 'ES',
  });
  expect(readFilterSearch({ of: 'TOTAL', markets: 7 })).toEqual({ markets: '7' });
});

describe('filters', () => {
  const search = readFilterSearch({ markets: 'Japan', days: 'mon', from: '2025-01-01', signals: 'BUY.STRONG_BUY' });

  it('become the parameters of the API', () => {
    expect(filterParams(filtersOf(search))).toEqual({
      market: ['Japan'],
      day_of_week: ['Monday'],
      start_date: '2025-01-01',
      signal: ['STRONG_BUY', 'BUY'],
    });
    expect(filterParams(filtersOf({}))).toEqual({});
    expect(filterParams(filtersOf({ of: 'NQ' }))).toEqual({ symbol: 'NQ' });
  });

  it('go into the address and come back', () => {
    expect(searchOf({ days: ['Friday'], markets: [], symbol: 'TOTAL', from: null })).toEqual({
      days: 'fri',
      markets: undefined,
      of: undefined,
      from: undefined,
    });
    expect(readFilterSearch(searchOf(filtersOf(search)))).toEqual(search);
  });

  it('are told in words', () => {
    const told = filterWords(filtersOf(search), () => 'Tokyo');
    expect(told).toEqual([
      { name: 'markets', words: 'Tokyo' },
      { name: 'days', words: 'Monday' },
      { name: 'from', words: 'from 2025-01-01' },
      { name: 'signals', words: 'Strong buy or Buy' },
    ]);
    expect(filterWords(filtersOf({}), String)).toEqual([]);
  });
});
