import { describe, expect, it } from 'vitest';
import type { Replay } from '@/api/markets';
import { bannerText, progressOf } from './replayText';

const NOW = Date.UTC(2025, 9, 9, 14, 30, 5);
const replay = (fields: Partial<Replay> = {}): Replay => ({
  namespace: 'week',
  state: 'running',
  from: '2025-10-09T12:00:00Z',
  until: '2025-10-09T22:00:00Z',
  now: '2025-10-09T14:30:05Z',
  speed: 1000,
  rows: 2000,
  rows_done: 500,
  sources: ['REPLAY'],
  ...fields,
});

describe('the banner', () => {
  it('says what is shown, how fast, what time it is there, and that it is not live', () => {
    expect(bannerText('week', replay(), NOW)).toBe(
      'Replay week: recorded 9 Oct 2025, at x1000, simulated time 9 Oct 2025 14:30:05 UTC, not live',
    );
    expect(bannerText('week', replay({ speed: null }), NOW)).toMatch(/, as fast as it goes, /);
    expect(bannerText('week', replay({ state: 'ended' }), NOW)).toMatch(/, ended, /);
  });

  it('does not wait for the details to say that it is not live', () => {
    expect(bannerText('week', undefined, NOW)).toBe('Replay week, not live');
  });
});

describe('progress', () => {
  it('goes by rows, or by time where there are none', () => {
    expect(progressOf(replay(), NOW)).toBe(0.25);
    expect(progressOf(replay({ rows: 0, rows_done: 0 }), Date.UTC(2025, 9, 9, 17))).toBe(0.5);
    expect(progressOf(replay({ rows: 0, rows_done: 0, until: '2025-10-09T12:00:00Z' }), NOW)).toBe(0);
    expect(progressOf(replay({ state: 'ended' }), NOW)).toBe(1);
  });
});
