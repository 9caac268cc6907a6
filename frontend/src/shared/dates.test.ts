import { expect, it } from 'vitest';
import { addMonths, isDate, isWeekend, stepWeekday, weekdays } from './dates';

it('knows a date from what only looks like one', () => {
  expect([isDate('2026-11-20'), isDate('2026-02-30'), isDate('20 Nov')]).toEqual([true, false, false]);
  expect(isWeekend(Date.parse('2026-11-21'))).toBe(true);
});

it('steps from weekday to weekday', () => {
  expect([stepWeekday('2026-11-20', 1), stepWeekday('2026-11-23', -1), stepWeekday('2026-11-18', 1)]).toEqual([
    '2026-11-23',
    '2026-11-20',
    '2026-11-19',
  ]);
  expect(weekdays('2026-11-19', '2026-11-24')).toEqual(['2026-11-19', '2026-11-20', '2026-11-23', '2026-11-24']);
});

it('adds months, to the last day of a shorter one', () => {
  expect([addMonths('2026-11-20', -12), addMonths('2026-03-31', -1), addMonths('2026-12-15', 1)]).toEqual([
    '2025-11-20',
    '2026-02-28',
    '2027-01-15',
  ]);
});
