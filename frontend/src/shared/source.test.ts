import { describe, expect, it } from 'vitest';
import { describeSource, originNotice } from './source';

describe('describeSource', () => {
  it('never calls a simulator or a recording live', () => {
    expect(describeSource('MOCK').label).toBe('Simulated (MOCK)');
    expect(describeSource('REPLAY').label).not.toMatch(/live/i);
    expect(describeSource('TOS').label).toBe('TOS live');
    expect(describeSource('NEW').label).toBe('NEW');
    expect(describeSource('TOS', true)).toEqual({ origin: 'replay', label: 'TOS recorded', short: 'TOS' });
    expect(describeSource('MOCK', true)).toEqual(describeSource('MOCK'));
  });
});

describe('originNotice', () => {
  it('is silent on live markets only', () => {
    expect(originNotice([])).toBeNull();
    expect(originNotice(['TOS', 'SCHWAB'])).toBeNull();
  });

  it('names each kind that is not', () => {
    expect(originNotice(['MOCK'])).toBe('Simulated (MOCK): generated prices, not a market.');
    expect(originNotice(['REPLAY', 'TOS'])).toMatch(/^Replay.*Other rows are live/);
    expect(originNotice(['MOCK', 'REPLAY'])).toMatch(/Simulated.*Replay/);
  });
});
