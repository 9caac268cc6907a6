import type { OnTodaySearch, TodaySearch } from './todaySearch';

export function TodayPage(_: { search: TodaySearch; onSearch: OnTodaySearch }) {
  return (
    <main>
      <h1>Market opens</h1>
    </main>
  );
}
