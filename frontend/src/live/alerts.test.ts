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
  store.putAside('silence:ES');
  expect(names()).toEqual([]);
  raise('silence:ES', { text: 'again' });
  expect(store.list()[0]?.text).toBe('again');
});

it('takes what holds when the page is opened, without what was put aside', () => {
  const row = (alert: string, at = '2026-11-20T14:30:00Z') => ({ alert, severity: 'warning', text: `${alert}!`, at });
  raise('gone');
  raise('aside');
  store.putAside('aside');
  store.replace([row('newest'), row('aside'), row('oldest')], store.mark());
  expect(names()).toEqual(['newest', 'oldest']);
  store.replace([row('aside', '2026-11-20T15:00:00Z')], store.mark());
  expect(names()).toEqual(['aside']);
});

it('believes an event that came while it was asking', () => {
  const row = { alert: 'over', severity: 'warning', text: 'over!', at: '2026-11-20T14:30:00Z' };
  raise('over');
  const mark = store.mark();
  raise('over', { ended: true });
  raise('new');
  store.replace([row], mark);
  expect(names()).toEqual(['new']);
});

it('tells who listens, and nobody when nothing changed', () => {
  const listener = vi.fn();
  store.subscribe(listener);
  raise('a');
  store.putAside('b');
  expect(listener).toHaveBeenCalledTimes(1);
});

it('refuses what it cannot read', () => {
  expect(store.take('{broken')).toBe(false);
  expect(store.take('{"alert":"a"}')).toBe(false);
  expect(store.take('{"text":"a"}')).toBe(false);
  expect(names()).toEqual([]);
});
