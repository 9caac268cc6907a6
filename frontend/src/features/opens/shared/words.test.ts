import { expect, it } from 'vitest';
import { card, sessionRow } from '../testing';
import { readTodaySearch } from '../today/todaySearch';
import { captureNote, dateWords, hoursWords, stateWords } from './cardView';
import { formatMove, formatShare, formatSpan, formatUsd, formatWeight, missingWords, toneOf } from './words';

it('writes money with its sign before the dollar', () => {
  expect([100, -35, 0, -0.001, 1234.5, null].map((usd) => formatUsd(usd))).toEqual([
    '+$100.00',
    '-$35.00',
    '$0.00',
    '$0.00',
    '+$1,234.50',
    '—',
  ]);
  expect(formatUsd(100, false)).toBe('$100.00');
  expect([1, -1, 0, null].map(toneOf)).toEqual(['worked', 'failed', 'quiet', 'quiet']);
});

it('writes spans, shares, weights and moves', () => {
  expect([0.0125, 12.39, 59.99, 60, 192.3, 3600, 3725].map(formatSpan)).toEqual([
    '0.013 s',
    '12.3 s',
    '59.9 s',
    '1 min',
    '3 min 12 s',
    '1 h',
    '1 h 2 min',
  ]);
  expect([0.5421, 1, null].map(formatShare)).toEqual(['54.2%', '100%', '—']);
  expect([4, 0, -2, null].map(formatWeight)).toEqual(['+4', '0', '-2', '—']);
  expect(formatMove(-0.34375, 5)).toBe('-0.34375');
});

it('gathers who is missing by the reason', () => {
  const missing = [
    { symbol: 'VX', reason: 'stale' },
    { symbol: 'ZB', reason: 'closed' },
    { symbol: 'DX', reason: 'stale' },
  ];
  expect(missingWords(missing)).toBe('stale VX, DX; closed ZB');
  expect(missingWords(null)).toBe('');
});

it('says how an open stands and what is special about its capture', () => {
  const upcoming = card({ state: 'upcoming' });
  expect(stateWords(upcoming, Date.UTC(2026, 10, 20, 14, 29, 58))).toBe('opens in 00:00:02');
  expect(stateWords(upcoming, Date.UTC(2026, 10, 20, 14, 30, 1))).toBe('opening now');
  expect(stateWords(card({ state: 'holiday', opens_at: null }), 0)).toBe('No session');
  expect(hoursWords(card())).toBe('09:30 to 16:00 local');
  expect(hoursWords(card({ opens_at: null, closes_at: null }))).toBe('');
  expect(captureNote(sessionRow())).toBeNull();
  const late = sessionRow({ capture_kind: 'LATE', captured_at: '2026-11-20T14:31:30Z' });
  expect(captureNote(late)).toBe('captured late, 1 min 30 s after the open');
  expect(dateWords('2026-11-20')).toBe('Friday, 20 November 2026');
});

it('reads a date of the address', () => {
  expect([
    readTodaySearch({ date: '2026-11-20' }),
    readTodaySearch({ date: '2026-02-30' }),
    readTodaySearch({}),
  ]).toEqual([{ date: '2026-11-20' }, {}, {}]);
});
