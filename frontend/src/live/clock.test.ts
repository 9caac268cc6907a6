import { describe, expect, it } from 'vitest';
import { LatencyWindow, SkewEstimator } from './clock';

describe('SkewEstimator', () => {
  it('takes the observation with the least travel time', () => {
    const skew = new SkewEstimator();
    expect(skew.skewMs).toBe(0);
    for (const travel of [40, 3, 25]) skew.observe(1_000, 1_000 - 500 + travel);
    expect(skew.skewMs).toBe(-497);
  });

  it('forgets, so that a corrected clock is followed', () => {
    const skew = new SkewEstimator(2);
    skew.observe(0, 5);
    skew.observe(0, 900);
    skew.observe(0, 901);
    expect(skew.skewMs).toBe(900);
  });
});

describe('LatencyWindow', () => {
  it('has nothing to say before the first sample', () => {
    expect(new LatencyWindow().summary()).toBeNull();
  });

  it('gives nearest-rank quantiles', () => {
    const window = new LatencyWindow();
    for (let ms = 100; ms >= 1; ms--) window.add(ms);
    expect(window.summary()).toEqual({ medianMs: 50, p95Ms: 95, samples: 100 });
  });

  it('keeps only the newest, and nothing below zero', () => {
    const window = new LatencyWindow(3);
    for (const ms of [1000, -5, 2, 7]) window.add(ms);
    expect(window.summary()).toEqual({ medianMs: 2, p95Ms: 7, samples: 3 });
    window.clear();
    expect(window.summary()).toBeNull();
  });
});
