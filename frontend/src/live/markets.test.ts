import { describe, expect, it } from 'vitest';
import type { Market, MarketsAnswer } from '@/api/markets';
import { applyMarketEvent, boardOf, type MarketBoard, mergeBoards, readMarketEvent, refetchAfterMs } from './markets';

const NOW = Date.UTC(2026, 10, 20, 14, 28);
const OPENS = '2026-11-20T14:30:00.000000Z';
const CLOSES = '2026-11-20T21:00:00.000000Z';
const iso = (ms: number) => new Date(ms).toISOString();

const usa = {
  country: 'USA',
  position: 8,
  status: 'CLOSED',
  phase: 'PRE_MARKET',
  is_open: false,
  resumes_at: null,
  next_transition_at: OPENS,
  next_transition_type: 'OPEN',
  trade_date: '2026-11-20',
} as Market;
const japan = { ...usa, country: 'Japan', position: 1, next_transition_at: '2026-11-24T00:00:00Z' } as Market;

const answer = (now: number, clock: object = {}, markets = [usa, japan]): MarketsAnswer => ({
  now: iso(now),
  clock: { simulated: false, speed: 1, namespace: '', ...clock },
  markets,
});
const board = (now = NOW, clock: object = {}) => boardOf(answer(now, clock), 77);

const opened = (at = OPENS, fields: object = {}) =>
  readMarketEvent(
    JSON.stringify({
      market: 'USA',
      kind: 'OPEN',
      at,
      trade_date: '2026-11-20',
      status: 'OPEN',
      phase: 'OPEN',
      next_transition_at: CLOSES,
      next_transition_type: 'CLOSE',
      late_seconds: 0,
      ...fields,
    }),
  );
const after = (before: MarketBoard, event = opened()) => (event ? applyMarketEvent(before, event) : before);
const row = (of: MarketBoard, country = 'USA') => of.markets.find((each) => each.country === country);

it('stands in the order of the day', () => {
  expect(board().markets.map(({ country }) => country)).toEqual(['Japan', 'USA']);
  expect(board().clock).toEqual({ nowMs: NOW, takenMs: 77, simulated: false, speed: 1 });
});

describe('an event', () => {
  it('flips its row and no other', () => {
    const before = board();
    const flipped = after(before);
    expect(row(flipped)).toMatchObject({
      status: 'OPEN',
      phase: 'OPEN',
      is_open: true,
      next_transition_at: CLOSES,
      next_transition_type: 'CLOSE',
    });
    expect(row(flipped, 'Japan')).toBe(row(before, 'Japan'));
    expect(flipped.clock).toBe(before.clock);
  });

  it('of a close leaves the trade date, which is that of the next session now', () => {
    const closed = opened(CLOSES, { kind: 'CLOSE', status: 'CLOSED', phase: 'POST_MARKET', trade_date: '2026-11-19' });
    expect(row(after(board(), closed))).toMatchObject({ status: 'CLOSED', is_open: false, trade_date: '2026-11-20' });
  });

  it('does nothing when the row knows better, comes twice, or is of nobody', () => {
    const late = board(NOW + 600_000);
    expect(after(late)).toBe(late);
    const once = after(board());
    expect(after(once)).toBe(once);
    const before = board();
    expect(after(before, opened(OPENS, { market: 'Atlantis' }))).toBe(before);
  });

  it('that cannot be read is none', () => {
    expect(readMarketEvent('{broken')).toBeNull();
    expect(readMarketEvent('{"market":"USA"}')).toBeNull();
    expect(readMarketEvent('{"market":"USA","at":"soon"}')).toBeNull();
    expect(opened(OPENS, { status: 'AJAR', phase: 3 })).toMatchObject({ status: 'UNKNOWN', phase: 'UNKNOWN' });
  });
});

describe('an answer', () => {
  it('that was overtaken by an event does not undo it', () => {
    const shown = after(board());
    const merged = mergeBoards(shown, board(Date.parse(OPENS) - 20));
    expect(row(merged)?.status).toBe('OPEN');
    expect(merged.clock.nowMs).toBe(Date.parse(OPENS) - 20);
  });

  it('counts once it is later than the event, and when time was set back', () => {
    const shown = after(board());
    expect(row(mergeBoards(shown, board(Date.parse(OPENS))))?.status).toBe('CLOSED');
    expect(row(mergeBoards(shown, board(NOW - 3_600_000)))?.status).toBe('CLOSED');
    expect(row(mergeBoards(undefined, board()))?.status).toBe('CLOSED');
  });

  it('of a fast replay may be overtaken by more', () => {
    const clock = { simulated: true, speed: 1000 };
    const shown = after(board(NOW, clock));
    expect(row(mergeBoards(shown, board(NOW, clock)))?.status).toBe('OPEN');
    expect(row(mergeBoards(shown, board(NOW, { simulated: true, speed: null })))?.status).toBe('CLOSED');
  });
});

describe('the next answer is asked for', () => {
  it('after the five minutes within which no phase changes', () => {
    const quiet = boardOf(answer(NOW, {}, [japan]), 0);
    expect(refetchAfterMs(quiet, NOW, 700)).toBe(2 * 60_000 + 5_700);
  });

  it('three seconds after a transition that no event has told, and once only', () => {
    expect(refetchAfterMs(board(), Date.parse(OPENS) - 10_000, 0)).toBe(13_000);
    expect(refetchAfterMs(board(), Date.parse(OPENS) + 1_000, 0)).toBe(2_000);
    expect(refetchAfterMs(board(), Date.parse(OPENS) + 3_000, 0)).toBe(5 * 60_000 - 3_000 + 5_000);
    expect(refetchAfterMs(after(board()), Date.parse(OPENS) + 1_000, 0)).toBeGreaterThan(60_000);
  });

  it('after a break', () => {
    const lunch = boardOf(answer(NOW, {}, [{ ...japan, resumes_at: iso(NOW + 60_000) }]), 0);
    expect(refetchAfterMs(lunch, NOW, 0)).toBe(63_000);
  });

  it('by the pace of a replay', () => {
    expect(refetchAfterMs(board(NOW, { simulated: true, speed: 10 }), NOW, 0)).toBe(12_500);
    expect(refetchAfterMs(board(NOW, { simulated: true, speed: 1000 }), NOW, 0)).toBe(1_000);
    expect(refetchAfterMs(board(NOW, { simulated: true, speed: null }), NOW, 0)).toBe(1_000);
    expect(refetchAfterMs(board(NOW, { simulated: true, speed: 0 }), NOW, 0)).toBe(10_000);
  });
});
