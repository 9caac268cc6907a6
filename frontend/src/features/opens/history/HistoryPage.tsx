import type { HistorySearch, OnHistorySearch } from './historySearch';

/** Every open session, filtered and sorted. */
export function HistoryPage(_: { search: HistorySearch; onSearch: OnHistorySearch }) {
  return (
    <main>
      <h1>Market opens: history</h1>
    </main>
  );
}
