import { describe, expect, it } from 'vitest';
import { parseObject, readQuote } from './quote';

const valid = { v: 1, symbol: 'ES', ts: '2026-11-20T15:00:00.123456Z', source: 'MOCK', last: 5342.25, bid: null };

describe('readQuote', () => {
  it('reads an event; what is absent or null is unknown', () => {
    expect(readQuote(valid)).toEqual({
      symbol: 'ES',
      ts: Date.UTC(2026, 10, 20, 15, 0, 0, 123),
      source: 'MOCK',
      last: 5342.25,
      bid: null,
      ask: null,
      lastSize: null,
      bidSize: null,
      askSize: null,
      volume: null,
      open: null,
      high: null,
      low: null,
      close: null,
      change: null,
      settlement: null,
      contract: null,
      flags: [],
    });
  });

  it('reads flags and contract from meta', () => {
    const meta = { contract: 'ESZ26', crossed: true, ahead: false, other: true };
    expect(readQuote({ ...valid, meta })).toMatchObject({ contract: 'ESZ26', flags: ['crossed'] });
    expect(readQuote({ ...valid, meta: null })).toMatchObject({ contract: null, flags: [] });
  });

  it('takes text where a number belongs for unknown', () => {
    expect(readQuote({ ...valid, last: '5342' })?.last).toBeNull();
  });

  it.each([
    null,
    7,
    [],
    {},
    { ...valid, symbol: '' },
    { ...valid, symbol: 5 },
    { ...valid, source: null },
    { ...valid, ts: 'now' },
    { ...valid, ts: null },
  ])('refuses %j', (value) => {
    expect(readQuote(value)).toBeNull();
  });
});

it('parses objects and nothing else', () => {
  expect(parseObject('{"a":1}')).toEqual({ a: 1 });
  for (const text of ['', '{', '[1]', 'null', '"x"']) expect(parseObject(text)).toBeNull();
});
