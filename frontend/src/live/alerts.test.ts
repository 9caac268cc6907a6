import { beforeEach, expect, it, vi } from 'vitest';
import { AlertStore } from './alerts';

let store: AlertStore;
const raise = (alert: string, fields: object = {}) =>
  store.take(
    JSON.stringify({
      alert,
      severity: 'warning',
      text: `${alert}!`,
      at: '2026-11-20T14:30:00Z',
      ended: false,
      ...fields,
    }),
  );
const names = () => store.list().map(({ alert }) => alert);

beforeEach(() => {
  store = new AlertStore();
});

it('keeps what is raised until it ends, critical first, newest first', () => {
  raise('silence:ES');
  raise('ingest', { severity: 'critical' });
  raise('silence:VX');
  expect(names()).toEqual(['ingest', 'silence:VX', 'silence:ES']);
  raise('silence:VX', { ended: true });
  expect(names()).toEqual(['ingest', 'silence:ES']);
});

it('puts one aside until it is raised anew, with its new words', () => {
  raise('silence:ES');
  store.drop('silence:ES');
  expect(names()).toEqual([]);
  raise('silence:ES', { text: 'again' });
  expect(store.list()[0]?.text).toBe('again');
});

it('tells who listens, and nobody when nothing changed', () => {
  const listener = vi.fn();
  store.subscribe(listener);
  raise('a');
  store.drop('b');
  expect(listener).toHaveBeenCalledTimes(1);
});

it('refuses what it cannot read', () => {
  expect(store.take('{broken')).toBe(false);
  expect(store.take('{"alert":"a"}')).toBe(false);
  expect(store.take('{"text":"a"}')).toBe(false);
  expect(names()).toEqual([]);
});
