import { createRootRoute, createRoute, createRouter, retainSearchParams, useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { type OnBoardSearch, readBoardSearch } from '@/features/futures/boardSearch';
import { FuturesPage } from '@/features/futures/FuturesPage';
import { HomePage } from './HomePage';
import { NotFound } from './shell/NotFound';
import { PageError } from './shell/PageError';
import { Shell } from './shell/Shell';

/** What every page carries in its address. */
interface PageSearch {
  /** Belongs to the live wire, which reads it once. */
  readonly conflate?: 'off';
  /** Which namespace the page looks at (shared/namespace.ts); absent is the live one. */
  readonly namespace?: string;
  /** The market that the header shows. */
  readonly market?: string;
}

function readPageSearch({ conflate, namespace, market }: Record<string, unknown>): PageSearch {
  return {
    ...(conflate === 'off' && { conflate }),
    // The router reads a name of digits as a number.
    ...(namespace !== undefined && { namespace: String(namespace) }),
    ...(typeof market === 'string' && market !== '' && { market }),
  };
}

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: readPageSearch,
  search: { middlewares: [retainSearchParams(['conflate', 'namespace', 'market'])] },
});

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: readBoardSearch,
  component: HomeRoute,
});

/** Home has no room for an instrument in full: opening one leads to its page. */
function HomeRoute() {
  const search = homeRoute.useSearch();
  const write = useBoardSearch();
  const navigate = useNavigate();
  const onSearch: OnBoardSearch = useCallback(
    (change, step) => {
      if (!change.symbol) return write(change, step);
      const { symbol } = change;
      void navigate({ to: '/futures', search: ({ q, sort }) => withoutUndefined({ q, sort, symbol }) });
    },
    [write, navigate],
  );
  return <HomePage search={search} onSearch={onSearch} />;
}

const futuresRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/futures',
  validateSearch: readBoardSearch,
  component: FuturesRoute,
});

function FuturesRoute() {
  return <FuturesPage search={futuresRoute.useSearch()} onSearch={useBoardSearch()} />;
}

/** Writes the board's part of the page's address. */
function useBoardSearch(): OnBoardSearch {
  const navigate = useNavigate();
  return useCallback(
    (change, step = false) => {
      void navigate({ to: '.', search: (before) => withoutUndefined({ ...before, ...change }), replace: !step });
    },
    [navigate],
  );
}

/** An undefined value means "not in the address". */
function withoutUndefined<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

const routeTree = rootRoute.addChildren([homeRoute, futuresRoute]);

export function createAppRouter() {
  return createRouter({ routeTree, defaultErrorComponent: PageError });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
