import { expect, it } from 'vitest';
import type { Cell, CoverageAnswer, LakeRun, QualityRow } from '@/api/research';
import { readDataSearch } from './dataSearch';
import { dayOnChart } from './dayLink';
import { gapLine } from './gapView';
import { countBy, gridOf, levelOf, stepTo } from './grid';
import { cellWords, formatBytes, formatShare, formatSpan, secondsOf } from './words';

const cell = (fields: Partial<Cell> = {}): Cell => ({
  symbol: 'ES',
  state: 'exported',
  ticks: 1200,
  stored: null,
  bytes: 10,
  bars: ['1m'],
  quality: null,
  ...fields,
});
const quality = (coverage: number | null, gaps = 0) => ({
  coverage,
  gaps,
  longest_gap_seconds: null,
  crossed: 0,
  spikes: 0,
  duplicates: 0,
  out_of_order: 0,
});
const ANSWER: CoverageAnswer = {
  start: '2026-10-29',
  end: '2026-11-03',
  symbols: ['YM', 'ES'],
  days: [
    {
      trade_date: '2026-10-30',
      cells: [cell({ quality: quality(0.999) }), cell({ symbol: 'YM', state: 'empty', ticks: 0 })],
    },
    { trade_date: '2026-11-01', cells: [cell({ state: 'stored', ticks: 0, stored: 5 })] },
  ],
  summary: { first_date: null, last_date: null, ticks: 0, bytes: 0, files: 0, verified_at: null },
};

it('has a column for each weekday, and for another date that has something', () => {
  const grid = gridOf(ANSWER);
  expect(grid.dates).toEqual(['2026-10-29', '2026-10-30', '2026-11-01', '2026-11-02', '2026-11-03']);
  expect(grid.months).toEqual([
    { name: '2026-10', dates: 2 },
    { name: '2026-11', dates: 3 },
  ]);
  expect(grid.rows.map(({ symbol, cells }) => [symbol, ...cells.map((each) => each?.state)])).toEqual([
    ['YM', undefined, 'empty', undefined, undefined, undefined],
    ['ES', undefined, 'exported', 'stored', undefined, undefined],
  ]);
  expect([...countBy(grid, ({ state }) => state)]).toEqual([
    ['empty', 1],
    ['exported', 1],
    ['stored', 1],
  ]);
});

it('says how good a cell is only where there are ticks', () => {
  const levels = [0.995, 0.9949, 0.94, null].map((share) => levelOf(cell({ quality: quality(share) })));
  expect(levels).toEqual(['good', 'fair', 'poor', 'unknown']);
  expect([levelOf(cell()), levelOf(cell({ ticks: 0 })), levelOf(undefined)]).toEqual(['unknown', null, null]);
});

it('goes from cell to cell, and not over the edge', () => {
  const grid = gridOf(ANSWER);
  const from = { row: 0, column: 2 };
  expect(stepTo('ArrowDown', from, grid)).toEqual({ row: 1, column: 2 });
  expect(stepTo('ArrowUp', from, grid)).toEqual(from);
  expect([stepTo('End', from, grid)?.column, stepTo('PageUp', from, grid)?.column]).toEqual([4, 0]);
  expect(stepTo('x', from, grid)).toBeNull();
});

it('says a cell in a line', () => {
  const good = cell({ quality: quality(0.99996, 1) });
  expect(cellWords('ES', '2026-11-20', good)).toBe(
    'ES, Fri, 20 Nov 2026: in the lake, 1,200 ticks, 99.99% covered, 1 gap',
  );
  expect(cellWords('ES', '2026-11-20', undefined)).toBe('ES, Fri, 20 Nov 2026: nothing yet');
});

it('has words for sizes, shares and spans', () => {
  expect([0, 999, 12_345, 9_187_609_556].map(formatBytes)).toEqual(['0 B', '999 B', '12.3 kB', '9.2 GB']);
  expect([1, 0.99999, 0.5, null].map(formatShare)).toEqual(['100%', '99.99%', '50.00%', '—']);
  expect([0.25, 59, 120, 3900, null].map(formatSpan)).toEqual(['0.3 s', '59 s', '2 min', '1 h 05 min', '—']);
});

it('counts a run’s seconds to its end, or to now', () => {
  const run = { started_at: '2026-11-20T00:00:00Z', ended_at: null } as LakeRun;
  const now = Date.parse('2026-11-20T00:00:07Z');
  expect([secondsOf(run, now), secondsOf({ ...run, ended_at: '2026-11-20T00:00:02Z' }, now)]).toEqual([7, 2]);
  expect(secondsOf({ ...run, started_at: null }, now)).toBeNull();
});

it('places gaps on the line of their day, and leaves out what is none', () => {
  const at = (hour: number) => new Date(Date.UTC(2026, 10, 20, hour)).toISOString();
  const row = { first_at: at(0), last_at: at(10), gap_list: [[at(5), at(6)], [at(1), at(2)], 'x', [at(3)]] };
  const line = gapLine(row as unknown as QualityRow);
  expect(line?.gaps.map(({ left, right }) => [left, right])).toEqual([
    [0.1, 0.2],
    [0.5, 0.6],
  ]);
  expect(gapLine({ first_at: null, last_at: null, gap_list: [] } as unknown as QualityRow)).toBeNull();
});

it('reads the address, and leads to the chart of a date', () => {
  const whole = { span: 'month', end: '2026-11-20', by: 'quality', symbol: 'ES', date: '2026-11-19' };
  expect(readDataSearch(whole)).toEqual(whole);
  expect(readDataSearch({ span: 'week', end: '2026-02-30', by: 'x', symbol: 'e/s', date: '' })).toEqual({});
  expect(dayOnChart('ES', '2026-11-20').search).toEqual({
    symbol: 'ES',
    tf: '5m',
    from: '2026-11-19T22:00Z',
    to: '2026-11-20T22:00Z',
  });
});
