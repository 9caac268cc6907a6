import type { AnalyticsSearch, OnAnalyticsSearch } from './analyticsSearch';

/** What the sessions say together. */
export function AnalyticsPage(_: { search: AnalyticsSearch; onSearch: OnAnalyticsSearch }) {
  return (
    <main>
      <h1>Market opens: analytics</h1>
    </main>
  );
}
