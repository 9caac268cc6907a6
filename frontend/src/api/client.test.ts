import { describe, expect, it } from 'vitest';
import { ProblemError, problemOf, requestIn, unwrap } from './client';

const response = (status: number, statusText = '') => ({ status, statusText, ok: status < 400 }) as Response;

describe('unwrap', () => {
  it('gives the body of a good answer', async () => {
    await expect(unwrap(Promise.resolve({ data: { a: 1 }, response: response(200) }))).resolves.toEqual({ a: 1 });
  });

  it('throws what the server says', async () => {
    const error = { title: 'Not allowed', status: 401, detail: 'Log in first.' };
    await expect(unwrap(Promise.resolve({ error, response: response(401) }))).rejects.toEqual(
      new ProblemError('Not allowed', 401, 'Log in first.'),
    );
  });

  it('says so when nobody answers', async () => {
    const pending = Promise.reject(new TypeError('Failed to fetch'));
    await expect(unwrap(pending)).rejects.toMatchObject({ status: 0, title: 'Thor does not answer' });
  });

  it('lets a cancelled request be one', async () => {
    const abort = new DOMException('cancelled', 'AbortError');
    await expect(unwrap(Promise.reject(abort))).rejects.toBe(abort);
  });
});

it("does not repeat a proxy's page", () => {
  expect(problemOf('<html>Bad gateway</html>', response(502, 'Bad Gateway')).message).toBe(
    'Thor answered 502: Bad Gateway',
  );
  expect(problemOf(null, response(500)).detail).toBe('No details were given.');
});

it('asks within the namespace of the page', () => {
  const request = new Request('http://localhost/api/quotes?symbols=ES', { headers: { accept: 'text/plain' } });
  expect(requestIn(request, '')).toBe(request);
  const asked = requestIn(request, 'week');
  expect(asked.url).toBe('http://localhost/api/quotes?symbols=ES&namespace=week');
  expect(asked.headers.get('accept')).toBe('text/plain');
});
