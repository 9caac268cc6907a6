import { expect, it } from 'vitest';
import { inNamespace, readNamespace } from './namespace';

it('reads the namespace of an address', () => {
  expect(readNamespace('?market=USA&namespace=week_1')).toBe('week_1');
  expect(readNamespace('?market=USA')).toBe('');
});

it('leaves live addresses alone and names every other namespace', () => {
  expect(inNamespace('/api/markets', '')).toBe('/api/markets');
  expect(inNamespace('/api/markets', 'week')).toBe('/api/markets?namespace=week');
  expect(inNamespace('/api/quotes/stream?since=1-0', 'a&b')).toBe('/api/quotes/stream?since=1-0&namespace=a%26b');
});
