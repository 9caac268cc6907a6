import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readQuote } from './quote';
import { countSources, newerEntry, type QuoteEntry, QuoteStore } from './quoteStore';

function entry(id: string, symbol: string, last: number, source = 'MOCK', ms = Number.parseInt(id, 10)): QuoteEntry {
  const quote = readQuote({ symbol, source, last, ts: ms });
  if (!quote) throw new Error('the test made no quote');
  return { id, quote };
}

let frames: (() => void)[];
let store: QuoteStore;
const nextFrame = () => {
  for (const flush of frames.splice(0)) flush();
};

beforeEach(() => {
  frames = [];
  store = new QuoteStore((flush) => frames.push(flush));
});

describe('newerEntry', () => {
  it('never goes back', () => {
    const [older, newer] = [entry('5-0', 'ES', 1), entry('5-1', 'ES', 2)];
    expect(newerEntry(undefined, older)).toBe(older);
    expect(newerEntry(older, newer)).toBe(newer);
    expect(newerEntry(newer, older)).toBe(newer);
    expect(newerEntry(older, { ...older })).toBe(older);
  });
});

it('counts the sources of what is shown', () => {
  const counts = countSources([
    entry('1-0', 'ES', 1, 'TOS'),
    entry('2-0', 'YM', 1, 'MOCK'),
    entry('3-0', 'NQ', 1, 'TOS'),
  ]);
  expect([...counts]).toEqual([
    ['MOCK', 1],
    ['TOS', 2],
  ]);
});

describe('QuoteStore', () => {
  it('shows the newest quote of a frame, once', () => {
    const onES = vi.fn();
    store.subscribe('ES', onES);
    for (let i = 1; i <= 50; i++) store.offer(entry(`${i}-0`, 'ES', i));
    expect(store.get('ES')).toBeUndefined();
    expect(frames).toHaveLength(1);
    nextFrame();
    expect(store.get('ES')?.quote.last).toBe(50);
    expect(onES).toHaveBeenCalledTimes(1);
  });

  it('disturbs only the symbols that moved', () => {
    const [onES, onYM] = [vi.fn(), vi.fn()];
    store.subscribe('ES', onES);
    const stop = store.subscribe('YM', onYM);
    store.offer(entry('1-0', 'YM', 1));
    nextFrame();
    expect(onES).not.toHaveBeenCalled();
    expect(onYM).toHaveBeenCalledTimes(1);
    stop();
    store.offer(entry('2-0', 'YM', 2));
    nextFrame();
    expect(onYM).toHaveBeenCalledTimes(1);
  });

  it('ignores an older quote, shown or waiting', () => {
    store.offer(entry('9-0', 'ES', 9));
    store.offer(entry('8-0', 'ES', 8));
    nextFrame();
    store.offer(entry('7-0', 'ES', 7));
    expect(frames).toHaveLength(0);
    expect(store.get('ES')?.quote.last).toBe(9);
  });

  it('keeps sources and newest time; the sources object changes only with its content', () => {
    store.offer(entry('1000-0', 'ES', 1));
    nextFrame();
    const before = store.sources();
    store.offer(entry('3000-0', 'ES', 2));
    nextFrame();
    expect(store.sources()).toBe(before);
    store.offer(entry('2000-0', 'YM', 2, 'TOS'));
    nextFrame();
    expect([...store.sources()]).toEqual([
      ['MOCK', 1],
      ['TOS', 1],
    ]);
    expect(store.newest()).toBe(3000);
  });

  it('keeps sparkline points while no frame comes, and puts stored ones before them', () => {
    store.offer(entry('5000-0', 'ES', 5));
    store.offer(entry('6000-0', 'ES', 6));
    store.seedSeries({
      ES: [
        [4000, 4],
        [5000, 5],
      ],
    });
    expect(store.series('ES')).toEqual([
      [4000, 4],
      [5000, 5],
      [6000, 6],
    ]);
    expect(store.series('YM')).toEqual([]);
  });
});
