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
    expect(new LatencyWindow().summary(0)).toBeNull();
  });

  it('gives nearest-rank quantiles', () => {
    const window = new LatencyWindow();
    for (let ms = 100; ms >= 1; ms--) window.add(1_000 + ms, 1_000);
    expect(window.summary(0)).toEqual({ medianMs: 50, p95Ms: 95, samples: 100 });
  });

  it('corrects earlier samples by what is known now, never below zero', () => {
    const window = new LatencyWindow();
    for (const ms of [510, 520, 530]) window.add(ms, 0);
    expect(window.summary(500)).toMatchObject({ medianMs: 20, p95Ms: 30 });
    expect(window.summary(525)).toMatchObject({ medianMs: 0, p95Ms: 5 });
  });

  it('keeps only the newest', () => {
    const window = new LatencyWindow(3);
    for (const ms of [1000, 1, 2, 7]) window.add(ms, 0);
    expect(window.summary(0)).toEqual({ medianMs: 2, p95Ms: 7, samples: 3 });
    window.clear();
    expect(window.summary(0)).toBeNull();
  });
});
