import { describe, expect, it } from 'vitest';
import type { MarketRow } from '@/live/markets';
import { compositeOf, sharePercent } from './composite';
import { nextWords, noteOf, phaseWord } from './marketView';

const NOW = Date.UTC(2026, 10, 27, 15);

const market = (fields: Partial<MarketRow> = {}): MarketRow =>
  ({
    country: 'USA',
    display_name: 'New York',
    region: 'Americas',
    timezone: 'America/New_York',
    weight: '0.25',
    is_control_market: true,
    status: 'OPEN',
    phase: 'OPEN',
    resumes_at: null,
    next_transition_at: '2026-11-27T18:00:00.000000Z',
    next_transition_type: 'CLOSE',
    is_weekend: false,
    holiday_name: null,
    is_holiday: false,
    is_early_close: false,
    ...fields,
  }) as MarketRow;

describe('nextWords', () => {
  it('counts down to the transition and says when it is, there', () => {
    expect(nextWords(market(), NOW)).toEqual({ countdown: 'closes in 03:00:00', at: 'at 13:00' });
    const monday = market({ next_transition_at: '2026-11-30T14:30:00Z', next_transition_type: 'OPEN' });
    expect(nextWords(monday, NOW)).toEqual({ countdown: 'opens in 2d 23:30:00', at: 'at Mon 09:30' });
  });

  it('says when a break ends, unless that is the transition itself', () => {
    expect(nextWords(market({ resumes_at: '2026-11-27T16:00:00Z' }), NOW)?.at).toBe('resumes at 11:00');
    expect(nextWords(market({ resumes_at: '2026-11-27T18:00:00Z' }), NOW)?.at).toBe('at 13:00');
  });

  it('does not guess that it happened', () => {
    expect(nextWords(market(), Date.UTC(2026, 10, 27, 18))?.countdown).toBe('closing now');
    expect(nextWords(market(), Date.UTC(2026, 10, 27, 19))?.countdown).toBe('closing now');
  });

  it('knows of no transition beyond the calendar', () => {
    expect(nextWords(market({ next_transition_at: null, next_transition_type: null }), NOW)).toBeNull();
  });
});

describe('noteOf', () => {
  it.each<[string, Partial<MarketRow>]>([
    ['', {}],
    ['Day after Thanksgiving, early close', { holiday_name: 'Day after Thanksgiving', is_early_close: true }],
    ['holiday', { status: 'CLOSED', is_holiday: true }],
    ['weekend', { status: 'CLOSED', is_weekend: true }],
    ['', { status: 'OPEN', is_weekend: true }],
    ['Diwali', { status: 'CLOSED', is_weekend: true, holiday_name: 'Diwali' }],
    ['no calendar', { status: 'UNKNOWN', holiday_name: 'x' }],
  ])('%s', (note, fields) => {
    expect(noteOf(market(fields))?.text ?? '').toBe(note);
    expect(noteOf(market(fields))?.isSpecial ?? false).toBe(note !== '' && note !== 'weekend');
  });
});

it('names the phase only where it adds something', () => {
  const phases = ['OPEN', 'CLOSED', 'PRE_MARKET', 'POST_MARKET', 'BREAK', 'UNKNOWN'] as const;
  expect(phases.map((phase) => phaseWord({ phase }))).toEqual(['', '', 'pre-market', 'after hours', 'break', '']);
});

describe('compositeOf', () => {
  const of = (
    display_name: string,
    region: MarketRow['region'],
    weight: string,
    status: MarketRow['status'],
    counts = true,
  ) => market({ display_name, region, weight, status, is_control_market: counts });

  it('weighs what is open, of the markets that count', () => {
    const [world, asia, americas] = compositeOf([
      of('Tokyo', 'Asia', '0.25', 'CLOSED'),
      of('Shanghai', 'Asia', '0.1', 'OPEN'),
      of('Toronto', 'Americas', '0.03', 'UNKNOWN'),
      of('CME', 'Americas', '0', 'OPEN', false),
    ]);
    expect(world).toMatchObject({ name: 'World', weight: 380_000, openWeight: 100_000, open: ['Shanghai'] });
    expect(asia).toMatchObject({ name: 'Asia', openShare: 100_000 / 350_000 });
    expect(americas).toMatchObject({ name: 'Americas', openShare: 0, open: [], unknown: ['Toronto'] });
  });

  it('is nothing of nothing', () => {
    expect(compositeOf([])).toEqual([expect.objectContaining({ weight: 0, openShare: 0 })]);
  });
});

it('writes shares as short as they are exact', () => {
  expect([0, 1, 0.2857, 0.55].map(sharePercent)).toEqual(['0%', '100%', '28.6%', '55%']);
});
