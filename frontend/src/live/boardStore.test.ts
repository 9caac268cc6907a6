import { beforeEach, expect, it, vi } from 'vitest';
import { type BoardChange, readBoardEvent } from './board';
import { BoardStore } from './boardStore';

let frames: (() => void)[];
let store: BoardStore;

const frame = () => {
  for (const flush of frames.splice(0)) flush();
};

/** A change of ES at a second of the minute. */
const change = (second: number, vwap: number, symbol = 'ES', total?: object): BoardChange => {
  const at = new Date(Date.UTC(2026, 10, 20, 15, 0, second)).toISOString();
  return readBoardEvent(JSON.stringify({ at, rows: [{ symbol, at, vwap }], total })) as BoardChange;
};

beforeEach(() => {
  frames = [];
  store = new BoardStore((flush) => frames.push(flush));
});

it('shows the newest row once a frame, and tells only who listens to it', () => {
  const heard = { ES: vi.fn(), NQ: vi.fn(), total: vi.fn() };
  store.subscribe('ES', heard.ES);
  store.subscribe('NQ', heard.NQ);
  store.subscribeTotal(heard.total);
  store.take(change(1, 10), 0);
  store.take(change(2, 11), 0);
  expect(store.row('ES')).toBeUndefined();
  expect(frames).toHaveLength(1);
  frame();
  expect(store.row('ES')?.vwap).toBe(11);
  expect(heard.ES).toHaveBeenCalledTimes(1);
  expect(heard.NQ).not.toHaveBeenCalled();
  expect(heard.total).not.toHaveBeenCalled();
  store.take(change(3, 12, 'NQ', { status: 'STALE' }), 0);
  frame();
  expect(store.total()?.status).toBe('STALE');
  expect([heard.ES, heard.NQ, heard.total].map((each) => each.mock.calls.length)).toEqual([1, 1, 1]);
});

it('keeps what an event told while the answer was on its way, unless the answer is later', () => {
  const mark = store.mark();
  store.take(change(5, 50, 'ES', { status: 'STALE' }), 0);
  store.take(change(5, 60, 'NQ'), 0);
  store.replace(change(4, 40, 'ES', { status: 'LIVE TOTAL' }), mark);
  store.replace(change(6, 70, 'NQ'), mark);
  frame();
  expect(store.row('ES')?.vwap).toBe(50);
  expect(store.row('NQ')?.vwap).toBe(70);
  expect(store.total()?.status).toBe('STALE');
});

it('believes an answer that was asked for afterwards, though its times are earlier: the desk began anew', () => {
  store.take(change(50, 50, 'ES', { status: 'STALE' }), 0);
  store.replace(change(4, 40, 'ES', { status: 'LIVE TOTAL' }), store.mark());
  frame();
  expect(store.row('ES')?.vwap).toBe(40);
  expect(store.total()?.status).toBe('LIVE TOTAL');
});

it('calls the desk silent only while quotes come', () => {
  expect(store.isSilent(0)).toBe(false);
  store.heardQuote(100_000);
  expect(store.isSilent(105_000)).toBe(false);
  store.heardQuote(109_000);
  expect(store.isSilent(110_001)).toBe(true);
  store.take(change(1, 1), 111_000);
  expect(store.isSilent(112_000)).toBe(false);
  // Nothing comes at all, overnight: that is not the desk's fault, nor when the first quote comes.
  expect(store.isSilent(500_000)).toBe(false);
  store.heardQuote(900_000);
  expect(store.isSilent(900_500)).toBe(false);
  store.heardQuote(909_000);
  expect(store.isSilent(910_001)).toBe(true);
});
