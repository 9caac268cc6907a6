import { expect, it } from 'vitest';
import { readBoardEvent, readBoardRow, readLatest, readTotal } from './board';

const ES = { symbol: 'ES', at: '2026-11-20T15:00:00.250000Z', signal: 'BUY', vwap: 6718.25, suspect: ['spike', 1] };

it('reads a row, and what it does not say is unknown', () => {
  expect(readBoardRow(ES)).toMatchObject({
    symbol: 'ES',
    atMs: Date.UTC(2026, 10, 20, 15, 0, 0, 250),
    signal: 'BUY',
    vwap: 6718.25,
    baseline_from: null,
    reason: null,
    high_52w: null,
    suspect: ['spike'],
  });
  expect(readBoardRow({ ...ES, signal: 'MAYBE', vwap: '6718.25', baseline_from: 'source' })).toMatchObject({
    signal: null,
    vwap: null,
    baseline_from: null,
  });
});

it('takes no row without symbol, but one of an instrument that was never quoted', () => {
  for (const wrong of [null, 1, 'ES', {}, { at: ES.at }]) expect(readBoardRow(wrong)).toBeNull();
  expect(readBoardRow({ symbol: 'ES', at: null, reason: 'no quote' })).toMatchObject({
    atMs: null,
    reason: 'no quote',
  });
});

it('reads TOTAL with its thresholds, or those of the specification', () => {
  const total = readTotal({
    status: 'PARTIAL 9/11',
    signal: 'HOLD',
    signal_weight_sum: -2,
    count: 9,
    as_of: ES.at,
    missing: [{ symbol: 'DX', reason: 'closed' }, 'VX', { reason: 'stale' }],
    contributions: [{ symbol: 'GC', signal: 'BUY', signal_weight: -1, stat_value: 0.5 }, null],
    thresholds: { strong_buy: 10, buy: 4, sell: -4, strong_sell: -10 },
  });
  expect(total).toMatchObject({ count: 9, signal_weight_sum: -2, thresholds: { strong_buy: 10 } });
  expect(total?.missing).toEqual([{ symbol: 'DX', reason: 'closed' }]);
  expect(total?.contributions).toHaveLength(1);
  expect(readTotal({ status: 'STALE', thresholds: { buy: 1 } })?.thresholds.strong_buy).toBe(9);
  expect(readTotal({ signal: 'BUY' })).toBeNull();
});

it('reads an event and an answer', () => {
  const event = readBoardEvent(JSON.stringify({ at: ES.at, rows: [ES, { at: ES.at }] }));
  expect(event?.rows.map(({ symbol }) => symbol)).toEqual(['ES']);
  expect(event?.total).toBeNull();
  expect(readBoardEvent('{"at":1}')).toBeNull();
  expect(readBoardEvent('no')).toBeNull();
  const { symbol, ...extended_data } = ES;
  const answer = readLatest({
    rows: [
      { instrument: { symbol }, extended_data },
      { instrument: { symbol: 'DX' }, extended_data: null },
    ],
    total: { status: 'LIVE TOTAL' },
  });
  expect(answer.rows.map((row) => [row.symbol, row.signal])).toEqual([['ES', 'BUY']]);
  expect(answer.total?.status).toBe('LIVE TOTAL');
  expect(readLatest(null)).toEqual({ rows: [], total: null });
});
