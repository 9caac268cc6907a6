import { createRootRoute, createRoute, createRouter, redirect, useNavigate } from '@tanstack/react-router';
import { readBoardSearch } from '@/features/futures/boardSearch';
import { FuturesPage } from '@/features/futures/FuturesPage';
import { NotFound } from './shell/NotFound';
import { PageError } from './shell/PageError';
import { Shell } from './shell/Shell';

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  // `conflate` belongs to the live wire, which reads it once; it only has to survive in the address.
  validateSearch: (raw: Record<string, unknown>): { conflate?: 'off' } =>
    raw.conflate === 'off' ? { conflate: 'off' } : {},
});

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: ({ search }) => {
    throw redirect({ to: '/futures', search, replace: true });
  },
});

const futuresRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/futures',
  validateSearch: readBoardSearch,
  component: FuturesRoute,
});

function FuturesRoute() {
  const search = futuresRoute.useSearch();
  const navigate = useNavigate({ from: futuresRoute.fullPath });
  return (
    <FuturesPage
      search={search}
      onSearch={(change) => {
        void navigate({ search: (before) => withoutUndefined({ ...before, ...change }), replace: true });
      }}
    />
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
