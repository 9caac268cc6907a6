/** The small pure rules of the live wire. */

import { describe, expect, it } from 'vitest';
import { backoffDelayMs } from './backoff';
import { readHello, readNow, silenceLimitMs } from './protocol';
import { appendPoint, joinPoints, MAX_POINTS, type Point } from './series';
import { freshness } from './staleness';
import { compareStreamIds } from './streamId';

describe('backoffDelayMs', () => {
  it('doubles up to 30 s', () => {
    const almostOne = 1 - Number.EPSILON;
    expect([0, 1, 2, 5, 6, 50].map((attempt) => backoffDelayMs(attempt, almostOne))).toEqual([
      499, 999, 1999, 15_999, 29_999, 29_999,
    ]);
  });

  it('spreads over the whole interval', () => {
    expect(backoffDelayMs(3, 0)).toBe(0);
    expect(backoffDelayMs(3, 0.5)).toBe(2_000);
  });
});

describe('compareStreamIds', () => {
  it('orders as numbers, not as text', () => {
    expect(compareStreamIds('1700000000000-9', '1700000000000-10')).toBeLessThan(0);
    expect(compareStreamIds('999-0', '1000-0')).toBeLessThan(0);
    expect(compareStreamIds('5-1', '5-1')).toBe(0);
    expect(compareStreamIds('5', '5-0')).toBe(0);
  });

  it('puts what is no id first', () => {
    expect(compareStreamIds('', '1-0')).toBeLessThan(0);
    expect(compareStreamIds('x', '')).toBe(0);
  });
});

describe('freshness', () => {
  it.each([
    [-1_000, 'fresh'],
    [5_000, 'fresh'],
    [5_001, 'stale'],
    [60_000, 'stale'],
    [60_001, 'dead'],
  ])('%d ms is %s', (age, state) => {
    expect(freshness(age)).toBe(state);
  });
});

describe('protocol', () => {
  it('reads a hello', () => {
    expect(readHello('{"now":"2026-11-20T15:00:00.250000Z","heartbeat_seconds":2,"last_id":"7-1"}')).toEqual({
      now: Date.UTC(2026, 10, 20, 15, 0, 0, 250),
      heartbeatMs: 2_000,
      lastId: '7-1',
    });
  });

  it('does without the optional parts and refuses what has no time', () => {
    expect(readHello('{"now":"2026-11-20T15:00:00Z","last_id":null}')).toMatchObject({
      heartbeatMs: 10_000,
      lastId: null,
    });
    for (const data of ['', '[]', 'null', '{}', '{"now":5}', '{"now":"soon"}']) {
      expect(readHello(data)).toBeNull();
      expect(readNow(data)).toBeNull();
    }
  });

  it('waits two and a half heartbeats', () => {
    expect(silenceLimitMs(10_000)).toBe(25_000);
  });
});

describe('series', () => {
  const points: Point[] = [
    [1_000, 10],
    [2_100, 11],
  ];

  it('keeps one point a second and never goes back', () => {
    expect(appendPoint(points, [2_900, 12])).toBe(points);
    expect(appendPoint(points, [1_500, 12])).toBe(points);
    expect(appendPoint(points, [3_000, 12])).toEqual([...points, [3_000, 12]]);
  });

  it('keeps the newest 300', () => {
    let many: readonly Point[] = [];
    for (let s = 0; s < MAX_POINTS + 5; s++) many = appendPoint(many, [s * 1000, s]);
    expect(many).toHaveLength(MAX_POINTS);
    expect(many[0]).toEqual([5_000, 5]);
  });

  it('joins stored and live points without doubling a second', () => {
    expect(
      joinPoints(points, [
        [2_500, 9],
        [3_000, 12],
      ]),
    ).toEqual([...points, [3_000, 12]]);
    expect(joinPoints([], points)).toEqual(points);
    expect(joinPoints(points, [])).toEqual(points);
  });
});
