/** The typed client of Thor's API; every failure comes out as one ProblemError. */

import createClient from 'openapi-fetch';
import { inNamespace, pageNamespace } from '@/shared/namespace';
import type { paths } from './schema';

// fetch is looked up at each call, so that tests can stand in for it.
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: (request) => fetch(requestIn(request, pageNamespace())),
});

/** The same request of a namespace; writes too, so that nothing done on a replay's page reaches the live one. */
export function requestIn(request: Request, namespace: string): Request {
  return namespace === '' ? request : new Request(inNamespace(request.url, namespace), request);
}

/** An error as the server describes it (RFC 9457), or our words where it could not. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';

  constructor(
    readonly title: string,
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    readonly detail: string,
  ) {
    super(`${title}: ${detail}`);
  }

  /** What the server refused it will refuse again; everything else may pass. */
  get isRefusal(): boolean {
    return this.status >= 400 && this.status < 500;
  }
}

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; throws a ProblemError for every other end. */
export async function unwrap<T>(pending: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ProblemError('Thor does not answer', 0, 'The server cannot be reached. Check that it is running.');
  }
  if (answer.data !== undefined && answer.response.ok) return answer.data;
  throw problemOf(answer.error, answer.response);
}

/** The problem that an error body describes; a body of another kind (a proxy's page) is not repeated to the user. */
export function problemOf(body: unknown, response: Pick<Response, 'status' | 'statusText'>): ProblemError {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const title = typeof fields.title === 'string' ? fields.title : `Thor answered ${response.status}`;
  const detail = typeof fields.detail === 'string' ? fields.detail : response.statusText || 'No details were given.';
  return new ProblemError(title, response.status, detail);
}
