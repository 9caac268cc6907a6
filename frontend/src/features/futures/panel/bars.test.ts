import { expect, it } from 'vitest';
import type { Bar } from '@/shared/chart/bar';
import { barStart, LiveBar, readBars } from './bars';

const MINUTE = Date.UTC(2026, 10, 20, 15, 3);
const quote = (second: number, last: number | null, volume: number | null = null, flags: 'crossed'[] = []) => ({
  ts: MINUTE + second * 1000,
  last,
  volume,
  flags,
});
const bar = (fields: Partial<Bar> = {}): Bar => ({
  time: MINUTE / 1000,
  open: 10,
  high: 12,
  low: 9,
  close: 11,
  volume: 100,
  ...fields,
});

it('knows which interval an instant belongs to', () => {
  expect(barStart(MINUTE + 59_999, 60)).toBe(MINUTE / 1000);
  expect(barStart(MINUTE + 60_000, 60)).toBe(MINUTE / 1000 + 60);
  expect(barStart(MINUTE, 300)).toBe(Date.UTC(2026, 10, 20, 15, 0) / 1000);
});

it('reads bars', () => {
  const row = { ts: '2026-11-20T15:03:00Z', open: 10, high: 12, low: 9, close: 11 };
  expect(readBars([{ ...row, volume: 100 }])).toEqual([bar()]);
  expect(readBars([{ ...row, volume: null }])[0]?.volume).toBe(0);
});

it('moves the newest bar, and begins another with the next interval', () => {
  const live = new LiveBar(60, bar());
  expect(live.take(quote(10, 13))).toEqual(bar({ high: 13, close: 13 }));
  expect(live.take(quote(20, 8))).toEqual(bar({ high: 13, low: 8, close: 8 }));
  const next = bar({ time: MINUTE / 1000 + 60, open: 9, high: 9, low: 9, close: 9, volume: 0 });
  expect(live.take(quote(60, 9))).toEqual(next);
  expect(live.take(quote(59, 20))).toBeNull();
});

it('counts volume by differences, a restart from zero, and not what was traded before', () => {
  const live = new LiveBar(60, bar());
  expect(live.take(quote(1, 11, 5_000))?.volume).toBe(100);
  expect(live.take(quote(2, 11, 5_007))?.volume).toBe(107);
  expect(live.take(quote(3, 11, null))?.volume).toBe(107);
  expect(live.take(quote(4, 11, 3))?.volume).toBe(110);
  expect(live.take(quote(61, 11, 10))?.volume).toBe(7);
});

it('takes no quote without a last, and none that the desk refuses', () => {
  const live = new LiveBar(60, undefined);
  expect(live.take(quote(1, null))).toBeNull();
  expect(live.take(quote(1, 50, null, ['crossed']))).toBeNull();
  expect(live.take(quote(1, 10))).toMatchObject({ open: 10, volume: 0 });
});
