import {
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  retainSearchParams,
  useNavigate,
} from '@tanstack/react-router';
import { lazy, Suspense, useCallback } from 'react';
import { type OnBoardSearch, readBoardSearch } from '@/features/futures/boardSearch';
import { FuturesPage } from '@/features/futures/FuturesPage';
import { readAnalyticsSearch } from '@/features/opens/analytics/analyticsSearch';
import { readHistorySearch } from '@/features/opens/history/historySearch';
import { OpensTabs } from '@/features/opens/OpensTabs';
import { readPathSearch } from '@/features/opens/session/pathSearch';
import { TodayPage } from '@/features/opens/today/TodayPage';
import { readTodaySearch } from '@/features/opens/today/todaySearch';
import { readChartSearch } from '@/features/research/chart/chartSearch';
import { readDataSearch } from '@/features/research/data/dataSearch';
import { ResearchTabs } from '@/features/research/ResearchTabs';
import { defined } from '@/shared/search';
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
  const write: OnBoardSearch = useWriteSearch();
  const navigate = useNavigate();
  const onSearch: OnBoardSearch = useCallback(
    (change, step) => {
      if (!change.symbol) return write(change, step);
      const { symbol } = change;
      void navigate({ to: '/futures', search: ({ q, sort }) => defined({ q, sort, symbol }) });
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
  return <FuturesPage search={futuresRoute.useSearch()} onSearch={useWriteSearch()} />;
}

/** Writes a page's part of its address: the given values, undefined takes one out; `step` is one for "back". */
function useWriteSearch() {
  const navigate = useNavigate();
  return useCallback(
    (change: object, step = false) => {
      void navigate({ to: '.', search: (before) => defined({ ...before, ...change }), replace: !step });
    },
    [navigate],
  );
}

const HistoryPage = lazy(async () => ({ default: (await import('@/features/opens/history/HistoryPage')).HistoryPage }));
const AnalyticsPage = lazy(async () => ({
  default: (await import('@/features/opens/analytics/AnalyticsPage')).AnalyticsPage,
}));
const SessionPage = lazy(async () => ({ default: (await import('@/features/opens/session/SessionPage')).SessionPage }));

/** The pages of market opens, under their tabs. */
const opensRoute = createRoute({ getParentRoute: () => rootRoute, id: 'opens', component: OpensRoute });

function OpensRoute() {
  return (
    <>
      <OpensTabs />
      <Suspense>
        <Outlet />
      </Suspense>
    </>
  );
}

const todayRoute = createRoute({
  getParentRoute: () => opensRoute,
  path: '/futures/market-open/today',
  validateSearch: readTodaySearch,
  component: () => <TodayPage search={todayRoute.useSearch()} onSearch={useWriteSearch()} />,
});

const historyRoute = createRoute({
  getParentRoute: () => opensRoute,
  path: '/futures/market-open/history',
  validateSearch: readHistorySearch,
  component: () => <HistoryPage search={historyRoute.useSearch()} onSearch={useWriteSearch()} />,
});

const analyticsRoute = createRoute({
  getParentRoute: () => opensRoute,
  path: '/futures/analytics',
  validateSearch: readAnalyticsSearch,
  component: () => <AnalyticsPage search={analyticsRoute.useSearch()} onSearch={useWriteSearch()} />,
});

const sessionRoute = createRoute({
  getParentRoute: () => opensRoute,
  path: '/futures/market-open/session/$sessionId',
  validateSearch: readPathSearch,
  component: SessionRoute,
});

function SessionRoute() {
  const { sessionId } = sessionRoute.useParams();
  return <SessionPage sessionId={sessionId} search={sessionRoute.useSearch()} onSearch={useWriteSearch()} />;
}

const ChartPage = lazy(async () => ({ default: (await import('@/features/research/chart/ChartPage')).ChartPage }));
const DataPage = lazy(async () => ({ default: (await import('@/features/research/data/DataPage')).DataPage }));

/** The pages of research, under their tabs. */
const researchRoute = createRoute({ getParentRoute: () => rootRoute, id: 'research', component: ResearchRoute });

function ResearchRoute() {
  return (
    <>
      <ResearchTabs />
      <Suspense>
        <Outlet />
      </Suspense>
    </>
  );
}

const chartRoute = createRoute({
  getParentRoute: () => researchRoute,
  path: '/research/chart',
  validateSearch: readChartSearch,
  component: () => <ChartPage search={chartRoute.useSearch()} onSearch={useWriteSearch()} />,
});

const dataRoute = createRoute({
  getParentRoute: () => researchRoute,
  path: '/research/data',
  validateSearch: readDataSearch,
  component: () => <DataPage search={dataRoute.useSearch()} onSearch={useWriteSearch()} />,
});

const routeTree = rootRoute.addChildren([
  homeRoute,
  futuresRoute,
  opensRoute.addChildren([todayRoute, historyRoute, analyticsRoute, sessionRoute]),
  researchRoute.addChildren([chartRoute, dataRoute]),
]);

export function createAppRouter() {
  return createRouter({ routeTree, defaultErrorComponent: PageError });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
