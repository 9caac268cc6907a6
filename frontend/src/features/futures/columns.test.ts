import { expect, it } from 'vitest';
import { COLUMNS, columnsOf, fittingColumns, inOrder, isSortable, sortableColumn, widthOf } from './columns';

it('fits as many columns as there is room for, the important ones first, in their order', () => {
  const wide = fittingColumns(1424);
  expect(wide).toEqual(expect.arrayContaining(['signal', 'vwap_distance', 'day_range', 'year_range', 'spread_ticks']));
  expect(wide).toEqual(inOrder(wide));
  expect(widthOf(wide)).toBeLessThanOrEqual(1424);
  const half = fittingColumns(700);
  expect(half.slice(0, 4)).toEqual(['symbol', 'signal', 'last', 'change']);
  expect(half).not.toContain('trend');
  expect(fittingColumns(10)).toEqual(['symbol', 'last']);
  let before = 0;
  for (let width = 300; width < 2200; width += 7) {
    const fitting = fittingColumns(width);
    expect(fitting.length).toBeGreaterThanOrEqual(before);
    expect(widthOf(fitting)).toBeLessThanOrEqual(width);
    before = fitting.length;
  }
});

it('knows which columns sort', () => {
  expect(isSortable('signal')).toBe(true);
  expect(isSortable('trend')).toBe(false);
  expect(sortableColumn(undefined)).toBeUndefined();
  expect(new Set(COLUMNS.map(({ id }) => id)).size).toBe(COLUMNS.length);
});

it('always has the symbol, first', () => {
  expect(inOrder(['last', 'signal'])).toEqual(['symbol', 'signal', 'last']);
  expect(columnsOf(['last']).map(({ header }) => header)).toEqual(['Last']);
});
